"""Media: what is too long for a row, sealed chunk by chunk into an object store; read whole or in ranges.

An object has a key of its own, wrapped in its row. It exists once its upload is finished, in one transaction;
what was begun and not finished, or forgotten, is marked gone with its key and swept later, as often as it
takes. Several transactions make one upload: begin, finish. Limits are the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from troth.db import Database, Tx
from troth.terms import Clock, ItemName, Permit, RecordId, SubjectId, TrothError
from troth.vault import cipher, closing, covers, deletions, keys, stream
from troth.vault.errors import Erased, KeyDestroyed, NotHeld
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import Kind, Label, function_of, media_key_label, retention_of
from troth.vault.objects import Objects
from troth.vault.rules import NO_RULES, Rules
from troth.vault.sql import QUERIES

UPLOAD_LASTS = timedelta(hours=1)
LARGEST = 2 << 30
_SWEPT_AT_ONCE = 20
_AHEAD = 2


class TooLarge(TrothError):
    """this is larger than one object may be: send it in parts of its own"""


class UploadLapsed(TrothError):
    """this upload took too long, or what it belongs to was forgotten meanwhile: begin it anew"""


@dataclass(frozen=True, slots=True)
class _Row:
    subject: SubjectId
    object: UUID
    function: str
    retention: str
    item: str
    state: str
    policy_version: int
    size: int | None
    kek_epoch: int
    wrapped: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Gone:
    subject: SubjectId
    object: UUID


class Upload:
    """An upload under way: `write` as often as it takes, then `Media.finish`."""

    def __init__(self, media: Media, subject: SubjectId, record: RecordId, key: bytes, aad: bytes) -> None:
        self.subject = subject
        self.record = record
        self.size = 0
        self._media = media
        self._key = key
        self._aad = aad
        self._buffer = bytearray()
        self._segment = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._until = media.clock.now() + UPLOAD_LASTS

    async def write(self, data: bytes) -> None:
        """Take the next bytes, whatever their number. Raises `TooLarge`, `UploadLapsed`."""
        self.size += len(data)
        if self.size > self._media.largest:
            raise TooLarge
        self._buffer += data
        while len(self._buffer) > stream.SEGMENT:  # one byte is kept back: the last segment says that it is
            await self._put(bytes(self._buffer[: stream.SEGMENT]), last=False)
            del self._buffer[: stream.SEGMENT]

    async def close(self) -> None:
        """Seal and write what is left, and wait until everything is written."""
        await self._put(bytes(self._buffer), last=True)
        self._buffer.clear()
        await asyncio.gather(*self._under_way)

    async def abandon(self) -> None:
        """Stop writing; what is written is swept."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _put(self, plaintext: bytes, *, last: bool) -> None:
        if self._media.clock.now() >= self._until:
            raise UploadLapsed
        while len(self._under_way) >= _AHEAD:
            done, self._under_way = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        number, self._segment = self._segment, self._segment + 1
        self._under_way.add(asyncio.create_task(self._seal_and_put(number, plaintext, last=last)))

    async def _seal_and_put(self, number: int, plaintext: bytes, *, last: bool) -> None:
        sealed = await asyncio.to_thread(stream.seal, self._key, self._aad, number, plaintext, last=last)
        await self._media.objects.put(self.record, number, sealed)


