"""Doors by which a person corrects or deletes one reading of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.rights.readings import Readings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from troth.terms import FunctionName, PolicyName


class ReadingDoors(Doors):
    """What `troth.rights.readings` does, each in a transaction; who looks at readings is in `looks`."""

    async def correct_reading(
        self,
        token: str,
        function: FunctionName,
        reading: UUID,
        value: Mapping[str, object],
        *,
        policy: PolicyName | None = None,
    ) -> str:
        """Give a reading another value; return the receipt. Raises `NotSignedIn`, `Denied`, `NotHeld`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            receipt = await self._readings.correct(tx, asking, function, reading, value)
        await self._changed(subject)
        return receipt

    async def delete_reading(
        self, token: str, function: FunctionName, reading: UUID, *, policy: PolicyName | None = None
    ) -> str:
        """Delete a reading; return the receipt. Raises `NotSignedIn`, `Denied`, `NotHeld`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            receipt = await self._readings.delete(tx, asking, function, reading)
        await self._changed(subject)
        return receipt

    @property
    def _readings(self) -> Readings:
        return Readings(self._system.parts, self._system.desk)
