"""Marks of stored readings: what a resend has again, so that a reading is stored once, come what may.

A mark is 8 bytes of a hash over the function, the device and the sender's id of the reading. Of ten thousand
readings of a subject and day, two share one by chance once in 10^11 days. Seldom was anything of a batch sent
before, so the marks of a large one go in by COPY, which stops at the first that is there; then each is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from psycopg.errors import UniqueViolation

from troth.db import Tx, binary
from troth.terms import DeviceId, Reading, SubjectId
from troth.vault import blocks
from troth.vault.sql import QUERIES

_FEW = 64
"""Below this a COPY and its savepoint cost more than they save."""
_BYTES = 8
_SUBJECTS, _MARK = binary.fields(3) + binary.UUID_OF, _BYTES.to_bytes(4, "big")
_SUBJECT = slice(6, 22)
_DAY = slice(26, 30)


class Day(NamedTuple):
    """Readings of one day (UTC), their ids as bytes, and their `blocks.moments`."""

    readings: Sequence[Reading]
    ids: Sequence[bytes]
    at: Sequence[int]

    def packed(self) -> bytes:
        """Return all of it as one block, unsealed. Raises `NotStorable`."""
        return blocks.pack(self.readings, self.at, self.ids)

    def __repr__(self) -> str:
        return "Day(...)"  # its readings are somebody's


class Sent(NamedTuple):
    """What one sender sent for one function of a subject, by day (UTC)."""

    subject: SubjectId
    function: str
    device: DeviceId | None
    days: Mapping[date, Day]

    def rows(self) -> list[bytes]:
        """Return the mark of every reading as its row of a binary COPY, day by day."""
        start = binary.text(self.function) + (self.device.bytes if self.device else bytes(16))
        whose = _SUBJECTS + self.subject.bytes
        return [
            begins + sha256(start + one).digest()[:_BYTES]
            for day, sent in self.days.items()
            for begins in (whose + binary.day(day) + _MARK,)
            for one in sent.ids
        ]


def in_order(sent: Iterable[Sent]) -> Iterator[bytes]:
    """Yield the marks of all that was sent, in the order in which everybody stores them."""
    found: dict[bytes, list[bytes]] = {}
    for one in sent:
        found.setdefault(one.subject.bytes, []).extend(one.rows())
    for subject in sorted(found):
        yield from sorted(found[subject])


async def unseen(tx: Tx, sent: Sequence[Sent], marks: Sequence[Sequence[bytes]]) -> list[list[Reading]]:
    """Mark every reading; return those of each of ``sent`` that were not marked before, and each once.

    ``marks`` are the rows of each. Waits for whoever marks the same. The caller holds the subjects' rows.
    """
    rows: dict[bytes, tuple[int, Reading]] = {}
    for place, (one, marked) in enumerate(zip(sent, marks, strict=True)):
        readings = chain.from_iterable([day.readings for day in one.days.values()])
        for row, reading in zip(marked, readings, strict=True):
            rows.setdefault(row, (place, reading))
    if len(rows) < _FEW or not await _all_at_once(tx, rows):
        fresh = await _one_by_one(tx, rows)
        rows = {row: kept for row, kept in rows.items() if row in fresh}
    found: list[list[Reading]] = [[] for _ in sent]
    for place, reading in rows.values():
        found[place].append(reading)
    return found


async def _all_at_once(tx: Tx, rows: Iterable[bytes]) -> bool:
    """Store all marks, or none of them where one is there already."""
    try:
        async with tx.conn.transaction():
            await tx.conn.fill(QUERIES["copy_marks"], [partial(binary.pieces, sorted(rows))])
    except UniqueViolation:
        return False
    return True


async def _one_by_one(tx: Tx, rows: Mapping[bytes, object]) -> frozenset[bytes]:
    """Store the marks that are not there; return their rows."""
    new: set[bytes] = set()
    for some in _told_apart(rows):
        params = {
            "subjects": [row[_SUBJECT].hex() for row in some.values()],
            "days": [day for day, _ in some],
            "marks": [mark for _, mark in some],
        }
        cursor = await tx.conn.execute(QUERIES["see"], params, prepare=True)
        if cursor.rowcount == len(some):  # mostly: then there is no need to read what came back
            new.update(some.values())
        else:
            new.update([some[day, mark] for day, mark in await cursor.fetchall()])
    return frozenset(new)


def _told_apart(rows: Iterable[bytes]) -> Iterator[Mapping[tuple[date, int], bytes]]:
    """Yield rows by their day and mark, all that the answer says: two subjects' that share it, one by one.

    Whoever stores what devices send may not read whose mark it is.
    """
    left = [*rows]
    while left:
        some: dict[tuple[date, int], bytes] = {}
        again: list[bytes] = []
        for row in left:
            name = binary.read_day(row[_DAY]), _mark(row)
            if some.setdefault(name, row) is not row:
                again.append(row)
        yield some
        left = again


def _mark(row: bytes) -> int:
    return int.from_bytes(row[-_BYTES:], "big", signed=True)
