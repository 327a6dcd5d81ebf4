"""The first documents of subjects who are new, many at once: sealed as `put` and `claim` do.

Whether a permit covers the items, and whether a value has the form of its item, is settled before. The caller
made the subjects in ``tx``, so that no row of theirs needs a lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from troth.db import Tx
from troth.terms import ItemName, Permit
from troth.vault import blocks, cipher, documents, keys, lookup
from troth.vault.errors import Claimed
from troth.vault.keyring import Epoch, EpochKind, Keyring
from troth.vault.label import function_of, retention_of
from troth.vault.sql import QUERIES

_KEYS = ("uuid", "uuid", "text", "text", "int4", "bytea")
_DOCUMENTS = ("uuid", "uuid", "text", "int4", "int4", "date", "bytea")
_WRAPS = ("uuid", "uuid", "text", "text", "int4", "bytea")
_TAGS = ("text", "int4", "bytea", "uuid", "uuid", "text", "text", "int4", "bytea")
_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is stored under one permit, and by which of the items, each as one text, its subject is found."""

    permit: Permit
    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    found_by: Mapping[ItemName, str] = field(repr=False)


class _Sealing:
    """Seals under the epochs of one transaction."""

    def __init__(self, kek: Epoch, index: Epoch, day: date) -> None:
        self._kek, self._index, self._day = kek, index, day
        self.keys: list[_Row] = []
        self.documents: list[_Row] = []
        self.wraps: list[_Row] = []
        self.tags: list[_Row] = []
        self.stored: list[tuple[Permit, UUID]] = []

    def seal(self, each: Arrival) -> None:
        """Seal what one permit covers."""
        permit = each.permit
        owner = keys.KeyOwner(
            subject=permit.ask.subject, function=function_of(permit), retention=retention_of(permit)
        )
        for item, value in each.values.items():
            self.stored.append((permit, self._document(owner, item, value, permit.version)))
        if each.found_by:
            key = self._key(owner)
            for item, text in each.found_by.items():
                self._tag(owner, key, item, text, permit.version)

    def _document(
        self, owner: keys.KeyOwner, item: ItemName, value: Mapping[str, object], policy_version: int
    ) -> UUID:
        subject, record, key, epoch = owner.subject, uuid4(), cipher.new_key(), self._kek
        label = documents.document_label(subject, record, item, 1, policy_version)
        sealed = cipher.seal(key, label.aad(), blocks.encode_value(value))
        self.documents.append((subject, record, item, 1, policy_version, self._day, sealed))
        wrap = documents.wrap_label(subject, record, owner.function, owner.retention, epoch.number)
        wrapped = cipher.wrap(epoch.key, wrap.aad(), key)
        self.wraps.append((subject, record, owner.function, owner.retention, epoch.number, wrapped))
        return record

    def _key(self, owner: keys.KeyOwner) -> keys.DataKey:
        made, epoch = keys.DataKey(uuid4(), cipher.new_key()), self._kek
        label = keys.key_label(owner, made.id, epoch.number)
        wrapped = cipher.wrap(epoch.key, label.aad(), made.secret)
        self.keys.append((owner.subject, made.id, owner.function, owner.retention, epoch.number, wrapped))
        return made

    def _tag(
        self, owner: keys.KeyOwner, key: keys.DataKey, item: ItemName, text: str, policy_version: int
    ) -> None:
        label = lookup.tagged_label(owner, key, item, policy_version)
        self.tags.append(
            (
                *(item, self._index.number, lookup.tag(self._index.key, item, text), owner.subject, key.id),
                *(owner.function, owner.retention, policy_version),
                cipher.seal(key.secret, label.aad(), text.encode()),
            )
        )


async def arrive(
    tx: Tx, keyring: Keyring, arrivals: Sequence[Arrival], day: date
) -> Sequence[tuple[Permit, UUID]]:
    """Store all of it; return the records, each with its permit.

    Raises `Claimed` when another subject came to hold a value meanwhile.
    """
    await tx.run(QUERIES["share_epochs"])
    sealing = _Sealing(keyring.current(EpochKind.KEK), keyring.current(EpochKind.INDEX), day)
    for each in arrivals:
        sealing.seal(each)
    await tx.copy(QUERIES["copy_keys"], _KEYS, sealing.keys)
    await tx.copy(QUERIES["copy_documents"], _DOCUMENTS, sealing.documents)
    await tx.copy(QUERIES["copy_wraps"], _WRAPS, sealing.wraps)
    try:
        await tx.copy(QUERIES["copy_tags"], _TAGS, sealing.tags)
    except UniqueViolation:
        raise Claimed from None
    return sealing.stored
