"""Readings that a law wants kept, as records of their own: what a copy holds, and which record it is.

A month of one item is one record, so that years of readings are some dozens. The same readings are the same
record, however often their hold begins. Keeps nothing and seals nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid5

from troth.db import Tx
from troth.terms import ItemName, Reading, RecordId, SubjectId
from troth.vault import classes, events
from troth.vault.keyring import Keyring
from troth.vault.sql import QUERIES

_COPIES = UUID("c1f0b5ce-9a2e-4c0e-8b0e-6d7f2f0f3d11")


@dataclass(frozen=True, slots=True)
class Copy:
    """Readings of one item and month: which record, of which day the last, and what it holds."""

    record: RecordId
    day: date
    value: Mapping[str, object] = field(repr=False)


def one(reading: Reading) -> Mapping[str, object]:
    """Return a reading as a held record shows it."""
    return {"id": str(reading.id), "measured": reading.measured.isoformat(), "value": reading.value}


async def months(
    tx: Tx, keyring: Keyring, of: tuple[SubjectId, str], items: Collection[ItemName], now: datetime
) -> AsyncGenerator[Mapping[ItemName, Copy]]:
    """Yield what a subject's function holds of ``items``, month by month of each class, a month in memory."""
    subject, function = of
    params = {"subject": subject, "function": function}
    cursor = await tx.conn.execute(QUERIES["classes"], params, prepare=True)
    for (retention,) in await cursor.fetchall():
        fixed, month = classes.of(str(retention)), dict[ItemName, list[Reading]]()
        current: tuple[int, int] | None = None
        span = events.Window(subject=subject, function=function)
        async for row, _key, readings in events.opened(tx, keyring, span, str(retention)):
            if (row.at_day.year, row.at_day.month) != current:
                if month:
                    yield _copies(function, month)
                current, month = (row.at_day.year, row.at_day.month), {}
            for reading in readings if fixed is None else fixed.not_over(readings, now):
                if reading.item in items:
                    month.setdefault(reading.item, []).append(reading)
        if month:
            yield _copies(function, month)


def _copies(function: str, month: Mapping[ItemName, Sequence[Reading]]) -> Mapping[ItemName, Copy]:
    found: dict[ItemName, Copy] = {}
    for item, readings in sorted(month.items()):
        ordered = sorted(readings, key=lambda reading: (reading.measured, reading.id))
        said = hashlib.sha256(b"".join(reading.id.bytes for reading in ordered)).hexdigest()
        record = RecordId(uuid5(_COPIES, f"{function} {item} {said}"))
        found[item] = Copy(
            record, ordered[-1].measured.date(), {"readings": [one(reading) for reading in ordered]}
        )
    return found
