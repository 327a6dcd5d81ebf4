"""The door of whoever thinks of leaving: what cancelling would delete and by when, what stays and why.

Says what `rights.cancel` and the erasure would do now, by the versions that were accepted. Nothing happens.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from troth.app.doors.orders import OrderDoors
from troth.app.doors.rights import in_person
from troth.app.leaving import Goes, Leaving
from troth.app.views import KeptByLaw
from troth.policy import keeping
from troth.policy.requests import taken_back
from troth.policy.words import Moment, Right
from troth.rights.cancel import given_to
from troth.terms import ItemName
from troth.vault.label import named
from troth.vault.timeline import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from troth.policy.compiled import Compiled
    from troth.terms import ClauseId, FunctionName, PolicyName
    from troth.vault.timeline import Mark

_Function = tuple["PolicyName", "FunctionName"]


class LeavingDoors(OrderDoors):
    """What would become of everything."""

    async def leaving(self, token: str) -> Leaving:
        """Tell what cancelling now would do, thing by thing. Raises `NotSignedIn`, `Denied`."""
        desk, kept = self._system.desk, await self.kept_by_law(token)
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject)
            own = await in_person(self._system, tx, asking)
            found = _by_function(await self._system.vault.timeline.marks(tx, own, date.min, date.max))
            names = {asking.policy, *(policy for policy, _ in found)}
            under = {name: await desk.accepted(tx, subject, name) for name in sorted(names)}
            told = await given_to(tx, subject)
        compiled = under[asking.policy]
        revocable = taken_back(compiled, Right.CANCEL)
        begins = desk.ends(compiled, Right.CANCEL, asking.at) if revocable else asking.at
        by, right = desk.ends(compiled, Right.CANCEL, begins), compiled.rights.get(Right.CANCEL)
        return Leaving(
            begins=begins,
            by=by,
            backups=self._system.erasure.horizon(by),
            clause=right.id if right else None,
            deletes=_deletes(compiled),
            revocable=revocable,
            goes=tuple(_goes(of, marks, under[of[0]]) for of, marks in found.items()),
            stays=(*kept, *_would_stay(found, under, begins)),
            told=told,
        )


def _by_function(marks: Sequence[Mark]) -> Mapping[_Function, Sequence[Mark]]:
    found: defaultdict[_Function, list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda each: each.function):
        found[named(mark.function)].append(mark)
    return found


def _goes(of: _Function, marks: Sequence[Mark], compiled: Compiled) -> Goes:
    policy, function = of
    return Goes(
        policy=policy,
        function=function,
        title=compiled.functions[function].clause.title if function in compiled.functions else {},
        items=tuple(sorted({mark.item for mark in marks if mark.trace == Trace.DOCUMENT})),
        measured=any(mark.trace == Trace.EVENTS for mark in marks),
        filmed=any(mark.trace == Trace.MEDIA for mark in marks),
    )


def _would_stay(
    found: Mapping[_Function, Sequence[Mark]], under: Mapping[PolicyName, Compiled], at: datetime
) -> Iterator[KeptByLaw]:
    """Yield what a law would want kept from the cancellation on."""
    for (policy, function), marks in found.items():
        for item in sorted({ItemName(mark.item) for mark in marks if mark.item}):
            for held in keeping.holds(under[policy], item, Moment.ACCOUNT_CANCELLED, at):
                yield KeptByLaw(
                    policy=policy,
                    function=function,
                    item=item,
                    clause=held.clause,
                    document=None,
                    records=sum(mark.item == item for mark in marks),
                    since=at,
                    until=held.until,
                )


def _deletes(compiled: Compiled) -> ClauseId | None:
    """Return the clause by which what is there goes when an account is cancelled."""
    ends = (clause.id for clause in compiled.retention if clause.after == Moment.ACCOUNT_CANCELLED)
    return next(ends, None)
