"""Data keys: one per subject, function, retention class and ownership epoch; wrapped by the current epoch.

Keys live unwrapped for one call and are never kept. Whoever wraps holds the epochs' shared lock, so that no
wrap of a past epoch can commit after that epoch's key was destroyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID, uuid4

from msgspec import Struct

from troth.db import Tx, arrays
from troth.terms import Discreet, SubjectId
from troth.vault import cipher
from troth.vault.errors import Erased, KeyDestroyed, NotHeld
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import Kind, Label, Labels
from troth.vault.sql import QUERIES

LIVE = "live"
_NOBODY = frozenset[SubjectId]()


class DataKey(Discreet, frozen=True):
    """A key, unwrapped, and the id that sealed rows name it by."""

    id: UUID
    secret: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.id})"  # never the key itself


class KeyOwner(Struct, frozen=True, kw_only=True):
    """What a key is for."""

    subject: SubjectId
    function: str
    retention: str
    owner_epoch: int = 0


class Wrapped(NamedTuple):
    """A key as it lies in the database."""

    key: UUID
    kek_epoch: int
    wrapped: bytes


async def hold(tx: Tx, subject: SubjectId) -> None:
    """Lock the subject's row for a write; raise `Erased` when there is no live subject."""
    if await tx.value(QUERIES["door"], {"subject": subject}) != LIVE:
        raise Erased


async def still_live(tx: Tx, subject: SubjectId) -> bool:
    """Return whether the subject is live, as far as committed."""
    return await tx.value(QUERIES["state"], {"subject": subject}) == LIVE


@lru_cache(maxsize=4096)
def of_key(owner_epoch: int, kek_epoch: int) -> bytes:
    """Return the rest of the label of a data key's wrap."""
    return Labels.of(Kind.KEY, f"owner {owner_epoch}", kek_epoch, 0)


def key_label(owner: KeyOwner, key: UUID, kek_epoch: int) -> Label:
    """Return what a data key's wrap is bound to."""
    return Label(
        kind=Kind.KEY,
        subject=owner.subject,
        record=key,
        function=owner.function,
        retention=owner.retention,
        name=f"owner {owner.owner_epoch}",
        version=kek_epoch,
    )


async def stand_still(tx: Tx) -> None:
    """Wait until nobody wraps, tags or plans an erasure, and keep them out until ``tx`` ends."""
    await tx.run(QUERIES["turn_epochs"])


def unwrap(keyring: Keyring, owner: KeyOwner, row: Wrapped) -> DataKey:
    """Return the key of ``row``; raise `KeyDestroyed` or `Unsealable`."""
    return _unwrap(keyring.key(EpochKind.KEK, row.kek_epoch), owner, row)


def _unwrap(kek: bytes | cipher.Ready, owner: KeyOwner, row: Wrapped) -> DataKey:
    labels = Labels(owner.subject, owner.function, owner.retention)
    aad = labels.aad(row.key.bytes, of_key(owner.owner_epoch, row.kek_epoch))
    return DataKey(row.key, cipher.unwrap(kek, aad, bytes(row.wrapped)))


async def for_storing(tx: Tx, keyring: Keyring, owner: KeyOwner) -> DataKey:
    """Return the key of ``owner``, made now when there is none. The caller holds the subject's row."""
    found = await _find(tx, keyring, owner)
    if found is not None:
        return found
    await tx.run(QUERIES["share_epochs"])
    epoch = keyring.current(EpochKind.KEK)
    made = DataKey(uuid4(), cipher.new_key())
    label = key_label(owner, made.id, epoch.number)
    await tx.run(
        QUERIES["add_key"],
        _params(owner)
        | {
            "key": made.id,
            "kek_epoch": epoch.number,
            "wrapped": cipher.wrap(epoch.key, label.aad(), made.secret),
        },
    )
    return await for_opening(tx, keyring, owner)


async def hold_each(
    tx: Tx, keyring: Keyring, owners: Sequence[KeyOwner], held: AbstractSet[SubjectId] = _NOBODY
) -> list[DataKey | None]:
    """Lock the rows of the owners' subjects, in one order for everybody; return the keys that they have.

    Both in one trip; an epoch's key is read once for all. Those of ``held`` are locked and live already.
    Raises `Erased` unless all subjects are live.
    """
    subjects = sorted({owner.subject for owner in owners} - held, key=attrgetter("int"))
    kinds: dict[tuple[str, str, int], dict[bytes, KeyOwner]] = {}
    for owner in owners:
        of_kind = kinds.setdefault((owner.function, owner.retention, owner.owner_epoch), {})
        of_kind[owner.subject.bytes] = owner
    asked = [
        tx.conn.statement(
            QUERIES["keys"],
            {
                "subjects": arrays.uuids([owner.subject for owner in of_kind.values()]),
                "function": function,
                "class": retention,
                "owner_epoch": owner_epoch,
            },
        )
        for (function, retention, owner_epoch), of_kind in kinds.items()
    ]
    if subjects:
        asked.insert(0, tx.conn.statement(QUERIES["doors"], {"subjects": arrays.uuids(subjects)}))
    found = await tx.conn.ask_each(*asked) if asked else []
    if subjects and tx.conn.load(found.pop(0), tuple, 1) != [(len(subjects),)]:
        raise Erased
    keys: dict[KeyOwner, DataKey] = {}
    keks: dict[int, cipher.Ready] = {}
    for answer, of_kind in zip(found, kinds.values(), strict=True):
        row: tuple[bytes, UUID, int, bytes]
        for row in tx.conn.load(answer, tuple, answer.ntuples):
            subject, key, kek_epoch, wrapped = row
            try:
                kek = keks.get(kek_epoch) or cipher.ready(keyring.key(EpochKind.KEK, kek_epoch))
            except KeyDestroyed:  # the epoch ended meanwhile: `for_storing` reads it anew
                continue
            keks[kek_epoch], owner = kek, of_kind[subject]
            keys[owner] = _unwrap(kek, owner, Wrapped(key, kek_epoch, wrapped))
    return [keys.get(owner) for owner in owners]


async def for_opening(tx: Tx, keyring: Keyring, owner: KeyOwner) -> DataKey:
    """Return the key of ``owner``; raise `NotHeld` when there is none."""
    found = await _find(tx, keyring, owner)
    if found is None:
        raise NotHeld
    return found


async def _find(tx: Tx, keyring: Keyring, owner: KeyOwner) -> DataKey | None:
    row = await tx.row(Wrapped, QUERIES["key"], _params(owner))
    try:
        return None if row is None else unwrap(keyring, owner, row)
    except KeyDestroyed:  # the epoch ended between reading the row and reading its key: it is wrapped anew
        row = await tx.row(Wrapped, QUERIES["key"], _params(owner))
        return None if row is None else unwrap(keyring, owner, row)


def _params(owner: KeyOwner) -> dict[str, object]:
    return {
        "subject": owner.subject,
        "function": owner.function,
        "class": owner.retention,
        "owner_epoch": owner.owner_epoch,
    }
