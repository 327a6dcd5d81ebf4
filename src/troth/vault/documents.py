"""Documents: one sealed value per subject and item, replaced in place, its key wrapped once per function.

A document's key is its own. A function holds the document as long as it holds a wrap; the document dies with
its last wrap. Whether a permit covers the item is settled before this is called.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from troth.db import Tx
from troth.terms import ItemName, Permit, RecordId, SubjectId
from troth.vault import blocks, cipher
from troth.vault.errors import KeyDestroyed, NotHeld, Unsealable
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import Kind, Label, function_of, retention_of
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
class _Wrap:
    function: str
    retention: str
    kek_epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class _Stored:
    record: UUID
    version: int
    policy_version: int
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
    at_day: date
    functions: list[str]


async def put(
    tx: Tx, keyring: Keyring, permit: Permit, item: ItemName, value: Mapping[str, object], *, day: date
) -> RecordId:
    """Store ``value`` as the next version, held by the permit's function. The caller holds the row."""
    subject, function = permit.ask.subject, function_of(permit)
    plaintext = blocks.encode_value(value)
    old = await tx.row(_Stored, QUERIES["document"], {"subject": subject, "item": item})
    record = RecordId(old.record if old else uuid4())
    version = old.version + 1 if old else 1
    wraps = await _wraps(tx, subject, record) if old else []
    key = _unwrap(keyring, subject, record, wraps[0]) if wraps else cipher.new_key()
    sealed = cipher.seal(key, _label(subject, record, item, version, permit.version).aad(), plaintext)
    row = {
        "subject": subject,
        "record": record,
        "item": item,
        "version": version,
        "policy_version": permit.version,
        "at_day": day,
        "sealed": sealed,
    }
    await tx.run(QUERIES["replace_document" if old else "add_document"], row)
    if (function, retention_of(permit)) not in {(wrap.function, wrap.retention) for wrap in wraps}:
        await _add_wrap(tx, keyring, permit, record, key)
    return record


async def open_one(tx: Tx, keyring: Keyring, permit: Permit, item: ItemName) -> Mapping[str, object]:
    """Return the value that the permit's function holds; raise `NotHeld` when it holds none."""
    subject = permit.ask.subject
    params = {"subject": subject, "item": item, "function": function_of(permit)}
    held = await tx.row(_Held, QUERIES["document_for"], params)
    if held is None:
        raise NotHeld
    try:
        return _open(keyring, subject, item, held)
    except KeyDestroyed:  # the epoch ended between reading the row and reading the key
        held = await tx.row(_Held, QUERIES["document_for"], params)
        if held is None:
            raise NotHeld from None
        return _open(keyring, subject, item, held)


async def let_go(tx: Tx, permit: Permit, items: frozenset[ItemName]) -> int:
    """Drop the function's wraps of ``items``; return how many documents died with it."""
    for item in sorted(items):
        params = {"subject": permit.ask.subject, "item": item, "function": function_of(permit)}
        await tx.run(QUERIES["drop_wrap"], params)
    return await tx.run(QUERIES["drop_unwrapped"], {"subject": permit.ask.subject})


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


async def _add_wrap(tx: Tx, keyring: Keyring, permit: Permit, record: UUID, key: bytes) -> None:
    await tx.run(QUERIES["share_epochs"])
    epoch = keyring.current(EpochKind.KEK)
    function, retention = function_of(permit), retention_of(permit)
    label = wrap_label(permit.ask.subject, record, function, retention, epoch.number)
    await tx.run(
        QUERIES["add_wrap"],
        {
            "subject": permit.ask.subject,
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


def _label(subject: SubjectId, record: UUID, item: ItemName, version: int, policy_version: int) -> Label:
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
    key = _unwrap(keyring, subject, held.record, held)
    label = _label(subject, held.record, item, held.version, held.policy_version)
    return blocks.decode_value(cipher.unseal(key, label.aad(), bytes(held.sealed)))
