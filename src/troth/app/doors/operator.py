"""What the operator does at the command line: verify the ledger, turn the keys, add staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.ledger.verify import verify
from troth.subjects import staff
from troth.vault.rotation import Progress, Rotation

if TYPE_CHECKING:
    from troth.ledger.verify import Verdict
    from troth.subjects.staff import Hired, Role


class OperatorDoors(Doors):
    """Taken by who has the keyring and the database anyway."""

    async def verify_ledger(self, against: str | None = None) -> Verdict:
        """Re-read the whole ledger; with ``against``, also against a head that someone kept."""
        async with self._open() as tx:
            return await verify(tx, self._system.signer.public, against)

    async def rotate_keys(self) -> Progress:
        """End the current epochs of all keys; return what was moved and destroyed."""
        done = Progress(0)
        rotation = Rotation(self._system.keeper, self._system.keyring, self._system.clock)
        async for progress in rotation.turn():
            done = progress
        return done

    async def hire(self, role: Role) -> Hired:
        """Add someone to the staff; their token is returned this once."""
        async with self._open() as tx:
            return await staff.hire(tx, role, self._system.clock.now())
