"""What a person loses when something ends: their part of a function, or their account with all of it.

Joins two rooms that do not know each other: an end, and the erasure that a cancellation brings. On the
person's own right, which is used for them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from troth import ledger
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.names import REGISTER
from troth.terms import Act, ActKind, FunctionName, PolicyName, SubjectId, Verb

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.rights.cancel import Cancellation
    from troth.subjects.parts import Parts


class Gone:
    """Erases one person's part. The caller owns ``tx``, as a role that may delete acts."""

    def __init__(self, parts: Parts, cancellation: Cancellation) -> None:
        self._parts = parts
        self._cancellation = cancellation

    async def erase(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, functions: Collection[FunctionName]
    ) -> None:
        """Erase what is held for these functions; for none of them, or for the account itself, everything."""
        if not functions or REGISTER in functions:
            await self._cancellation.carry_out(tx, subject, policy)
            return
        now = self._parts.clock.now()
        asking = Asking(subject, policy, self._parts.region, now)
        for function in functions:
            items = self._parts.gate.policies.current(policy).functions[function].items
            permit = await self._parts.gate.admit(tx, asking.by_right(Verb.FORGET, function, items))
            await self._parts.vault.close(tx, permit)
            for item in sorted(await on_file(tx, subject, policy, function)):
                gone = Act(kind=ActKind.REMOVED, policy=policy, at=now, function=function, item=item)
                await ledger.record(tx, subject, gone)
