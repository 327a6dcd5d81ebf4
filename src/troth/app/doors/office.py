"""Doors to what the office keeps an eye on: what was handed on, who was told to delete, what is closed.

Nothing of a person is shown here; films open at the door of media, on a ground that a clause names, with its
paper, and each look is on record, granted or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.media import MediaDoors
from troth.app.doors.records import ServiceAsk
from troth.app.views import ClosedItem, RegisterForm
from troth.policy.statement_words import Condition
from troth.policy.statements import CaseClause
from troth.sharing import given
from troth.sharing.facts import SOURCES, Source
from troth.subjects.names import PASSWORD
from troth.subjects.roles import Duty
from troth.terms import ActorKind, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.sharing.given import HandedOn
    from troth.terms import PolicyName, Reference
    from troth.vault.erasure import Telling


class OfficeDoors(MediaDoors):
    """What the privacy office looks through."""

    async def handed_on(self, token: str) -> Sequence[HandedOn]:
        """Return the newest of what was given away, about people by opaque id. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            return await given.lately(tx)

    async def told_to_delete(self, token: str) -> Sequence[Telling]:
        """Return who was asked to delete what they had of someone, those who owe it first.

        Raises `WrongRole`.
        """
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            return await self._system.erasure.tellings(tx)

    async def register_form(self, token: str, policy: PolicyName) -> RegisterForm:
        """Return what may be said of a receiver under a policy. Raises `NoSuchPolicy`, `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
        compiled = self._system.gate.policies.current(policy)
        cases = compiled.all(CaseClause)
        needed = {fact for case in cases for fact in case.needs}
        items = {item for table in compiled.functions.values() for item in table.items} - {PASSWORD}
        return RegisterForm(
            policy=policy,
            kinds=tuple(sorted({kind for case in cases for kind in case.to})),
            items=tuple(sorted(items)),
            papers=tuple(
                each.value for each in Condition if each in needed and SOURCES[each] is Source.RECEIVER
            ),
        )

    async def closed_items(self, token: str) -> Sequence[ClosedItem]:
        """Return what is closed to staff unless a ground opens it, and on which. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.MEDIA)
        policies = self._system.gate.policies
        return [
            ClosedItem(name, function, table.clause.title, item, purpose, tuple(sorted(closed.unless)))
            for name in self._system.policies
            for function, table in policies.current(name).functions.items()
            for item, closed in table.closed.items()
            for purpose, clause in table.purposes.items()
            if Verb.USE in clause.verbs and ActorKind.STAFF in clause.by
        ]

    async def closed_ask(
        self, token: str, contact: str, item: ClosedItem, reference: Reference
    ) -> ServiceAsk:
        """Return the question about whoever has this number or address, with its paper, to be asked then.

        Raises `NobodyThere`, `WrongRole`.
        """
        async with self._open() as tx:
            await self._staff(tx, token, Duty.MEDIA)
            subject = await self._reached(tx, contact)
        return ServiceAsk(
            subject=subject,
            function=item.function,
            purpose=item.purpose,
            policy=item.policy,
            reference=reference,
            items=frozenset({item.item}),
        )
