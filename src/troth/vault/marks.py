"""Marks of stored readings: what a resend has again, so that a reading is stored once, come what may.

A mark is 8 bytes of a hash over the function, the device and the sender's id of the reading. Of ten thousand
readings of a subject and day, two share one by chance once in 10^11 days. Seldom was anything of a batch sent
before, so the marks of a large one go in by COPY, which stops at the first that is there; then each is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from psycopg.errors import UniqueViolation

from troth.db import Tx
from troth.terms import DeviceId, Reading, SubjectId
from troth.vault.sql import QUERIES

_FEW = 64
"""Below this a COPY and its savepoint cost more than they save."""
_BYTES = 8
_HEAD, _TAIL = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_FIELDS, _UUID, _DATE, _BIGINT = b"\x00\x03", b"\x00\x00\x00\x10", b"\x00\x00\x00\x04", b"\x00\x00\x00\x08"
_DAY_ZERO = date(2000, 1, 1).toordinal()
_SUBJECT = slice(6, 22)
_DAY = slice(26, 30)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one sender sent for one function of a subject, by day (UTC)."""

    subject: SubjectId
    function: str
    device: DeviceId | None
    days: Mapping[date, Sequence[Reading]]


async def unseen(tx: Tx, sent: Sequence[Sent]) -> list[list[Reading]]:
    """Mark every reading; return those of each of ``sent`` that were not marked before, and each once.

    Waits for whoever marks the same. The caller holds the subjects' rows.
    """
    rows: dict[bytes, tuple[int, Reading]] = {}  # by their row in a binary COPY
    for place, one in enumerate(sent):
        start = _start(one.function, one.device)
        for day, readings in one.days.items():
            begins = _row(one.subject, day)
            for reading in readings:
                mark = sha256(start + reading.id.bytes).digest()[:_BYTES]
                rows.setdefault(begins + mark, (place, reading))
    if len(rows) < _FEW or not await _all_at_once(tx, rows):
        fresh = await _one_by_one(tx, rows)
        rows = {row: kept for row, kept in rows.items() if row in fresh}
    found: list[list[Reading]] = [[] for _ in sent]
    for place, reading in rows.values():
        found[place].append(reading)
    return found


async def _all_at_once(tx: Tx, rows: Mapping[bytes, object]) -> bool:
    """Store all marks, or none of them where one is there already."""
    try:
        async with (
            tx.conn.transaction(),
            tx.conn.cursor() as cursor,
            cursor.copy(QUERIES["copy_marks"]) as copy,
        ):
            await copy.write(b"".join([_HEAD, *sorted(rows), _TAIL]))
    except UniqueViolation:
        return False
    return True


async def _one_by_one(tx: Tx, rows: Mapping[bytes, object]) -> frozenset[bytes]:
    """Store the marks that are not there; return their rows."""
    params = {
        "subjects": [row[_SUBJECT].hex() for row in rows],
        "days": [_day(row) for row in rows],
        "marks": [_mark(row) for row in rows],
    }
    cursor = await tx.conn.execute(QUERIES["see"], params, prepare=True)
    if cursor.rowcount == len(rows):  # mostly: then there is no need to read what came back
        return frozenset(rows)
    new = {(day, mark) for day, mark in await cursor.fetchall()}
    return frozenset(row for row in rows if (_day(row), _mark(row)) in new)


def _start(function: str, device: DeviceId | None) -> bytes:
    name = function.encode()
    return len(name).to_bytes(4, "big") + name + (device.bytes if device else bytes(16))


def _row(subject: SubjectId, day: date) -> bytes:
    days = (day.toordinal() - _DAY_ZERO).to_bytes(4, "big", signed=True)
    return b"".join((_FIELDS, _UUID, subject.bytes, _DATE, days, _BIGINT))


def _day(row: bytes) -> date:
    return date.fromordinal(_DAY_ZERO + int.from_bytes(row[_DAY], "big", signed=True))


def _mark(row: bytes) -> int:
    return int.from_bytes(row[-_BYTES:], "big", signed=True)
