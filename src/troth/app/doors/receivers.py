"""Doors to the register of receivers: for the office, who may be given what; for a person, who got what.

Whether something goes out is asked at the doors of `records`, and said by the gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.records import RecordDoors
from troth.app.doors.rights import in_person
from troth.sharing import given, openings, register
from troth.sharing.choices import choices
from troth.sharing.facts import allowing
from troth.sharing.register import NoSuchReceiver, Step
from troth.subjects.roles import Duty
from troth.terms import Act, ActKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from troth.db import Tx
    from troth.sharing.choices import Choice
    from troth.sharing.facts import Receiver
    from troth.sharing.given import Given
    from troth.sharing.openings import Opening
    from troth.terms import ItemName, PolicyName


class ReceiverDoors(RecordDoors):
    """Who may be given something beyond the functions, and who was."""

    async def receivers(self, token: str) -> Sequence[Receiver]:
        """Return the register. Raises `NotStaff`, `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            return await register.everyone(tx)

    async def register_receiver(
        self, token: str, at: tuple[PolicyName, str], kind: str, purpose: str, items: Sequence[ItemName]
    ) -> None:
        """Put a receiver on the register. Raises `NoSuchKind`, `NoSuchPolicy`, `WrongRole`."""
        async with self._open() as tx:
            await register.register(tx, await self._towards(tx, token, at), kind, purpose, items)

    async def end_receiver(self, token: str, at: tuple[PolicyName, str]) -> None:
        """Let nothing go to a receiver any more. Raises `NoSuchReceiver`, `WrongRole`."""
        async with self._open() as tx:
            await register.end(tx, await self._towards(tx, token, at))

    async def file_paper(self, token: str, at: tuple[PolicyName, str], fact: str, document: UUID) -> None:
        """Put a paper about a receiver on file. Raises `NoSuchPaper`, `NoSuchReceiver`, `WrongRole`."""
        async with self._open() as tx:
            await register.put_on_file(tx, await self._towards(tx, token, at), fact, document)

    async def end_paper(self, token: str, at: tuple[PolicyName, str], fact: str) -> None:
        """Note that a paper is no longer in force. Raises `NoSuchPaper`, `WrongRole`."""
        async with self._open() as tx:
            await register.out_of_force(tx, await self._towards(tx, token, at), fact)

    async def allow_receiver(
        self,
        token: str,
        receiver: str,
        purpose: str,
        *,
        allowed: bool,
        separate: bool,
        policy: PolicyName | None = None,
    ) -> None:
        """Let a receiver have something for a purpose, or no longer. Raises `NotSignedIn`, `NoSuchReceiver`.

        It is on the register for that purpose, or a yes to it is taken back: any other word is not noted.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            found = await register.find(tx, asking.policy, receiver)
            if found is None or found.purpose != purpose:
                standing = None if allowed else await ledger.standing(tx, subject, lock=True)
                needs = {act.need for act in standing.acts if act.policy == asking.policy} if standing else ()
                if allowing(receiver, purpose) not in needs:
                    raise NoSuchReceiver
            said = Act(
                kind=ActKind.SUPPLIED if allowed else ActKind.REMOVED,
                policy=asking.policy,
                at=asking.at,
                need=allowing(receiver, purpose),
                separate=separate and allowed,
            )
            await ledger.record(tx, subject, said)
        await self._changed(subject)

    async def receivers_of_mine(self, token: str, policy: PolicyName | None = None) -> Sequence[Choice]:
        """Return who on the register may be given something of this person, and what they may say of it.

        Raises `NotSignedIn`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            await in_person(self._system, tx, asking)
            compiled = await self._system.desk.accepted(tx, subject, asking.policy)
            standing = await ledger.standing(tx, subject, lock=False)
            return choices(compiled, await register.everyone(tx), standing)

    async def given(self, token: str) -> Sequence[Given]:
        """Return who got what of this person, the newest first. Raises `NotSignedIn`, `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            return await given.about(tx, subject)

    async def openings(self, token: str) -> Sequence[Opening]:
        """Return who of the maker's people saw something of this person, or tried to, the newest first.

        Raises `NotSignedIn`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            return await openings.about(tx, subject)

    async def _towards(self, tx: Tx, token: str, at: tuple[PolicyName, str]) -> Step:
        who = await self._staff(tx, token, Duty.OFFICE)
        policy, receiver = at
        self._system.gate.policies.current(policy)
        return Step(who.id, policy, receiver, self._system.clock.now())
