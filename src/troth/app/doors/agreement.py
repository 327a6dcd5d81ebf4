"""Doors to the agreement itself: accepting a new version of the policy, or going on without.

Nobody vouches for what was shown: the text is named by its hash, or it was not agreed to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.subjects.choices import Choices, Shown

if TYPE_CHECKING:
    from troth.terms import PolicyName


class AgreementDoors(Doors):
    """What a person says to a policy as a whole."""

    async def accept(
        self, token: str, policy: PolicyName, version: int, language: str, text_hash: str
    ) -> str:
        """Agree to the version in force; return the receipt. What it newly offers waits to be chosen.

        Raises `NotTheText`, `NotAChoice`, `NoSuchPolicy`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            shown = Shown(language, text_hash)
            done = await Choices(self._system.parts).accept(tx, subject, policy, version, shown)
            await self._system.changes.greet(tx, subject, policy)
        await self._changed(subject)
        return done.receipt

    async def go_on(self, token: str, policy: PolicyName, version: int, language: str, text_hash: str) -> str:
        """Go on after the version in force was shown; return the receipt. The narrower text of both holds.

        Raises `NotAChoice` where the accepted version does not take going on for anything; as `accept` does.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            shown = Shown(language, text_hash)
            done = await Choices(self._system.parts).go_on(tx, subject, policy, version, shown)
        await self._changed(subject)
        return done.receipt
