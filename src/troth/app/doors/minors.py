"""Doors for children: a guardian's word for one, taken back, and a minor found later.

Staff have proven who speaks for the child before they stand here; what follows, the policy and the gate say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.staff import StaffDoors
from troth.rights.effects import NotWarned
from troth.subjects.contact import login
from troth.subjects.registration import the_text
from troth.subjects.roles import Duty
from troth.terms import Act, ActKind

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from troth.subjects.guardians import Word


class MinorDoors(StaffDoors):
    """What staff report about a person's age."""

    async def found_minor(self, token: str, contact: str, *, warned: bool) -> UUID:
        """Note that whoever has this number or address is a minor, and erase; return the erasure.

        Raises `NotWarned`, `NobodyThere`, `NoAgeAsked`, `NotStaff`, `WrongRole`, `Denied`.
        """
        async with self._erasing() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            if not warned:
                raise NotWarned
            subject = await self._reached(tx, contact)
            policy = await self._system.accounts.policy_of(tx, subject)
            done = await self._system.minors.found(tx, subject, policy, who.id)
        await self._changed(subject)
        return done.erasure

    async def vouch(self, token: str, word: Word, born: date) -> str:
        """Return a guardian's word for the child who is to register with a number; nothing of it is kept.

        Raises `NotTheText`, `NoGuardianAsked`, `BadBirthDate`, `NoSuchPolicy`, `NotStaff`, `WrongRole`.
        """
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            compiled = self._system.gate.policies.current(word.policy)
            the_text(compiled, word.version, word.language, word.text_hash)
            _, spelt = login(word.login)
            said = replace(word, login=spelt)
            return said.given(self._system.parts.keyring, compiled, born, self._system.clock.now())

    async def guardian_withdraws(self, token: str, contact: str) -> None:
        """Note that a child's guardian no longer agrees. Raises `NobodyThere`, `NotStaff`, `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            subject = await self._reached(tx, contact)
            for policy in dict.fromkeys(await self._policies_of(tx, subject)):
                act = Act(kind=ActKind.GUARDIAN_WITHDREW, policy=policy, at=self._system.clock.now())
                await ledger.record(tx, subject, act)
        await self._changed(subject)
