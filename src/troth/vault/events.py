"""Events: the readings of one subject, function and day in one batch are one sealed row.

A reading is stored once, however often it is sent: the marks of a batch are taken in the same transaction,
and a second sender waits for the first to commit. Whether a permit covers the items is settled before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from troth.db import Tx
from troth.terms import Permit, Reading, SubjectId
from troth.vault import blocks, cipher, classes, keys
from troth.vault.errors import Erased, KeyDestroyed
from troth.vault.keyring import Keyring
from troth.vault.label import Kind, Label, function_of
from troth.vault.sql import QUERIES

_PAGE = 64
_TYPES = ("uuid", "text", "text", "date", "uuid", "uuid", "int4", "int4", "bytea")


@dataclass(frozen=True, slots=True)
class Stored:
    """How many readings of a batch were stored, how many had been before, how many came too late to keep."""

    stored: int
    duplicates: int
    over: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which readings: one function's, measured from ``since`` up to, not including, ``until``."""

    subject: SubjectId
    function: str
    since: datetime | None = None
    until: datetime | None = None

    def days(self) -> tuple[date, date]:
        """Return the first and the last day whose blocks may hold any."""
        first = self.since.astimezone(UTC).date() if self.since else date.min
        return first, self.until.astimezone(UTC).date() if self.until else date.max

    def holds(self, reading: Reading) -> bool:
        """Return whether ``reading`` lies in the window."""
        return (self.since is None or reading.measured >= self.since) and (
            self.until is None or reading.measured < self.until
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it lies in the database, with its key as it is now (none: dropped meanwhile)."""

    function: str
    retention: str
    at_day: date
    block: UUID
    key: UUID
    version: int
    policy_version: int
    sealed: bytes = field(repr=False)
    owner_epoch: int | None
    kek_epoch: int | None
    wrapped: bytes | None


async def append(
    tx: Tx,
    keyring: Keyring,
    permit: Permit,
    readings: Sequence[Reading],
    *,
    retention: str,
    owner_epoch: int,
    offered: int,
) -> Stored:
    """Store those of ``readings``, of ``offered`` in all, that were not before. The caller holds the row."""
    fresh = await _unseen(tx, permit, readings)
    if fresh:
        owner = keys.KeyOwner(
            subject=permit.ask.subject,
            function=function_of(permit),
            retention=retention,
            owner_epoch=owner_epoch,
        )
        key = await keys.for_storing(tx, keyring, owner)
        await _copy(tx, permit, owner, key, fresh)
    return Stored(len(fresh), len(readings) - len(fresh), offered - len(readings))


async def window(tx: Tx, keyring: Keyring, span: Window, now: datetime) -> AsyncGenerator[Reading]:
    """Yield the readings of ``span`` whose time is not over, by time. Keys are read anew for every page.

    Raises `Erased` when the subject is erased meanwhile: what was yielded is then not all there was.
    """
    params = {"subject": span.subject, "function": span.function}
    cursor = await tx.conn.execute(QUERIES["classes"], params, prepare=True)
    streams = [_class(tx, keyring, span, str(row[0]), now) for row in await cursor.fetchall()]
    async for reading in streams[0] if len(streams) == 1 else merged(streams):
        yield reading
    if not await keys.still_live(tx, span.subject):
        raise Erased


async def merged(streams: Sequence[AsyncGenerator[Reading]]) -> AsyncGenerator[Reading]:
    """Yield the readings of several streams, each in order of time, in order of time."""
    heads = {n: head for n, stream in enumerate(streams) if (head := await anext(stream, None)) is not None}
    while heads:
        first = min(heads, key=lambda n: (heads[n].measured, heads[n].id))
        yield heads.pop(first)
        if (head := await anext(streams[first], None)) is not None:
            heads[first] = head


async def _class(
    tx: Tx, keyring: Keyring, span: Window, retention: str, now: datetime
) -> AsyncGenerator[Reading]:
    fixed = classes.of(retention)
    day: list[Reading] = []
    current: date | None = None
    async for row, _key, readings in opened(tx, keyring, span, retention):
        if row.at_day != current:
            for reading in _by_time(day):
                yield reading
            day, current = [], row.at_day
        day.extend(
            reading
            for reading in readings
            if span.holds(reading) and not (fixed and fixed.over(reading.measured, now))
        )
    for reading in _by_time(day):
        yield reading


async def _unseen(tx: Tx, permit: Permit, readings: Sequence[Reading]) -> list[Reading]:
    function, device = function_of(permit), permit.ask.device
    marked = {blocks.mark(function, device, reading.id): reading for reading in reversed(readings)}
    for reading in readings:
        blocks.micros(reading.measured)
    cursor = await tx.conn.execute(
        QUERIES["see"],
        {
            "subject": permit.ask.subject,
            "days": [_day(reading) for reading in marked.values()],
            "marks": list(marked),
        },
        prepare=True,
    )
    new = {UUID(str(row[0])) for row in await cursor.fetchall()}
    # First come, first stored: within a batch the earlier of two readings with one id counts.
    return [reading for mark, reading in reversed(marked.items()) if mark in new]


async def _copy(
    tx: Tx, permit: Permit, owner: keys.KeyOwner, key: keys.DataKey, readings: Iterable[Reading]
) -> None:
    days: dict[date, list[Reading]] = defaultdict(list)
    for reading in readings:
        days[_day(reading)].append(reading)
    rows: list[tuple[object, ...]] = []
    for day, group in sorted(days.items()):
        block = uuid4()
        label = block_label(owner, day, block, version=1, policy_version=permit.version)
        sealed = cipher.seal(key.secret, label.aad(), blocks.encode(group))
        place = (owner.subject, owner.function, owner.retention, day, block)
        rows.append((*place, key.id, 1, permit.version, sealed))
    async with tx.conn.cursor() as cursor, cursor.copy(QUERIES["copy_blocks"]) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            await copy.write_row(row)


async def opened(
    tx: Tx, keyring: Keyring, span: Window, retention: str
) -> AsyncGenerator[tuple[Block, keys.DataKey, list[Reading]]]:
    """Yield the blocks of one class that may hold any of ``span``, opened, by day."""
    after_day, after_block = date.min, UUID(int=0)
    since, until = span.days()
    while True:
        params = {
            "subject": span.subject,
            "function": span.function,
            "class": retention,
            "since": since,
            "until": until,
            "after_day": after_day,
            "after_block": after_block,
            "page": _PAGE,
        }
        page = await tx.rows(Block, QUERIES["blocks"], params)
        try:
            found = _open_page(keyring, span.subject, page)
        except KeyDestroyed:  # the epoch ended between reading the rows and reading its key
            page = await tx.rows(Block, QUERIES["blocks"], params)
            found = _open_page(keyring, span.subject, page)
        for one in found:
            yield one
        if len(page) < _PAGE:
            return
        after_day, after_block = page[-1].at_day, page[-1].block


def _open_page(
    keyring: Keyring, subject: SubjectId, page: Iterable[Block]
) -> list[tuple[Block, keys.DataKey, list[Reading]]]:
    unwrapped: dict[UUID, keys.DataKey] = {}
    found: list[tuple[Block, keys.DataKey, list[Reading]]] = []
    for row in page:
        if row.wrapped is None or row.kek_epoch is None:
            raise Erased
        owner = owner_of(subject, row)
        key = unwrapped.get(row.key)
        if key is None:
            key = keys.unwrap(keyring, owner, keys.Wrapped(row.key, row.kek_epoch, row.wrapped))
            unwrapped[row.key] = key
        label = block_label(
            owner, row.at_day, row.block, version=row.version, policy_version=row.policy_version
        )
        found.append((row, key, blocks.decode(cipher.unseal(key.secret, label.aad(), bytes(row.sealed)))))
    return found


def owner_of(subject: SubjectId, row: Block) -> keys.KeyOwner:
    """Return whose key sealed a block; raise `Erased` when the key is gone."""
    if row.owner_epoch is None:
        raise Erased
    return keys.KeyOwner(
        subject=subject, function=row.function, retention=row.retention, owner_epoch=row.owner_epoch
    )


def block_label(owner: keys.KeyOwner, day: date, block: UUID, *, version: int, policy_version: int) -> Label:
    """Return what a block is bound to."""
    return Label(
        kind=Kind.BLOCK,
        subject=owner.subject,
        function=owner.function,
        retention=owner.retention,
        record=block,
        name=day.isoformat(),
        version=version,
        policy_version=policy_version,
    )


def _day(reading: Reading) -> date:
    return reading.measured.astimezone(UTC).date()


def _by_time(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda reading: (reading.measured, reading.id))
