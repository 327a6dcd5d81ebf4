"""Correcting or deleting single readings: a block is opened, changed and sealed anew as its next version.

The other readings of the block stay as they are, and so do the marks: a late resend brings nothing back. The
version before opens with the key that sealed it: so that key is owed an end (`troth.vault.rekeying`). The
caller holds the subject's row, so that nobody edits the same block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from troth.db import Tx
from troth.terms import ItemName, Permit, Reading, SubjectId
from troth.vault import blocks, cipher, deletions, events, keys, pieces
from troth.vault.errors import NotHeld
from troth.vault.keyring import Keyring
from troth.vault.label import function_of
from troth.vault.pieces import Piece
from troth.vault.sql import QUERIES

_INSTANT = timedelta(microseconds=1)


async def correct(tx: Tx, keyring: Keyring, permit: Permit, corrected: Reading, *, now: datetime) -> Piece:
    """Give the reading with this id and item, measured that day, another value. Raises `NotHeld`."""
    blocks.encode_value(corrected.value)  # refused before anything is opened
    row, key, readings = await _block(tx, keyring, permit, corrected.id, corrected.measured)
    place = _place(readings, corrected.id)
    if readings[place].item != corrected.item:
        raise NotHeld
    changed = [*readings]
    changed[place] = replace(readings[place], value=corrected.value)
    await _reseal(tx, permit.ask.subject, row, key, changed)
    await deletions.owe(tx, permit.ask.subject, [key.id], now)
    return pieces.of_reading(row.block, corrected.id)


async def delete(
    tx: Tx, keyring: Keyring, permit: Permit, reading: UUID, measured: datetime | None, *, now: datetime
) -> Piece:
    """Delete the reading with this id. Raises `NotHeld`."""
    row, key, readings = await _block(tx, keyring, permit, reading, measured)
    place = _place(readings, reading)
    await _leave(tx, permit.ask.subject, row, key, [*readings[:place], *readings[place + 1 :]])
    await deletions.owe(tx, permit.ask.subject, [key.id], now)
    return pieces.of_reading(row.block, reading)


async def delete_named(
    tx: Tx, keyring: Keyring, of: tuple[SubjectId, str], piece: Piece, *, now: datetime
) -> None:
    """Delete the reading of a function that the log calls by ``piece``, if it is here."""
    subject, function = of

    def gone(row: events.Block, one: Reading) -> bool:
        return row.block == piece.block and pieces.of_reading(row.block, one.id) == piece

    await _leave_out(tx, keyring, events.Window(subject=subject, function=function), gone, now=now)


async def without(
    tx: Tx, keyring: Keyring, subject: SubjectId, function: str, item: ItemName, *, now: datetime
) -> None:
    """Seal every block of a function anew without the readings of one item. The caller holds the row."""
    span = events.Window(subject=subject, function=function)
    await _leave_out(tx, keyring, span, lambda _row, one: one.item == item, now=now)


async def _leave_out(
    tx: Tx,
    keyring: Keyring,
    span: events.Window,
    gone: Callable[[events.Block, Reading], bool],
    *,
    now: datetime,
) -> None:
    subject, touched = span.subject, set[UUID]()
    for retention in await _classes(tx, span):
        async for row, key, readings in events.opened(tx, keyring, span, retention):
            left = [one for one in readings if not gone(row, one)]
            if len(left) < len(readings):
                await _leave(tx, subject, row, key, left)
                touched.add(key.id)
    await deletions.owe(tx, subject, sorted(touched), now)


async def _block(
    tx: Tx, keyring: Keyring, permit: Permit, reading: UUID, measured: datetime | None
) -> tuple[events.Block, keys.DataKey, Sequence[Reading]]:
    # Ids are sealed, so the blocks are opened until the reading is found.
    span = events.Window(
        subject=permit.ask.subject,
        function=function_of(permit),
        since=measured,
        until=measured + _INSTANT if measured else None,
    )
    for retention in await _classes(tx, span):
        async for row, key, readings in events.opened(tx, keyring, span, retention):
            if any(one.id == reading for one in readings):
                return row, key, readings
    raise NotHeld


def _place(readings: Sequence[Reading], reading: UUID) -> int:
    return next(n for n, one in enumerate(readings) if one.id == reading)


async def _classes(tx: Tx, span: events.Window) -> list[str]:
    params = {"subject": span.subject, "function": span.function}
    cursor = await tx.conn.execute(QUERIES["classes"], params, prepare=True)
    return [str(row[0]) for row in await cursor.fetchall()]


async def _leave(
    tx: Tx, subject: SubjectId, row: events.Block, key: keys.DataKey, left: Sequence[Reading]
) -> None:
    if left:
        await _reseal(tx, subject, row, key, left)
    else:
        await tx.run(QUERIES["drop_block"], _at(subject, row))


async def _reseal(
    tx: Tx, subject: SubjectId, row: events.Block, key: keys.DataKey, readings: Sequence[Reading]
) -> None:
    version = row.version + 1
    labels = events.labels(events.owner_of(subject, row))
    aad = labels.aad(row.block.bytes, events.of_block(row.at_day, version, row.policy_version))
    sealed = cipher.seal(key.secret, aad, blocks.encode(readings))
    await tx.run(QUERIES["reseal_block"], _at(subject, row) | {"version": version, "sealed": sealed})


def _at(subject: SubjectId, row: events.Block) -> dict[str, object]:
    return {
        "subject": subject,
        "function": row.function,
        "class": row.retention,
        "at_day": row.at_day,
        "block": row.block,
    }
