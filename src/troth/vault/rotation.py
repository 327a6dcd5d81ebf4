"""Ending an epoch: a new key, everything live wrapped or tagged anew, the old key destroyed.

Afterwards whatever was deleted before is out of reach here, also where PostgreSQL still holds its old rows
(dead tuples, WAL). Runs beside readers and writers, in small transactions; cut short, `resume` goes on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from troth import ledger
from troth.db import Database, Tx
from troth.terms import Clock
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.moves import SERIES, Keks, Place, Series
from troth.vault.sql import QUERIES


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation is: rows moved to the new epochs, and the epochs whose keys it destroyed."""

    moved: int
    destroyed: tuple[tuple[EpochKind, int], ...] = ()


class Rotation:
    """Turns the epochs of one keyring over one database. Several may run at once and share the work."""

    def __init__(self, db: Database, keyring: Keyring, clock: Clock, *, batch: int = 1000) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._batch = batch

    async def turn(self) -> AsyncGenerator[Progress]:
        """Begin new epochs, move all that lives to them, destroy the old keys; yield after every batch."""
        async with self._db.transaction() as tx:
            await tx.run(QUERIES["turn_epochs"])
            for kind in EpochKind:
                self._keyring.rotate(kind)
        async for progress in self.resume():
            yield progress

    async def resume(self) -> AsyncGenerator[Progress]:
        """Finish what was cut short; when every series of epochs has one key only, do nothing."""
        if all(len(self._keyring.epochs(kind)) == 1 for kind in EpochKind):
            return
        # Whoever took a key of a past epoch before the turn has committed once this lock was had.
        async with self._db.transaction() as tx:
            await tx.run(QUERIES["turn_epochs"])
            target = {kind: self._keyring.epochs(kind)[-1] for kind in EpochKind}
        moved = 0
        # First what nobody holds; then again from the start, waiting for what somebody held.
        for how in ("skip", "wait"):
            for series in SERIES:
                async for batch in self._walk(series, how, target[series.kind]):
                    moved += batch
                    yield Progress(moved)
        yield Progress(moved, await self._destroy(target))

    async def _walk(self, series: Series, how: str, target: int) -> AsyncGenerator[int]:
        after: Place | None = Place()
        while after is not None:
            async with self._db.transaction() as tx:
                batch, after = await self._move(tx, series, how, target, after)
            if batch:
                yield batch

    async def _move(
        self, tx: Tx, series: Series, how: str, target: int, after: Place
    ) -> tuple[int, Place | None]:
        await tx.run(QUERIES["share_epochs"])
        epoch = self._keyring.current(series.kind)
        at = {"subject": after.subject, "id": after.id, "first": after.first, "second": after.second}
        rows = await tx.rows(
            series.row, QUERIES[f"{series.old}_{how}"], at | {"epoch": target, "page": self._batch}
        )
        if not rows:
            return 0, None
        keks = Keks(self._keyring)
        places = [row.place() for row in rows]
        await tx.run(
            QUERIES[series.new],
            {
                "epoch": epoch.number,
                "subjects": [place.subject for place in places],
                "ids": [place.id for place in places],
                "firsts": [place.first for place in places],
                "seconds": [place.second for place in places],
                "moved": [row.moved(keks, epoch) for row in rows],
            },
        )
        return len(rows), places[-1]

    async def _destroy(self, target: Mapping[EpochKind, int]) -> tuple[tuple[EpochKind, int], ...]:
        """Destroy the keys before ``target``, having seen that nothing needs them, and put that on record."""
        destroyed: list[tuple[EpochKind, int]] = []
        async with self._db.transaction() as tx:
            for kind, number in target.items():
                if await tx.value(QUERIES[f"needs_{kind.value}"], {"epoch": number}):
                    continue  # restored rows came in meanwhile: the next run moves them
                for past in [epoch for epoch in self._keyring.epochs(kind) if epoch < number]:
                    self._keyring.destroy(kind, past)
                    destroyed.append((kind, past))
                    entry = ledger.NewEntry(
                        kind=ledger.EntryKind.KEY_ROTATED,
                        at=self._clock.now(),
                        details={"series": kind.value, "destroyed": past},
                    )
                    await ledger.append(tx, entry)
        return tuple(destroyed)
