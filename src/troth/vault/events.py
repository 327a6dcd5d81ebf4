"""Events as they come out: the sealed rows of one function, opened page by page.

How they go in is in `troth.vault.intake`. Whether a permit covers the items is settled before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter
from uuid import UUID

from troth.db import Tx
from troth.terms import Reading, SubjectId
from troth.vault import blocks, cipher, classes, keys
from troth.vault.errors import Erased, KeyDestroyed
from troth.vault.keyring import Keyring
from troth.vault.label import Kind, Labels
from troth.vault.sql import QUERIES

_PAGE = 256


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

    def within(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Return those of ``readings`` that lie in the window."""
        since, until = self.since, self.until
        if since is not None:
            readings = [reading for reading in readings if reading.measured >= since]
        if until is not None:
            readings = [reading for reading in readings if reading.measured < until]
        return readings


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


async def window(tx: Tx, keyring: Keyring, span: Window, now: datetime) -> AsyncGenerator[list[Reading]]:
    """Yield the readings of ``span`` whose time is not over, by time, a day at once.

    Keys are read anew for every page. Raises `Erased` when the subject is erased meanwhile: what was yielded
    is then not all there was.
    """
    params = {"subject": span.subject, "function": span.function}
    cursor = await tx.conn.execute(QUERIES["classes"], params, prepare=True)
    streams = [_class(tx, keyring, span, str(row[0]), now) for row in await cursor.fetchall()]
    async for day in merged(streams):
        yield day
    if not await keys.still_live(tx, span.subject):
        raise Erased


async def merged(
    streams: Sequence[AsyncGenerator[tuple[date, list[Reading]]]],
) -> AsyncGenerator[list[Reading]]:
    """Yield the readings of several streams, each day by day, in order of time and a day at once."""
    heads = {n: head for n, stream in enumerate(streams) if (head := await anext(stream, None)) is not None}
    while heads:
        first = min(day for day, _ in heads.values())
        found: list[Reading] = []
        for n in [n for n, (day, _) in heads.items() if day == first]:
            found += heads.pop(n)[1]
            if (head := await anext(streams[n], None)) is not None:
                heads[n] = head
        yield _by_time(found)


async def _class(
    tx: Tx, keyring: Keyring, span: Window, retention: str, now: datetime
) -> AsyncGenerator[tuple[date, list[Reading]]]:
    fixed = classes.of(retention)
    day: list[Reading] = []
    current: date | None = None
    async for row, _key, readings in opened(tx, keyring, span, retention):
        if row.at_day != current:
            if current is not None:
                yield current, day
            day, current = [], row.at_day
        held = span.within(readings)
        day += held if fixed is None else fixed.not_over(held, now)
    if current is not None:
        yield current, day


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
    unwrapped: dict[UUID, tuple[keys.DataKey, Labels]] = {}
    found: list[tuple[Block, keys.DataKey, list[Reading]]] = []
    for row in page:
        if row.wrapped is None or row.kek_epoch is None:
            raise Erased
        if row.key not in unwrapped:
            owner = owner_of(subject, row)
            wrapped = keys.Wrapped(row.key, row.kek_epoch, row.wrapped)
            unwrapped[row.key] = keys.unwrap(keyring, owner, wrapped), labels(owner)
        key, bound = unwrapped[row.key]
        aad = bound.aad(row.block.bytes, of_block(row.at_day, row.version, row.policy_version))
        found.append((row, key, blocks.decode(cipher.unseal(key.secret, aad, bytes(row.sealed)))))
    return found


def owner_of(subject: SubjectId, row: Block) -> keys.KeyOwner:
    """Return whose key sealed a block; raise `Erased` when the key is gone."""
    if row.owner_epoch is None:
        raise Erased
    return keys.KeyOwner(
        subject=subject, function=row.function, retention=row.retention, owner_epoch=row.owner_epoch
    )


def labels(owner: keys.KeyOwner) -> Labels:
    """Return what the blocks of an owner are bound to, but for what `of_block` says."""
    return Labels(owner.subject, owner.function, owner.retention)


@lru_cache(maxsize=4096)
def of_block(day: date, version: int, policy_version: int) -> bytes:
    """Return the rest of a block's label."""
    return Labels.of(Kind.BLOCK, day.isoformat(), version, policy_version)


def _by_time(readings: Sequence[Reading]) -> list[Reading]:
    return sorted(readings, key=attrgetter("measured", "id.int"))