@dataclass(frozen=True, slots=True)
class Opened:
    """An object that may be read now. Every segment asks again whether it is still there."""

    record: RecordId
    item: ItemName
    size: int
    _subject: SubjectId
    _key: bytes = field(repr=False)
    _aad: bytes = field(repr=False)
    _media: Media = field(repr=False)

    async def read(self, first: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from ``first`` up to, not including, ``end``. Raises `Erased`, `Unsealable`."""
        until = self.size if end is None else min(end, self.size)
        for part in stream.parts(self.size, first, until):
            await self._media.still_there(self._subject, self.record)
            sealed = await self._media.objects.get(self.record, part.segment, part.first, part.end)
            yield await asyncio.to_thread(stream.unseal, self._key, self._aad, self.size, part, sealed)


class Media:
    """Permit + bytes ↔ sealed objects."""

    def __init__(
        self,
        db: Database,
        keyring: Keyring,
        clock: Clock,
        objects: Objects,
        *,
        rules: Rules = NO_RULES,
        largest: int = LARGEST,
    ) -> None:
        self.clock = clock
        self.objects = objects
        self.largest = largest
        self._db = db
        self._keyring = keyring
        self._rules = rules

    async def begin(self, tx: Tx, permit: Permit, item: ItemName, *, of: RecordId | None = None) -> Upload:
        """Begin an upload of ``item``; ``of``: the object that it is a thumbnail of. Commit before writing.

        Raises `NotCovered`, `Erased`, `NotHeld` (no such object).
        """
        now, subject = self.clock.now(), permit.ask.subject
        covers.demand_storing(permit, now, {item})
        await keys.hold(tx, subject)
        if of is not None:
            await self._ready(tx, permit, of)
        await tx.run(QUERIES["share_epochs"])
        epoch = self._keyring.current(EpochKind.KEK)
        record, key = RecordId(uuid4()), cipher.new_key()
        function, retention = function_of(permit), retention_of(permit)
        label = media_key_label(subject, record, function, retention, epoch.number)
        row = {
            "subject": subject,
            "object": record,
            "function": function,
            "class": retention,
            "item": item,
            "of": of,
            "began": now,
            "at_day": now.date(),
            "policy_version": permit.version,
            "kek_epoch": epoch.number,
            "wrapped": cipher.wrap(epoch.key, label.aad(), key),
        }
        await tx.run(QUERIES["begin_media"], row)
        if (rule := self._rules.fixed(permit)) is not None:
            await closing.owe(tx, subject, function, record, rule.ends(now))
        label = _label(subject, record, function, retention, item=item, policy_version=permit.version)
        return Upload(self, subject, record, key, label.aad())

    async def finish(self, tx: Tx, upload: Upload) -> RecordId:
        """Make the object exist, after `Upload.close`. Raises `UploadLapsed` when it may no longer."""
        await keys.hold(tx, upload.subject)
        row = {"subject": upload.subject, "object": upload.record, "size": upload.size}
        row |= {"since": self.clock.now() - UPLOAD_LASTS}
        if not await tx.run(QUERIES["finish_media"], row):
            raise UploadLapsed
        return upload.record

    async def open(self, tx: Tx, permit: Permit, record: RecordId) -> Opened:
        """Open an object of the permit's function for reading. Raises `NotCovered`, `NotHeld`, `Erased`."""
        covers.demand(permit, self.clock.now(), covers.READING)
        row = await self._ready(tx, permit, record)
        covers.demand(permit, self.clock.now(), covers.READING, {ItemName(row.item)})
        try:
            key = self._unwrapped(row)
        except KeyDestroyed:  # the epoch ended between reading the row and reading its key
            row = await self._ready(tx, permit, record)
            key = self._unwrapped(row)
        item = ItemName(row.item)
        place = (row.subject, row.object, row.function, row.retention)
        aad = _label(*place, item=item, policy_version=row.policy_version).aad()
        return Opened(record, item, row.size or 0, row.subject, key, aad, self)

    async def forget(self, tx: Tx, permit: Permit, record: RecordId) -> bool:
        """Forget one object (verb FORGET) with its thumbnails; return whether it was there."""
        covers.demand(permit, self.clock.now(), covers.FORGETTING)
        await keys.hold(tx, permit.ask.subject)
        await deletions.note(tx, self.clock.now())
        row = {"subject": permit.ask.subject, "function": function_of(permit), "record": record}
        return await tx.run(QUERIES["forget_media"], row) > 0

    async def sweep(self, tx: Tx) -> int:
        """Delete the bytes of some objects that are gone, then their rows; return how many.

        When the store is away this raises and nothing is lost: the rows stay, and it is tried again.
        """
        now = self.clock.now()
        await tx.run(QUERIES["lapse_media"], {"since": now - UPLOAD_LASTS})
        page = {"since": now - UPLOAD_LASTS, "page": _SWEPT_AT_ONCE}
        found = await tx.rows(_Gone, QUERIES["gone_media"], page)
        for row in found:
            await self.objects.remove(row.object)
            await tx.run(QUERIES["drop_media"], {"subject": row.subject, "object": row.object})
        return len(found)

    async def still_there(self, subject: SubjectId, record: UUID) -> None:
        """Raise `Erased` when the object was forgotten, in a transaction of its own."""
        async with self._db.transaction() as tx:
            state = await tx.value(QUERIES["media_state"], {"subject": subject, "object": record})
        if state != "ready":
            raise Erased

    async def _ready(self, tx: Tx, permit: Permit, record: UUID) -> _Row:
        params = {"subject": permit.ask.subject, "object": record, "function": function_of(permit)}
        row = await tx.row(_Row, QUERIES["media"], params)
        if row is None or row.state != "ready":
            if not await keys.still_live(tx, permit.ask.subject):
                raise Erased
            raise NotHeld
        return row

    def _unwrapped(self, row: _Row) -> bytes:
        if row.wrapped is None:
            raise NotHeld
        label = media_key_label(row.subject, row.object, row.function, row.retention, row.kek_epoch)
        return cipher.unwrap(self._keyring.key(EpochKind.KEK, row.kek_epoch), label.aad(), bytes(row.wrapped))


def _label(
    subject: SubjectId, record: UUID, function: str, retention: str, *, item: str, policy_version: int
) -> Label:
    return Label(
        kind=Kind.MEDIA,
        subject=subject,
        record=record,
        function=function,
        retention=retention,
        name=item,
        policy_version=policy_version,
    )
