"""Documents: sealed values by subject and item, replaced in place, their keys wrapped once per function.

A document's key is its own. A function holds the document as long as it holds a wrap; the document dies with
its last wrap. Most items have one document; of some there are several, each by its record. What a law holds
is not replaced: it is set apart, and a new document takes its place. Whether a permit covers the item is
settled before this is called.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from troth.db import Tx
from troth.terms import ItemName, Permit, RecordId, SubjectId
from troth.vault import blocks, cipher, deletions
from troth.vault.errors import KeyDestroyed, NotHeld, Unsealable
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import HOLD, Kind, Label, function_of, retention_of
from troth.vault.sql import QUERIES

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A document, opened, and the functions that hold it."""

    record: RecordId
    item: ItemName
    functions: tuple[str, ...]
    day: date
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier version of a document, opened."""

    version: int
    day: date
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that a law holds, opened for that duty."""

    record: RecordId
    item: ItemName
    day: date
    until: datetime
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Wrap:
    function: str
    retention: str
    kek_epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class _ToHold(_Wrap):
    record: UUID
    item: str


@dataclass(frozen=True, slots=True)
class _Stored:
    record: UUID
    version: int
    policy_version: int
    at_day: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _Held(_Stored):
    function: str
    retention: str
    kek_epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class _Listed(_Held):
    item: str
    functions: list[str]


@dataclass(frozen=True, slots=True)
class _HeldBack(_Held):
    item: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which document of an item: the one (``record`` None), or one of several; and whether versions stay."""

    record: RecordId | None = None
    several: bool = False
    history: bool = False


async def put(
    tx: Tx,
    keyring: Keyring,
    permit: Permit,
    item: ItemName,
    value: Mapping[str, object],
    *,
    now: datetime,
    which: Which = Which(),
) -> RecordId:
    """Store ``value`` as the next version, held by the permit's function. The caller holds the row.

    Where no version stays, the key does not either: what was replaced opens no more, here from the next epoch
    on. Raises `NotHeld` for a record that the function does not hold.
    """
    subject, function = permit.ask.subject, function_of(permit)
    plaintext = blocks.encode_value(value)
    old = await _found(tx, permit, item, which)
    wraps = await _wraps(tx, subject, old.record) if old else []
    if which.record is not None and function not in {w.function for w in wraps if w.retention != HOLD}:
        raise NotHeld
    holders = {(wrap.function, wrap.retention) for wrap in wraps if wrap.retention != HOLD}
    holders.add((function, retention_of(permit)))
    if old is not None and any(wrap.retention == HOLD for wrap in wraps):
        await _set_apart(tx, subject, old.record)
        old, wraps = None, []
    record = RecordId(old.record if old else uuid4())
    version = old.version + 1 if old else 1
    old_key = _unwrap(keyring, subject, record, wraps[0]) if wraps else None
    key = old_key if old_key and which.history else cipher.new_key()
    sealed = cipher.seal(key, document_label(subject, record, item, version, permit.version).aad(), plaintext)
    row = {
        "subject": subject,
        "record": record,
        "item": item,
        "several": which.several or which.record is not None,
        "version": version,
        "policy_version": permit.version,
        "at_day": now.date(),
        "sealed": sealed,
    }
    if old is not None and which.history:
        await tx.run(QUERIES["keep_version"], row)
    elif old_key is not None:
        await _renew(tx, (subject, record, item), old_key, key)
        await deletions.note(tx, now)
        wraps = []
    await tx.run(QUERIES["replace_document" if old else "add_document"], row)
    for holder in sorted(holders - {(wrap.function, wrap.retention) for wrap in wraps}):
        await add_wrap(tx, keyring, subject, record, key=key, holder=holder)
    return record


async def replaced(
    tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, value: Mapping[str, object]
) -> tuple[RecordId, int] | None:
    """Return record and version of what ``value`` would take the place of; None: nothing, or the same."""
    subject = permit.ask.subject
    old = await _found(tx, permit, item, Which())
    wraps = await _wraps(tx, subject, old.record) if old else []
    if old is None or not wraps:
        return None
    with suppress(KeyDestroyed):  # the epoch ended between reading the row and reading the key
        if _opened(_unwrap(keyring, subject, old.record, wraps[0]), subject, item, old) == value:
            return None
    return RecordId(old.record), old.version


async def _renew(tx: Tx, of: tuple[SubjectId, UUID, ItemName], old: bytes, new: bytes) -> None:
    """Take a document's key out of every wrap; versions that another function's policy keeps move along."""
    subject, record, item = of
    await tx.run(QUERIES["drop_record_wraps"], {"subject": subject, "record": record})
    for one in await tx.rows(_Stored, QUERIES["past"], {"subject": subject, "record": record}):
        aad = document_label(subject, record, item, one.version, one.policy_version).aad()
        sealed = cipher.seal(new, aad, cipher.unseal(old, aad, bytes(one.sealed)))
        params = {"subject": subject, "record": record, "version": one.version, "sealed": sealed}
        await tx.run(QUERIES["reseal_past"], params)


async def add(
    tx: Tx,
    of: tuple[SubjectId, ItemName, int],
    value: Mapping[str, object],
    *,
    key: bytes,
    day: date,
    record: RecordId,
) -> None:
    """Add one of several documents, ``of`` whom, what and under which version of the policy, under ``key``.

    It has no wrap yet: the caller adds one.
    """
    subject, item, policy_version = of
    label = document_label(subject, record, item, 1, policy_version)
    row = {
        "subject": subject,
        "record": record,
        "item": item,
        "several": True,
        "version": 1,
        "policy_version": policy_version,
        "at_day": day,
        "sealed": cipher.seal(key, label.aad(), blocks.encode_value(value)),
    }
    await tx.run(QUERIES["add_document"], row)


async def open_one(
    tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, record: RecordId | None = None
) -> Mapping[str, object]:
    """Return the value that the permit's function holds; raise `NotHeld` when it holds none."""
    held, key = await _opening(tx, keyring, permit, item, record)
    return _opened(key, permit.ask.subject, item, held)


