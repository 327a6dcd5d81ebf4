"""Retention by the policy: an event ends a purpose, or begins a hold; the worker carries out what is over.

The moments and their meaning are the policy's (`spec/retention.py` says what they mean). This notes what will
be over when, in the transaction of the event itself, and has the vault carry it out. Deletes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from troth import ledger
from troth.db import Tx
from troth.gate.policies import Policies
from troth.policy import keeping
from troth.policy.compiled import Compiled
from troth.policy.keeping import Held
from troth.policy.words import Moment
from troth.subjects.acts import on_file
from troth.terms import Act, ActKind, FunctionName, ItemName, Permit, PolicyName, RecordId, SubjectId
from troth.vault import closing
from troth.vault.classes import Fixed
from troth.vault.expiry import Expiry, Settled
from troth.vault.growth import dropped_daily
from troth.vault.holds import Holds

Presumed = tuple[FunctionName, ItemName | None]
"""What may have ended: a function, or one item of it."""


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
        What a law wants from the same event on is held first, record by record.
        """
        name, fate = compiled.policy.name, keeping.after(compiled, event, at)
        for function in sorted(functions):
            await self._hold(tx, (subject, function), compiled, event, at)
            if fate is not None:
                await closing.owe_whole(tx, (subject, f"{name}/{function}"), fate)

    async def item_ended(
        self,
        tx: Tx,
        subject: SubjectId,
        compiled: Compiled,
        function: FunctionName,
        item: ItemName,
        *,
        at: datetime,
    ) -> None:
        """Note that the purpose of one item ended, while its function goes on: it alone is due by then."""
        name, fate = compiled.policy.name, keeping.after(compiled, Moment.PURPOSE_ENDED, at)
        await self._hold(tx, (subject, function), compiled, Moment.PURPOSE_ENDED, at, item=item)
        if fate is not None:
            await closing.owe_whole(tx, (subject, f"{name}/{function}"), fate, item)

    async def may_have_ended(
        self,
        tx: Tx,
        subject: SubjectId,
        compiled: Compiled,
        ends: Iterable[Presumed],
        *,
        at: datetime,
        until: datetime,
    ) -> None:
        """Note that purposes may have ended: unless the person begins them again before, it is due ``until``.

        For a restore, which knows that somebody ended them. What a law wants is held at once.
        """
        name, fate = compiled.policy.name, keeping.after(compiled, Moment.PURPOSE_ENDED, at)
        for function, item in sorted(ends, key=str):
            await self._hold(tx, (subject, function), compiled, Moment.PURPOSE_ENDED, at, item=item)
            if fate is not None:
                due = replace(fate, at=max(fate.at, until))
                await closing.owe_whole(tx, (subject, f"{name}/{function}"), due, item, presumed=True)

    async def begins_again(
        self,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        function: FunctionName,
        item: ItemName | None = None,
    ) -> None:
        """Delete now what is still due from the last time, so that nothing new is lost with it.

        What was only presumed to have ended never did.
        """
        await closing.not_over(tx, subject, f"{policy}/{function}", item)
        await self._expiry.settle_early(tx, subject, f"{policy}/{function}", item)

    async def happened(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId, *, event: Moment, at: datetime
    ) -> tuple[Held, ...]:
        """Begin the holds that ``event`` of one record begins; return them (none: no law wants it)."""
        compiled = self._policies.version(permit.ask.policy, permit.version)
        found = keeping.holds(compiled, item, event, at)
        await self._holds.begin(tx, permit, item, record, found)
        return found

    async def run(self, tx: Tx) -> int:
        """Carry out some of what is over; return how much (0: nothing is left)."""
        return await self._expiry.run(tx)

    async def count(self, tx: Tx) -> int:
        """Delete some of the blocks of a class that no partition takes with it; return of how many people."""
        for one in fixed_classes(self._policies.all()):
            if not dropped_daily(one) and (people := await self._expiry.count_and_drop(tx, one.name())):
                return people
        return 0

    async def _hold(
        self,
        tx: Tx,
        of: tuple[SubjectId, FunctionName],
        compiled: Compiled,
        event: Moment,
        at: datetime,
        *,
        item: ItemName | None = None,
    ) -> None:
        subject, function = of
        table = compiled.functions.get(function)
        named = {item} if item is not None else table.items if table is not None else ()
        found = {each: held for each in named if (held := keeping.holds(compiled, each, event, at))}
        if found:
            policy = compiled.policy
            await self._holds.begin_all(tx, subject, (policy.name, function, policy.version), found)


async def off_file(tx: Tx, settled: Settled, at: datetime) -> None:
    """Put on record that what was on file is there no more, so that nobody counts on it."""
    policy, function = settled.policy, settled.function
    held = await on_file(tx, settled.subject, policy, function)
    for item in sorted(held if settled.item is None else held & {settled.item}):
        gone = Act(kind=ActKind.REMOVED, policy=policy, at=at, function=function, item=item)
        await ledger.record(tx, settled.subject, gone)


def fixed_classes(compiled: Iterable[Compiled]) -> tuple[Fixed, ...]:
    """Return the fixed times that any of these policies has, each once: each is a set of partitions."""
    found = {rule for each in compiled if (rule := keeping.fixed(each)) is not None}
    return tuple(Fixed(*rule) for rule in sorted(found, key=str))
