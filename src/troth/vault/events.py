"""Events as they come out: the sealed rows of one function, opened page by page.

How they go in is in `troth.vault.intake`. Whether a permit covers the items is settled before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from troth.db import Tx
from troth.terms import Reading, SubjectId
from troth.vault import blocks, cipher, keys
from troth.vault.errors import Erased, KeyDestroyed
from troth.vault.keyring import Keyring
from troth.vault.label import Kind, Label
from troth.vault.sql import QUERIES

_PAGE = 64


@dataclass(frozen=True, slots=True)
class Event:
    """A reading, opened, and the function that holds it."""

    function: str
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which readings: one function's, measured from ``since`` up to, not including, ``until``."""

    subject: SubjectId
    function: str
    retention: str
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
class _Block:
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


async def window(tx: Tx, keyring: Keyring, span: Window) -> AsyncGenerator[Reading]:
    """Yield the readings of ``span``, by time within each day. Keys are read anew for every page.

    Raises `Erased` when the subject is erased meanwhile: what was yielded is then not all there was.
    """
    day: list[Reading] = []
    current: date | None = None
    async for at_day, readings in _opened(tx, keyring, span):
        if at_day != current:
            for reading in _by_time(day):
                yield reading
            day, current = [], at_day
        day.extend(reading for reading in readings if span.holds(reading))
    for reading in _by_time(day):
        yield reading
    if not await keys.still_live(tx, span.subject):
        raise Erased


async def _opened(tx: Tx, keyring: Keyring, span: Window) -> AsyncGenerator[tuple[date, list[Reading]]]:
    after_day, after_block = date.min, UUID(int=0)
    since, until = span.days()
    while True:
        params = {
            "subject": span.subject,
            "function": span.function,
            "class": span.retention,
            "since": since,
            "until": until,
            "after_day": after_day,
            "after_block": after_block,
            "page": _PAGE,
        }
        page = await tx.rows(_Block, QUERIES["blocks"], params)
        try:
            opened = _open_page(keyring, span.subject, page)
        except KeyDestroyed:  # the epoch ended between reading the rows and reading its key
            page = await tx.rows(_Block, QUERIES["blocks"], params)
            opened = _open_page(keyring, span.subject, page)
        for row, readings in zip(page, opened, strict=True):
            yield row.at_day, readings
        if len(page) < _PAGE:
            return
        after_day, after_block = page[-1].at_day, page[-1].block


def _open_page(keyring: Keyring, subject: SubjectId, page: Iterable[_Block]) -> list[list[Reading]]:
    unwrapped: dict[UUID, keys.DataKey] = {}
    opened: list[list[Reading]] = []
    for row in page:
        if row.wrapped is None or row.kek_epoch is None or row.owner_epoch is None:
            raise Erased
        owner = keys.KeyOwner(
            subject=subject, function=row.function, retention=row.retention, owner_epoch=row.owner_epoch
        )
        key = unwrapped.get(row.key)
        if key is None:
            key = keys.unwrap(keyring, owner, keys.Wrapped(row.key, row.kek_epoch, row.wrapped))
            unwrapped[row.key] = key
        label = block_label(
            owner, row.at_day, row.block, version=row.version, policy_version=row.policy_version
        )
        opened.append(blocks.decode(cipher.unseal(key.secret, label.aad(), bytes(row.sealed))))
    return opened


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


def _by_time(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda reading: (reading.measured, reading.id))
