"""Ending an epoch: a new key, everything live wrapped or tagged anew, the old key destroyed.

Afterwards whatever was deleted before is out of reach here, also where PostgreSQL still holds its old rows
(dead tuples, WAL). Runs beside readers and writers, in small transactions; cut short, `resume` goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from troth import ledger
from troth.db import Database, Tx, arrays
from troth.terms import Clock
from troth.vault.errors import KeyDestroyed, KeyringUnfit, Unsealable
from troth.vault.keyring import TURNED, Epoch, EpochKind, Keyring
from troth.vault.moves import SERIES, Keks, Movable, Place, Series
from troth.vault.sql import QUERIES


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation is: rows moved to the new epochs, and the epochs whose keys it destroyed.

    ``lost`` are rows that no key opens any more (edited, or restored from before a destroyed epoch): they are
    left as they are, and known once the rotation is over.
    """

    moved: int
    destroyed: tuple[tuple[EpochKind, int], ...] = ()
    lost: int = 0


_HEX = r'"\\x%s"'
"""A bytea in the text of an array."""


@dataclass(frozen=True, slots=True)
class _Batch:
    moved: int
    lost: int
    after: Place


class Rotation:
    """Turns the epochs of one keyring over one database. Several may run at once and share the work."""

    def __init__(self, db: Database, keyring: Keyring, clock: Clock, *, batch: int = 2000) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._batch = batch

    async def turn(self) -> AsyncGenerator[Progress]:
        """Begin new epochs, move all that lives to them, destroy the old keys; yield after every batch.

        Raises `KeyringUnfit` rather than destroy a keyring that does not belong to this database.
        """
        async with self._db.transaction() as tx:
            await tx.run(QUERIES["turn_epochs"])
            for kind in TURNED:
                self._keyring.rotate(kind)
        async for progress in self.resume():
            yield progress

    async def resume(self) -> AsyncGenerator[Progress]:
        """Finish what was cut short; when every series of epochs has one key only, do nothing."""
        if all(len(self._keyring.epochs(kind)) == 1 for kind in TURNED):
            return
        # Whoever took a key of a past epoch before the turn has committed once this lock was had.
        async with self._db.transaction() as tx:
            await tx.run(QUERIES["turn_epochs"])
            target = {kind: self._keyring.epochs(kind)[-1] for kind in TURNED}
        moved = 0
        lost: Counter[EpochKind] = Counter()
        # First what nobody holds; then again from the start, waiting for what somebody held.
        for how in ("skip", "wait"):
            lost.clear()
            for series in SERIES:
                async for batch in self._walk(series, how, target[series.kind]):
                    lost[series.kind] += batch.lost
                    moved += batch.moved
                    if batch.moved:
                        yield Progress(moved)
        yield Progress(moved, await self._destroy(target, lost), lost.total())

    async def _walk(self, series: Series, how: str, target: int) -> AsyncGenerator[_Batch]:
        after = Place()
        while True:
            async with self._db.transaction() as tx:
                batch = await self._move(tx, series, how, target, after)
            if batch is None:
                return
            yield batch
            after = batch.after

    async def _move(self, tx: Tx, series: Series, how: str, target: int, after: Place) -> _Batch | None:
        tx.later(QUERIES["share_epochs"])
        at = {"subject": after.subject, "id": after.id, "first": after.first, "second": after.second}
        query = QUERIES[f"{series.old}_{how}"]
        rows = await tx.rows(series.row, query, at | {"epoch": target, "page": self._batch})
        if not rows:
            return None
        epoch = self._keyring.current(series.kind)
        moved = self._moved(rows, epoch)
        places = [place for place, _new in moved]
        await tx.run(
            QUERIES[series.new],
            {
                "epoch": epoch.number,
                "subjects": arrays.uuids([place.subject for place in places]),
                "ids": arrays.uuids([place.id for place in places]),
                "firsts": [place.first for place in places],
                "seconds": [place.second for place in places],
                "moved": f"{{{','.join([_HEX % new.hex() for _place, new in moved])}}}",
            },
        )
        return _Batch(len(moved), len(rows) - len(moved), rows[-1].place())

    def _moved(self, rows: Sequence[Movable], epoch: Epoch) -> list[tuple[Place, bytes]]:
        """Return what each row becomes; leave out those that open for nobody, so that they hold up no one."""
        keks = Keks(self._keyring)
        moved: list[tuple[Place, bytes]] = []
        for row in rows:
            try:
                moved.append((row.place(), row.moved(keks, epoch)))
            except (Unsealable, KeyDestroyed):
                continue
        return moved

    async def _destroy(
        self, target: Mapping[EpochKind, int], lost: Mapping[EpochKind, int]
    ) -> tuple[tuple[EpochKind, int], ...]:
        """Destroy the keys before ``target``, having seen that nothing needs them, and put that on record."""
        destroyed: list[tuple[EpochKind, int]] = []
        lost_in_all = sum(lost.values())
        async with self._db.transaction() as tx:
            if lost_in_all * 2 > await tx.value(QUERIES["epoch_rows"]):
                raise KeyringUnfit(
                    f"{lost_in_all} rows, more than half, do not open with this keyring: it belongs to "
                    "another database; no key was destroyed"
                )
            for kind, number in target.items():
                if await tx.value(QUERIES[f"needs_{kind.value}"], {"epoch": number}) > lost[kind]:
                    continue  # rows came in behind the walk, from a restore: the next run moves them
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
