"""The door for a minor found later: staff report it, and what the policy says then is done at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.requests import NobodyThere
from troth.app.doors.staff import StaffDoors
from troth.rights.effects import NotWarned
from troth.subjects.contact import login
from troth.subjects.roles import Duty

if TYPE_CHECKING:
    from uuid import UUID

"""It can't be undone, so it takes more than answering the telephone."""


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
            subject = await self._system.vault.lookup.find(tx, *login(contact))
            if subject is None:
                raise NobodyThere
            policy = await self._system.accounts.policy_of(tx, subject)
            done = await self._system.minors.found(tx, subject, policy, who.id)
        await self._changed(subject)
        return done.erasure