async def history(
    tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, record: RecordId | None = None
) -> tuple[Version, ...]:
    """Return the earlier versions of a document that the permit's function holds, oldest first."""
    subject = permit.ask.subject
    held, key = await _opening(tx, keyring, permit, item, record)
    past = await tx.rows(_Stored, QUERIES["past"], {"subject": subject, "record": held.record})
    return tuple(Version(one.version, one.at_day, _opened(key, subject, item, one)) for one in past)


async def records(tx: Tx, permit: Permit, item: ItemName) -> tuple[RecordId, ...]:
    """Return the records of an item that the permit's function holds, oldest first."""
    params = {"subject": permit.ask.subject, "item": item, "function": function_of(permit)}
    cursor = await tx.conn.execute(QUERIES["documents_for"], params, prepare=True)
    return tuple(RecordId(row[0]) for row in await cursor.fetchall())


async def key_of(tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, record: RecordId) -> bytes:
    """Return the key of a record that the permit's function holds, for another wrap. Raises `NotHeld`."""
    _held, key = await _opening(tx, keyring, permit, item, record)
    return key


async def to_hold(
    tx: Tx, keyring: Keyring, subject: SubjectId, function: str, items: Collection[ItemName]
) -> tuple[tuple[RecordId, ItemName, bytes], ...]:
    """Return the records of ``items`` that a function holds, each with its key, for another wrap."""
    await tx.run(QUERIES["share_epochs"])
    params = {"subject": subject, "function": function, "items": sorted(items)}
    rows = await tx.rows(_ToHold, QUERIES["keys_to_hold"], params)
    return tuple(
        (RecordId(row.record), ItemName(row.item), _unwrap(keyring, subject, row.record, row)) for row in rows
    )


async def _opening(
    tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, record: RecordId | None
) -> tuple[_Held, bytes]:
    subject = permit.ask.subject
    params = {"subject": subject, "item": item, "function": function_of(permit), "record": record}
    for last in (False, True):
        held = await tx.row(_Held, QUERIES["document_for"], params)
        if held is None:
            break
        try:
            return held, _unwrap(keyring, subject, held.record, held)
        except KeyDestroyed:  # the epoch ended between reading the row and reading the key
            if last:
                raise
    raise NotHeld


async def _found(tx: Tx, permit: Permit, item: ItemName, which: Which) -> _Stored | None:
    params = {"subject": permit.ask.subject, "item": item, "record": which.record}
    if which.record is not None:
        found = await tx.row(_Stored, QUERIES["document_of"], params)
        if found is None:
            raise NotHeld
        return found
    return None if which.several else await tx.row(_Stored, QUERIES["document"], params)


async def _set_apart(tx: Tx, subject: SubjectId, record: UUID) -> None:
    params = {"subject": subject, "record": record}
    await tx.run(QUERIES["set_apart"], params)
    await tx.run(QUERIES["drop_record_wraps"], params)


async def let_go(tx: Tx, permit: Permit, items: frozenset[ItemName]) -> int:
    """Drop the function's wraps of ``items``; return how many documents died with it."""
    for item in sorted(items):
        params = {"subject": permit.ask.subject, "item": item, "function": function_of(permit)}
        await tx.run(QUERIES["drop_wrap"], params)
    return await drop_unwrapped(tx, permit.ask.subject)


async def let_go_of(tx: Tx, subject: SubjectId, function: str, record: UUID) -> int:
    """Drop one function's wraps of one record; return 1 when it died with that."""
    await tx.run(QUERIES["drop_wrap_of"], {"subject": subject, "function": function, "record": record})
    return await drop_unwrapped(tx, subject)


