"""What a restore owes to whoever took something back since the backup: its deletion, once more.

Nobody here knows who it was. So what may have ended is due for everybody, and stays as it is for whoever
begins it again within `ASKED_ANEW`: silence is no yes, and no reason to take from all what one gave up.
What the maker ended, ended for all. (docs/decisions/0032-what-a-restore-owes.md)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.app.working_days import working_days
from troth.gate import accepted_version
from troth.ledger.endings import WHOLE, End
from troth.ledger.endings import end as keep
from troth.policy.endings import ending
from troth.policy.words import Moment
from troth.subjects.choices import by_choice
from troth.subjects.names import REGISTER
from troth.terms import Act, ActKind, PolicyName, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from troth.app.system import System
    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.retention.retention import Presumed

ASKED_ANEW = timedelta(days=30)
"""For how long a person may say that it was not they who took something back."""


async def stop(tx: Tx, system: System, endings: Iterable[End]) -> None:
    """End again what the maker ended, from the same moment, where the policy says that nothing comes in."""
    for end in endings:
        compiled = system.gate.policies.current(end.policy)
        plan = ending(compiled, end.at, working_days(), whole=end.function == WHOLE)
        if plan.stop is not None:
            await keep(tx, replace(end, clause=plan.stop))


async def owe(
    tx: Tx, system: System, standing: Standing, acts: Iterable[Act], endings: Iterable[End]
) -> None:
    """Owe a person what ``acts``, which are about to be added, and the maker's ``endings`` put an end to."""
    now = system.clock.now()
    for policy in sorted({act.policy for act in standing.acts}):
        compiled = _accepted(system, standing, policy, now)
        if compiled is None:
            continue
        mine = [act for act in acts if act.policy == policy]
        presumed = {each for act in mine for each in _ended(compiled, act)}
        await system.retention.may_have_ended(
            tx, standing.subject, compiled, presumed, at=now, until=now + ASKED_ANEW
        )
        for end in endings:
            if end.policy == policy:
                functions = {*compiled.functions} - {REGISTER} if end.function == WHOLE else {end.function}
                for event in (Moment.SERVICE_ENDED, Moment.PURPOSE_ENDED):  # the earlier end binds
                    await system.retention.ended(
                        tx, standing.subject, compiled, functions, event=event, at=end.at
                    )


def _ended(compiled: Compiled, act: Act) -> Iterator[Presumed]:
    """Yield what an act puts an end to, as the doors do that a person's own goes through."""
    if act.kind is ActKind.ENDED:
        yield from ((function, None) for function in compiled.functions if function != REGISTER)
    table = compiled.functions.get(act.function) if act.function is not None else None
    if act.function is None or table is None or act.kind not in {ActKind.WITHDRAWN, ActKind.REMOVED}:
        return
    if act.item is None:
        if act.kind is ActKind.WITHDRAWN:  # what is removed without an item is a need
            yield act.function, None
    elif act.item in table.items and (
        act.kind is ActKind.REMOVED or by_choice(compiled, act.function, act.item)
    ):
        yield act.function, act.item


def _accepted(system: System, standing: Standing, policy: PolicyName, now: datetime) -> Compiled | None:
    version = accepted_version(standing, policy, now)
    return None if version is None else system.policies[policy][version]
