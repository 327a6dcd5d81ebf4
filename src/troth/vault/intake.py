"""Events as they go in: the readings of one permit and day are one sealed row, many permits at once.

A reading is stored once, however often it is sent: its mark is taken in the same transaction, and a second
sender waits for the first to commit. Three statements, however many subjects. Whether a permit covers the
items is settled before, and the caller holds the rows of all subjects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import uuid4

from troth.db import Tx
from troth.terms import Permit, Reading
from troth.vault import blocks, cipher, keys, marks
from troth.vault.classes import Fixed
from troth.vault.errors import NotStorable
from troth.vault.events import block_label
from troth.vault.keyring import Keyring
from troth.vault.label import PURPOSE, function_of
from troth.vault.sql import QUERIES

_TYPES = ("uuid", "text", "text", "date", "uuid", "uuid", "int4", "int4", "bytea")
_MICROS_A_DAY = 24 * 60 * 60 * 1_000_000
_DAY_ZERO = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Stored:
    """How many readings of a batch were stored, how many had been before, how many came too late to keep."""

    stored: int
    duplicates: int
    over: int = 0


@dataclass(frozen=True, slots=True)
class Sheaf:
    """Readings that one permit covers."""

    permit: Permit
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long each sheaf is kept from its measuring (None: as its purpose lasts), and the moment."""

    fixed: Sequence[Fixed | None]
    now: datetime
    owner_epoch: int = 0

    def kept(self, sheaves: Sequence[Sheaf]) -> Sequence[Sheaf]:
        """Return the sheaves without the readings whose time is over already."""
        return [
            sheaf if fixed is None else Sheaf(sheaf.permit, fixed.not_over(sheaf.readings, self.now))
            for sheaf, fixed in zip(sheaves, self.fixed, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Day:
    readings: Sequence[Reading]
    packed: bytes = field(repr=False)


class Unstorable(NotStorable):
    """some of these readings cannot be stored: store the others without them"""

    def __init__(self, which: Mapping[int, NotStorable]) -> None:
        super().__init__(str(next(iter(which.values()))))
        self.which = which
        """The places of the sheaves that hold such a reading, and what is wrong with each."""


async def append_each(tx: Tx, keyring: Keyring, offered: Sequence[Sheaf], terms: Terms) -> list[Stored]:
    """Store what was not stored before, and say of each sheaf how much that was.

    Of two readings with one mark, the one in the earlier sheaf counts. Raises `Unstorable`, before anything
    is written.
    """
    sheaves = terms.kept(offered)
    packed = _packed(sheaves)
    fresh = await marks.unseen(
        tx,
        [
            marks.Sent(
                sheaf.permit.ask.subject,
                function_of(sheaf.permit),
                sheaf.permit.ask.device,
                {day: each.readings for day, each in days.items()},
            )
            for sheaf, days in zip(sheaves, packed, strict=True)
        ],
    )
    owners = [
        keys.KeyOwner(
            subject=sheaf.permit.ask.subject,
            function=function_of(sheaf.permit),
            retention=PURPOSE if fixed is None else fixed.name(),
            owner_epoch=terms.owner_epoch,
        )
        for sheaf, fixed in zip(sheaves, terms.fixed, strict=True)
    ]
    wanted = [owner for owner, new in zip(owners, fresh, strict=True) if new]
    if wanted:
        found = await keys.for_storing_each(tx, keyring, wanted)
        async with tx.conn.cursor() as cursor, cursor.copy(QUERIES["copy_blocks"]) as copy:
            copy.set_types(_TYPES)
            for sheaf, owner, days, new in zip(sheaves, owners, packed, fresh, strict=True):
                if new:
                    kept = days if len(new) == len(sheaf.readings) else _by_day(new)
                    for row in _rows(owner, found[owner], sheaf.permit.version, kept):
                        await copy.write_row(row)
    return [
        Stored(len(new), len(kept.readings) - len(new), len(all_.readings) - len(kept.readings))
        for all_, kept, new in zip(offered, sheaves, fresh, strict=True)
    ]


def _rows(
    owner: keys.KeyOwner, key: keys.DataKey, version: int, days: Mapping[date, _Day]
) -> Iterator[tuple[object, ...]]:
    for day, each in days.items():
        block = uuid4()
        label = block_label(owner, day, block, version=1, policy_version=version)
        sealed = cipher.seal(key.secret, label.aad(), each.packed)
        yield owner.subject, owner.function, owner.retention, day, block, key.id, 1, version, sealed


def _packed(sheaves: Sequence[Sheaf]) -> list[Mapping[date, _Day]]:
    """Return every sheaf as blocks, by day. Raises `Unstorable`."""
    packed: list[Mapping[date, _Day]] = []
    unfit: dict[int, NotStorable] = {}
    for place, sheaf in enumerate(sheaves):
        try:
            packed.append(_by_day(sheaf.readings))
        except NotStorable as error:
            unfit[place] = error
    if unfit:
        raise Unstorable(unfit)
    return packed


def _by_day(readings: Sequence[Reading]) -> Mapping[date, _Day]:
    at = [blocks.micros(reading.measured) for reading in readings]
    days = {moment // _MICROS_A_DAY for moment in at}
    if len(days) == 1:  # mostly
        return {_date(days.pop()): _Day(readings, blocks.encode(readings, at))}
    found: dict[int, list[Reading]] = {}
    for moment, reading in zip(at, readings, strict=True):
        found.setdefault(moment // _MICROS_A_DAY, []).append(reading)
    return {_date(day): _Day(group, blocks.encode(group)) for day, group in found.items()}


def _date(day: int) -> date:
    return date.fromordinal(_DAY_ZERO + day)