async def drop_unwrapped(tx: Tx, subject: SubjectId) -> int:
    """Delete the documents that nothing wraps any more, with their versions; return how many."""
    died = await tx.run(QUERIES["drop_unwrapped"], {"subject": subject})
    await tx.run(QUERIES["drop_past"], {"subject": subject})
    return died


async def every(tx: Tx, keyring: Keyring, subject: SubjectId) -> AsyncGenerator[Document]:
    """Yield every document of a subject, whichever function holds it, a page at a time."""
    after = UUID(int=0)
    while page := await tx.rows(
        _Listed, QUERIES["all_documents"], {"subject": subject, "after": after, "page": _PAGE}
    ):
        for row in page:
            item = ItemName(row.item)
            functions = tuple(sorted(set(row.functions)))
            yield Document(
                RecordId(row.record), item, functions, row.at_day, _open(keyring, subject, item, row)
            )
        after = page[-1].record


async def _wraps(tx: Tx, subject: SubjectId, record: UUID) -> list[_Wrap]:
    # Wraps are read under the epochs' lock: a rotation may not destroy what was just read.
    await tx.run(QUERIES["share_epochs"])
    wraps = await tx.rows(_Wrap, QUERIES["wraps"], {"subject": subject, "record": record})
    if not wraps:
        raise Unsealable  # a document without a wrap cannot be: it dies with its last
    return wraps


async def held(tx: Tx, keyring: Keyring, permit: Permit, now: datetime) -> tuple[HeldRecord, ...]:
    """Return the records of the permit's function that a hold keeps, opened through the hold's wraps."""
    subject = permit.ask.subject
    params = {"subject": subject, "function": function_of(permit), "now": now}
    try:
        rows = await tx.rows(_HeldBack, QUERIES["held_for"], params)
        return tuple(_held_record(keyring, subject, row) for row in rows)
    except KeyDestroyed:  # the epoch ended between reading the rows and reading its key
        rows = await tx.rows(_HeldBack, QUERIES["held_for"], params)
        return tuple(_held_record(keyring, subject, row) for row in rows)


def _held_record(keyring: Keyring, subject: SubjectId, row: _HeldBack) -> HeldRecord:
    item = ItemName(row.item)
    return HeldRecord(RecordId(row.record), item, row.at_day, row.until, _open(keyring, subject, item, row))


async def wrapped_for(tx: Tx, subject: SubjectId, record: UUID, holder: tuple[str, str]) -> bool:
    """Return whether a function (and retention class) holds a record."""
    wraps = await tx.rows(_Wrap, QUERIES["wraps"], {"subject": subject, "record": record})
    return holder in {(wrap.function, wrap.retention) for wrap in wraps}


async def add_wrap(
    tx: Tx, keyring: Keyring, subject: SubjectId, record: UUID, *, key: bytes, holder: tuple[str, str]
) -> None:
    """Let one more function (and retention class) hold a record."""
    await tx.run(QUERIES["share_epochs"])
    epoch = keyring.current(EpochKind.KEK)
    function, retention = holder
    label = wrap_label(subject, record, function, retention, epoch.number)
    await tx.run(
        QUERIES["add_wrap"],
        {
            "subject": subject,
            "record": record,
            "function": function,
            "class": retention,
            "kek_epoch": epoch.number,
            "wrapped": cipher.wrap(epoch.key, label.aad(), key),
        },
    )


def wrap_label(subject: SubjectId, record: UUID, function: str, retention: str, kek_epoch: int) -> Label:
    """Return what one function's wrap of a document's key is bound to."""
    return Label(
        kind=Kind.WRAP,
        subject=subject,
        record=record,
        function=function,
        retention=retention,
        version=kek_epoch,
    )


def document_label(
    subject: SubjectId, record: UUID, item: ItemName, version: int, policy_version: int
) -> Label:
    """Return what a version of a document is bound to."""
    return Label(
        kind=Kind.DOCUMENT,
        subject=subject,
        record=record,
        name=item,
        version=version,
        policy_version=policy_version,
    )


def _unwrap(keyring: Keyring, subject: SubjectId, record: UUID, wrap: _Wrap | _Held) -> bytes:
    label = wrap_label(subject, record, wrap.function, wrap.retention, wrap.kek_epoch)
    return cipher.unwrap(keyring.key(EpochKind.KEK, wrap.kek_epoch), label.aad(), bytes(wrap.wrapped))


def _open(keyring: Keyring, subject: SubjectId, item: ItemName, held: _Held) -> Mapping[str, object]:
    return _opened(_unwrap(keyring, subject, held.record, held), subject, item, held)


def _opened(key: bytes, subject: SubjectId, item: ItemName, held: _Stored) -> Mapping[str, object]:
    label = document_label(subject, held.record, item, held.version, held.policy_version)
    return blocks.decode_value(cipher.unseal(key, label.aad(), bytes(held.sealed)))
