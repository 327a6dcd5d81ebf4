"""Doors to what an authority's order keeps: placed, prolonged and ended by the privacy office.

And to what is kept of oneself, for whom it is about: no policy here hides it from them. The gate is asked
nothing, as no permit is made and no value leaves; a refusal is on record as those of the gate are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.rights import in_person
from troth.app.doors.staff import StaffDoors
from troth.app.views import KeptByLaw, OrderLine
from troth.ledger import EntryKind
from troth.policy.keeping import NO_PAPER, on_order
from troth.retention.orders import Order, Orders, refused
from troth.subjects.roles import Duty
from troth.terms import Denied
from troth.vault.label import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from troth.policy.compiled import Compiled
    from troth.subjects.staff import Staff
    from troth.terms import Deny, FunctionName, PolicyName, SubjectId


class OrderDoors(StaffDoors):
    """What an order keeps, and of whom."""

    async def place_order(
        self, token: str, contact: str, order: Order, policy: PolicyName | None = None
    ) -> int:
        """Keep from deletion what a function holds of whoever has this number or address; return how much.

        Under the version that they accepted. Raises `NobodyThere`, `WrongRole`, `Denied` where no clause
        carries it, `OrderOver`, `OrderTooLong`, `NoPaper`, `NothingToKeep`.
        """
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            subject = await self._reached(tx, contact)
            under = policy or await self._policy_of(tx, subject)
            compiled = await self._system.desk.accepted(tx, subject, under)
            deny = refused(compiled, order)
            if deny is None:
                return await self._orders.place(tx, subject, compiled, order, staff=who.id)
        raise await self._denied(subject, compiled, deny, who)

    async def prolong_order(self, token: str, subject: SubjectId, document: UUID, until: datetime) -> int:
        """Keep until later what an order keeps of a person.

        Raises `NoSuchOrder`, `OrderOver`, `OrderTooLong`, `WrongRole`.
        """
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            return await self._orders.prolong(tx, subject, document, until, staff=who.id)

    async def end_order(self, token: str, subject: SubjectId, document: UUID) -> int:
        """Let go of what an order keeps of a person. Raises `NoSuchOrder`, `WrongRole`."""
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            return await self._orders.lift(tx, subject, document, staff=who.id)

    async def orders(self, token: str) -> Sequence[OrderLine]:
        """Return the orders that stand, the next to end first. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            found = await self._system.vault.holds.orders(tx)
        return [
            OrderLine(
                subject=each.subject,
                policy=policy,
                function=function,
                clause=each.clause,
                document=each.document,
                records=each.records,
                began=each.began,
                until=each.until,
            )
            for each in found
            for policy, function in [named(each.function)]
        ]

    async def kept_on_order(
        self, token: str
    ) -> Mapping[PolicyName, Mapping[FunctionName, Mapping[str, str]]]:
        """Return the policies that let an order keep something, with their functions' titles.

        Raises `WrongRole`.
        """
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
        policies = (self._system.gate.policies.current(name) for name in self._system.policies)
        return {
            each.policy.name: {name: table.clause.title for name, table in each.functions.items()}
            for each in policies
            if on_order(each) is not None
        }

    async def kept_by_law(self, token: str) -> Sequence[KeptByLaw]:
        """Return what of one's own is kept because a law or an order wants it, and until when.

        Raises `NotSignedIn`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            found = await self._system.vault.holds.kept(tx, subject)
        return [
            KeptByLaw(
                policy=policy,
                function=function,
                item=each.item,
                clause=each.clause,
                document=None if each.document == NO_PAPER else each.document,
                records=each.records,
                since=each.began,
                until=each.until,
            )
            for each in found
            for policy, function in [named(each.function)]
        ]

    @property
    def _orders(self) -> Orders:
        return Orders(self._system.vault.holds, self._system.clock)

    async def _denied(self, subject: SubjectId, compiled: Compiled, deny: Deny, who: Staff) -> Denied:
        async with self._open() as own:
            entry = ledger.NewEntry(
                kind=EntryKind.DENIED,
                at=self._system.clock.now(),
                policy=compiled.policy.name,
                version=compiled.policy.version,
                subject=subject,
                reason=deny.reason,
                clauses=tuple(sorted(deny.because)),
                details={"actor": who.actor.kind.value, "by": str(who.id), "verb": "hold"},
            )
            return Denied(deny, await ledger.append(own, entry))
