"""Moving one row from a past epoch to the current one: the three kinds of rows that depend on an epoch's key.

Each knows its place in the order that a rotation walks in, and what it becomes. Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from troth.terms import SubjectId
from troth.vault import cipher, documents, keys
from troth.vault.keyring import Epoch, EpochKind, Keyring
from troth.vault.label import Labels, media_key_label
from troth.vault.lookup import tag, tagged_label

_NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: the key of the last row seen, in the order of its table."""

    subject: UUID = _NOWHERE
    id: UUID = _NOWHERE
    first: str = ""
    second: str = ""


class Keks:
    """The past keys that one batch needs, each read once."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._read: dict[int, bytes] = {}

    def __getitem__(self, epoch: int) -> bytes:
        if epoch not in self._read:
            self._read[epoch] = self._keyring.key(EpochKind.KEK, epoch)
        return self._read[epoch]


class Movable(Protocol):
    """A row that depends on an epoch's key."""

    def place(self) -> Place:
        """Return where it stands in its table's order."""
        ...

    def moved(self, keks: Keks, epoch: Epoch) -> bytes:
        """Return what it holds under ``epoch``."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A data key's wrap."""

    subject: SubjectId
    key: UUID
    function: str
    retention: str
    owner_epoch: int
    kek_epoch: int
    wrapped: bytes = field(repr=False)

    def owner(self) -> keys.KeyOwner:
        """Return what the key is for."""
        return keys.KeyOwner(
            subject=self.subject,
            function=self.function,
            retention=self.retention,
            owner_epoch=self.owner_epoch,
        )

    def secret(self, keks: Keks) -> bytes:
        """Return the key, unwrapped."""
        label = keys.key_label(self.owner(), self.key, self.kek_epoch)
        return cipher.unwrap(keks[self.kek_epoch], label.aad(), bytes(self.wrapped))

    def place(self) -> Place:
        """Return where it stands in its table's order."""
        return Place(self.subject, self.key)

    def moved(self, keks: Keks, epoch: Epoch) -> bytes:
        """Return the wrap under ``epoch``."""
        labels, key = Labels(self.subject, self.function, self.retention), self.key.bytes
        old = labels.aad(key, keys.of_key(self.owner_epoch, self.kek_epoch))
        new = labels.aad(key, keys.of_key(self.owner_epoch, epoch.number))
        secret = cipher.unwrap(keks[self.kek_epoch], old, bytes(self.wrapped))
        return cipher.wrap(epoch.key, new, secret)


@dataclass(frozen=True, slots=True)
class WrapRow:
    """One function's wrap of a document's key."""

    subject: SubjectId
    record: UUID
    function: str
    retention: str
    kek_epoch: int
    wrapped: bytes = field(repr=False)

    def place(self) -> Place:
        """Return where it stands in its table's order."""
        return Place(self.subject, self.record, self.function, self.retention)

    def moved(self, keks: Keks, epoch: Epoch) -> bytes:
        """Return the wrap under ``epoch``."""
        old = documents.wrap_label(self.subject, self.record, self.function, self.retention, self.kek_epoch)
        new = documents.wrap_label(self.subject, self.record, self.function, self.retention, epoch.number)
        secret = cipher.unwrap(keks[self.kek_epoch], old.aad(), bytes(self.wrapped))
        return cipher.wrap(epoch.key, new.aad(), secret)


@dataclass(frozen=True, slots=True)
class MediaRow:
    """The wrap of an object's key."""

    subject: SubjectId
    object: UUID
    function: str
    retention: str
    kek_epoch: int
    wrapped: bytes = field(repr=False)

    def place(self) -> Place:
        """Return where it stands in its table's order."""
        return Place(self.subject, self.object)

    def moved(self, keks: Keks, epoch: Epoch) -> bytes:
        """Return the wrap under ``epoch``."""
        place = (self.subject, self.object, self.function, self.retention)
        old = media_key_label(*place, self.kek_epoch)
        secret = cipher.unwrap(keks[self.kek_epoch], old.aad(), bytes(self.wrapped))
        return cipher.wrap(epoch.key, media_key_label(*place, epoch.number).aad(), secret)


@dataclass(frozen=True, slots=True)
class TagRow(KeyRow):
    """A look-up tag, with the value sealed beside it and the key that opens that."""

    field: str
    policy_version: int
    sealed: bytes

    def place(self) -> Place:
        """Return where it stands in its table's order."""
        return Place(self.subject, first=self.field)

    def moved(self, keks: Keks, epoch: Epoch) -> bytes:
        """Return the tag under ``epoch``."""
        key = keys.DataKey(self.key, self.secret(keks))
        label = tagged_label(self.owner(), key, self.field, self.policy_version)
        return tag(epoch.key, self.field, cipher.unseal(key.secret, label.aad(), bytes(self.sealed)).decode())


@dataclass(frozen=True, slots=True)
class Series:
    """One table's rows under past epochs: which epochs, how a row reads, and the names of its queries."""

    kind: EpochKind
    row: type[KeyRow | WrapRow | MediaRow]
    old: str
    new: str


SERIES = (
    Series(EpochKind.KEK, KeyRow, "old_keys", "rewrap_keys"),
    Series(EpochKind.KEK, WrapRow, "old_wraps", "rewrap_wraps"),
    Series(EpochKind.KEK, MediaRow, "old_media", "rewrap_media"),
    Series(EpochKind.INDEX, TagRow, "old_tags", "retag"),
)
