"""Retention by the policy: an event ends a purpose, or begins a hold; the worker carries out what is over.

The moments and their meaning are the policy's (`spec/retention.py` says what they mean). This notes what will
be over when, in the transaction of the event itself, and has the vault carry it out. Deletes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from troth.db import Tx
from troth.gate.policies import Policies
from troth.policy import keeping
from troth.policy.compiled import Compiled
from troth.policy.words import Moment
from troth.terms import FunctionName, ItemName, Permit, PolicyName, RecordId, SubjectId
from troth.vault import closing
from troth.vault.classes import Fixed
from troth.vault.expiry import Expiry
from troth.vault.growth import dropped_daily
from troth.vault.holds import Holds


class Retention:
    """Notes ends and carries them out. The caller owns the transaction and knows the person's version."""

    def __init__(self, policies: Policies, holds: Holds, expiry: Expiry) -> None:
        self._policies = policies
        self._holds = holds
        self._expiry = expiry

    async def ended(
        self,
        tx: Tx,
        subject: SubjectId,
        compiled: Compiled,
        functions: Iterable[FunctionName],
        *,
        event: Moment,
        at: datetime,
    ) -> None:
        """Note that ``event`` put an end to what these functions hold of a person: all of it is due by then.

        Of several ends of one function the earliest stands. An event that the policy gives no end is none.
        """
        fate = keeping.after(compiled, event, at)
        if fate is not None:
            for function in sorted(functions):
                await closing.owe(tx, subject, f"{compiled.policy.name}/{function}", closing.EVERYTHING, fate)

    async def begins_again(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, function: FunctionName
    ) -> None:
        """Delete now what is still due from the last time, so that nothing new is lost with it."""
        await self._expiry.settle_early(tx, subject, f"{policy}/{function}")

    async def happened(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId, *, event: Moment, at: datetime
    ) -> bool:
        """Begin the holds that ``event`` of one record begins; return whether a law wants it at all."""
        compiled = self._policies.version(permit.ask.policy, permit.version)
        found = keeping.holds(compiled, item, event, at)
        await self._holds.begin(tx, permit, item, record, found)
        return bool(found)

    async def run(self, tx: Tx) -> int:
        """Carry out some of what is over; return how much: 0 when nothing is left."""
        return await self._expiry.run(tx)

    async def count(self, tx: Tx) -> int:
        """Delete some of the blocks that no partition takes with it, by class; return of how many people."""
        classes = [one for one in fixed_classes(self._policies.all()) if not dropped_daily(one)]
        return sum([await self._expiry.count_and_drop(tx, one.name()) for one in classes])


def fixed_classes(compiled: Iterable[Compiled]) -> tuple[Fixed, ...]:
    """Return the fixed times that any of these policies has, each once: each is a set of partitions."""
    found = {rule for each in compiled if (rule := keeping.fixed(each)) is not None}
    return tuple(Fixed(*rule) for rule in sorted(found, key=str))
