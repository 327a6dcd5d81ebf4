"""Media: what is too long for a row, sealed chunk by chunk into an object store; read whole or in ranges.

An object has a key of its own, wrapped in its row, which also says, under that key, what it is. It exists
once its upload is finished, in one transaction; what was begun and not finished, or forgotten, is marked gone
with its key and swept later, as often as it takes. Several transactions make one upload: begin, finish.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

from troth.db import Database, Tx
from troth.policy.values import VALUES, Values
from troth.terms import Basis, Clock, ItemName, Permit, RecordId, SubjectId, TrothError
from troth.vault import blocks, cipher, closing, covers, deletions, keys, stream
from troth.vault.errors import Erased, KeyDestroyed, NotCovered, NotHeld, WrongForm
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import Kind, Label, function_of, media_key_label, retention_of
from troth.vault.objects import Objects
from troth.vault.rules import NO_RULES, Rules
from troth.vault.sql import QUERIES
from troth.vault.upload import UPLOAD_LASTS, NoRoom, Target, Upload, UploadLapsed

LARGEST = 2 << 30
QUOTA = 100 << 30
AT_ONCE = 8
_SWEPT_AT_ONCE = 20
_PAGE = 100
_FIRST = UUID(int=0)


class TooManyUploads(TrothError):
    """too many uploads of this person are under way: finish one first, or wait an hour"""


@dataclass(frozen=True, slots=True)
class _Row:
    subject: SubjectId
    object: UUID
    function: str
    retention: str
    item: str
    state: str
    at_day: date
    policy_version: int
    size: int | None
    told: bytes | None = field(repr=False)
    kek_epoch: int
    wrapped: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Gone:
    subject: SubjectId
    object: UUID


@dataclass(frozen=True, slots=True)
class _Came:
    at_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An object as it is listed: nothing of it is opened. ``function``: ``policy/function``."""

    record: RecordId
    function: str
    item: ItemName
    day: date
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An object that may be read now; ``told`` is its value. Every segment asks whether it is still there."""

    held: Held
    told: Mapping[str, object] = field(repr=False)
    _subject: SubjectId
    _key: bytes = field(repr=False)
    _aad: bytes = field(repr=False)
    _media: Media = field(repr=False)

    async def read(self, first: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes from ``first`` up to, not including, ``end``. Raises `Erased`, `Unsealable`."""
        size, record = self.held.size, self.held.record
        until = size if end is None else min(end, size)
        for part in stream.parts(size, first, until):
            await self._media.still_there(self._subject, record)
            sealed = await self._media.objects.get(record, part.segment, part.first, part.end)
            yield await asyncio.to_thread(stream.unseal, self._key, self._aad, size, part, sealed)


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
        values: Values = VALUES,
        largest: int = LARGEST,
        quota: int = QUOTA,
    ) -> None:
        """No object is larger than ``largest``, and what one person has together than ``quota``, in bytes."""
        self.clock = clock
        self.objects = objects
        self.largest = largest
        self.quota = quota
        self._db = db
        self._keyring = keyring
        self._rules = rules
        self._values = values

    async def begin(
        self,
        tx: Tx,
        permit: Permit,
        item: ItemName,
        *,
        of: RecordId | None = None,
        told: Mapping[str, object] | None = None,
        size: int | None = None,
    ) -> Upload:
        """Begin an upload of ``item``; ``of``: the object that it is a thumbnail of. Commit before writing.

        ``told`` is what is known of it already, such as its type, and ``size`` how long it will be. Raises
        `NotCovered`, `NotKept`, `Erased`, `NotHeld` (no such object), `WrongForm`, `TooManyUploads`,
        `NoRoom`.
        """
        now, subject = self.clock.now(), permit.ask.subject
        covers.demand_storing(permit, now, {item})
        record, key = RecordId(uuid4()), cipher.new_key()
        value = {"media": str(record)} | dict(told or {})
        self._demand_form(item, value)
        await keys.hold(tx, subject)
        if of is not None:
            await self._ready(tx, permit, of)
        params = {"subject": subject, "since": now - UPLOAD_LASTS}
        if await tx.value(QUERIES["uploads_of"], params) >= AT_ONCE:
            raise TooManyUploads
        room = self.quota - await self._used(tx, subject)
        if room < (size or 1):
            raise NoRoom
        await tx.run(QUERIES["share_epochs"])
        epoch = self._keyring.current(EpochKind.KEK)
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
        whole = _label(subject, record, function, retention, item=item, policy_version=permit.version)
        target = Target(label=whole, key=key, told=value, began=now, largest=self.largest, room=room)
        return Upload(target, self.objects, self.clock)

    async def finish(self, tx: Tx, permit: Permit, upload: Upload) -> RecordId:
        """Make the object exist, after `Upload.close`: what was allowed when it began must be allowed now.

        Raises `NotCovered`, `NotKept`, `NoRoom`, `UploadLapsed` when it took too long or was forgotten
        meanwhile.
        """
        now, target, label = self.clock.now(), upload.target, upload.target.label
        item = ItemName(label.name)
        covers.demand_storing(permit, now, {item})
        if (permit.ask.subject, function_of(permit)) != (label.subject, label.function):
            raise NotCovered
        value = {**target.told, "bytes": upload.size}
        self._demand_form(item, value)
        await keys.hold(tx, label.subject)
        if await self._used(tx, label.subject) + upload.size > self.quota:
            raise NoRoom
        told = cipher.seal(target.key, _of_told(label).aad(), blocks.encode_value(value))
        row = {"subject": label.subject, "object": label.record, "size": upload.size, "told": told}
        if not await tx.run(QUERIES["finish_media"], row | {"since": now - UPLOAD_LASTS}):
            raise UploadLapsed
        return upload.record

    async def any_of(self, tx: Tx, permit: Permit, item: ItemName) -> bool:
        """Return whether the permit's function (verb FORGET) holds anything of an item. Opens nothing."""
        covers.demand(permit, self.clock.now(), covers.FORGETTING, {item})
        params = {"subject": permit.ask.subject, "function": function_of(permit), "item": item}
        return bool(await tx.value(QUERIES["more_of"], params))

    async def give_up(self, tx: Tx, upload: Upload) -> None:
        """Mark an abandoned upload, so that the next sweep takes it. Harmless when it was finished."""
        label = upload.target.label
        await tx.run(QUERIES["give_up_media"], {"subject": label.subject, "object": label.record})

    async def listed(self, tx: Tx, permit: Permit) -> tuple[Held, ...]:
        """Return the objects that the permit opens: all of them on the subject's own right, opening none.

        Raises `NotCovered`, `Erased`.
        """
        self._demand_listing(permit)
        if not await keys.still_live(tx, permit.ask.subject):
            raise Erased
        return tuple([_held(row) async for row in self._rows(tx, permit.ask.subject) if _spans(permit, row)])

    async def find(self, tx: Tx, permit: Permit, record: RecordId) -> Held:
        """Return one of the objects that `listed` returns. Raises `NotCovered`, `NotHeld`: not among them."""
        self._demand_listing(permit)
        params = {"subject": permit.ask.subject, "object": record}
        row = await tx.row(_Row, QUERIES["one_of_media"], params)
        if row is None or not _spans(permit, row):
            raise NotHeld
        return _held(row)

    async def days(self, tx: Tx, permit: Permit) -> tuple[date, ...]:
        """Return the days (UTC) on which the subject's objects came, the newest first, on their own right.

        Raises `NotCovered`.
        """
        covers.demand_own_right(permit, self.clock.now(), covers.OWN_COPY)
        found = await tx.rows(_Came, QUERIES["media_days"], {"subject": permit.ask.subject})
        return tuple(each.at_day for each in found)

    async def from_day(self, tx: Tx, permit: Permit, day: date) -> AsyncGenerator[Opened]:
        """Yield those of `listed` that came on ``day`` or later, ready to be read. Raises as it does."""
        self._demand_listing(permit)
        async for row in self._rows(tx, permit.ask.subject, day):
            if _spans(permit, row):
                with suppress(KeyDestroyed):  # its epoch ended meanwhile: whoever looks again sees it
                    yield self._opened(row)

    async def every(self, tx: Tx, permit: Permit) -> AsyncGenerator[Opened]:
        """Yield every object of the subject, ready to be read, on their own right: for the copy.

        Raises `NotCovered`, `Erased`.
        """
        covers.demand_own_right(permit, self.clock.now(), covers.OWN_COPY)
        async for row in self._rows(tx, permit.ask.subject):
            try:
                yield self._opened(row)
            except KeyDestroyed:  # the epoch ended between reading the row and reading its key
                again = await tx.row(_Row, QUERIES["media"], _where(row.subject, row.object, row.function))
                if again is not None and again.wrapped is not None:
                    yield self._opened(again)

    async def open(self, tx: Tx, permit: Permit, record: RecordId) -> Opened:
        """Open an object of the permit's function for reading. Raises `NotCovered`, `NotHeld`, `Erased`."""
        covers.demand(permit, self.clock.now(), covers.READING)
        row = await self._ready(tx, permit, record)
        covers.demand(permit, self.clock.now(), covers.READING, {ItemName(row.item)})
        try:
            return self._opened(row)
        except KeyDestroyed:  # the epoch ended between reading the row and reading its key
            return self._opened(await self._ready(tx, permit, record))

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

    async def _rows(self, tx: Tx, subject: SubjectId, since: date = date.min) -> AsyncGenerator[_Row]:
        after = _FIRST
        while True:
            page = {"subject": subject, "after": after, "since": since, "page": _PAGE}
            rows = await tx.rows(_Row, QUERIES["media_of"], page)
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
            after = rows[-1].object

    async def _ready(self, tx: Tx, permit: Permit, record: UUID) -> _Row:
        where = _where(permit.ask.subject, record, function_of(permit))
        row = await tx.row(_Row, QUERIES["media"], where)
        if row is None or row.state != "ready":
            if not await keys.still_live(tx, permit.ask.subject):
                raise Erased
            raise NotHeld
        return row

    async def _used(self, tx: Tx, subject: SubjectId) -> int:
        return int(await tx.value(QUERIES["media_size"], {"subject": subject}))

    def _opened(self, row: _Row) -> Opened:
        if row.wrapped is None:
            raise NotHeld
        label = media_key_label(row.subject, row.object, row.function, row.retention, row.kek_epoch)
        key = cipher.unwrap(self._keyring.key(EpochKind.KEK, row.kek_epoch), label.aad(), bytes(row.wrapped))
        place = (row.subject, row.object, row.function, row.retention)
        whole = _label(*place, item=row.item, policy_version=row.policy_version)
        told: Mapping[str, object] = {}
        if row.told is not None:
            told = blocks.decode_value(cipher.unseal(key, _of_told(whole).aad(), bytes(row.told)))
        return Opened(_held(row), told, row.subject, key, whole.aad(), self)

    def _demand_listing(self, permit: Permit) -> None:
        now = self.clock.now()
        covers.demand(permit, now, covers.READING)
        if permit.ask.basis is Basis.OWN_RIGHT:
            covers.demand_own_right(permit, now, covers.OWN_COPY)

    def _demand_form(self, item: ItemName, value: object) -> None:
        misfit = self._values.misfit(item, value)
        if misfit is not None:
            raise WrongForm(f"{WrongForm.__doc__}: {misfit}")


def _spans(permit: Permit, row: _Row) -> bool:
    """Return whether a permit is about this object: their own right is about every one of theirs."""
    if permit.ask.basis is Basis.OWN_RIGHT:
        return True
    return row.function == function_of(permit) and row.item in permit.allow.items


def _held(row: _Row) -> Held:
    return Held(
        record=RecordId(row.object),
        function=row.function,
        item=ItemName(row.item),
        day=row.at_day,
        size=row.size or 0,
    )


def _where(subject: SubjectId, record: UUID, function: str) -> Mapping[str, object]:
    return {"subject": subject, "object": record, "function": function}


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


def _of_told(whole: Label) -> Label:
    """Return what the value beside an object is bound to."""
    return replace(whole, kind=Kind.MEDIA_TOLD)
