"""What the operator does at the command line: the ledger, the keys, staff, people from a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.base import Doors
from troth.app.system import SIGNING
from troth.ledger.export import export
from troth.ledger.sequencer import TreeDamaged
from troth.ledger.signing import Signer
from troth.ledger.verify import unseen, verify
from troth.subjects import imports, staff
from troth.subjects.sql import QUERIES
from troth.vault.rotation import Progress as Turned
from troth.vault.rotation import Rotation

if TYPE_CHECKING:
    from troth.ledger.signing import PublicKey
    from troth.ledger.verify import Progress as Reading
    from troth.ledger.verify import Verdict
    from troth.subjects.imports import Line, Progress, Row
    from troth.subjects.roles import Role
    from troth.subjects.staff import Hired
    from troth.terms import PolicyName


class OperatorDoors(Doors):
    """Taken by who has the keyring and the database anyway."""

    async def verify_ledger(
        self, against: str | None = None, *, since: str | None = None, progress: Reading = unseen
    ) -> Verdict:
        """Re-read the ledger, whole or after a verified head, and hold it to one that someone kept."""
        async with self._open() as tx:
            return await verify(tx, self._system.signer.public, against, since=since, progress=progress)

    async def export_ledger(self) -> AsyncGenerator[str]:
        """Return the ledger as lines that can be verified elsewhere. Raises `CannotExport`."""
        async with self._open() as tx:
            async for line in export(tx):
                yield line

    async def rotate_ledger_key(self) -> PublicKey:
        """Let a new key sign the ledger and return it; the one before hands over and is destroyed."""
        system = self._system
        before = system.signer.public
        after = Signer.next(system.settings.keyring / SIGNING, before.name)
        async with self._open() as tx:
            entry = await ledger.append(tx, system.sequencer.announced(after))
        async with self._answering():
            await system.sequencer.rotate(after, entry)
        if not system.signer.settle(after.public):
            raise TreeDamaged("the new key is in the log, but not in the keyring: run this again")
        return after.public

    async def rotate_keys(self) -> Turned:
        """End the current epochs of all keys; return what was moved and destroyed."""
        done = Turned(0)
        rotation = Rotation(self._system.keeper, self._system.keyring, self._system.clock)
        async for progress in rotation.turn():
            done = progress
        return done

    async def end_sessions(self) -> int:
        """Sign everybody out; return how many sessions ended."""
        async with self._open() as tx:
            return await tx.run(QUERIES["end_every_session"])

    async def renew_staff(self) -> tuple[Hired, ...]:
        """Give everyone of the staff a new token, returned this once; the old ones open nothing any more."""
        async with self._open() as tx:
            return tuple([await staff.renew(tx, each) for each in await staff.everyone(tx)])

    async def import_people(
        self, policy: PolicyName, file: bytes, rows: Iterable[Row]
    ) -> AsyncGenerator[Progress]:
        """Take in the people of a file, known by its SHA-256, from where an earlier run of it stopped.

        Raises `NoSuchPolicy`, `ImportedElsewhere`.
        """
        system = self._system
        running = imports.Import(system.parts, policy, file)
        async with self._answering():
            async for progress in running.take(system.db, rows):
                yield progress

    async def import_lines(self, policy: PolicyName, file: bytes) -> Sequence[Line]:
        """Return the lines of a file that were not stored as they stood, with the reasons."""
        async with self._open() as tx:
            return await imports.lines(tx, policy, file)

    async def hire(self, role: Role) -> Hired:
        """Add someone to the staff; their token is returned this once."""
        async with self._open() as tx:
            return await staff.hire(tx, role, self._system.clock.now())
