"""Ending one data key before its time, so that what was corrected or deleted opens for nobody.

One key seals all blocks of a subject, function and class, so the version before a correction opens as long as
the others do. Whoever edits owes the key an end; a worker carries it out in small steps, each a transaction:
the key steps aside, what it still has to open is sealed under its successor, and its row goes. From the next
epoch on nothing here opens what it sealed. Opens no value: ciphertexts go from one key to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from msgspec import structs

from troth import ledger
from troth.db import Tx
from troth.ledger import EntryKind
from troth.terms import Clock, SubjectId
from troth.vault import cipher, deletions, events, keys, lookup
from troth.vault.errors import KeyDestroyed, Unsealable
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import named
from troth.vault.sql import QUERIES

_BATCH = 200
_LATER = timedelta(hours=1)
"""How long something waits that could not be done: others owed go on meanwhile."""


@dataclass(frozen=True, slots=True)
class _Owed:
    subject: SubjectId
    key: UUID
    at_day: date
    block: UUID


@dataclass(frozen=True, slots=True)
class _Key:
    key: UUID
    kek_epoch: int
    wrapped: bytes = field(repr=False)
    function: str
    retention: str
    owner_epoch: int

    def owner(self, subject: SubjectId) -> keys.KeyOwner:
        """Return what the key is for, as its wrap says."""
        return keys.KeyOwner(
            subject=subject, function=self.function, retention=self.retention, owner_epoch=self.owner_epoch
        )


@dataclass(frozen=True, slots=True)
class _Block:
    at_day: date
    block: UUID
    version: int
    policy_version: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Tag:
    field: str
    policy_version: int
    sealed: bytes


class Rekeying:
    """What a worker calls until it says that nothing is owed. The caller owns the transaction."""

    def __init__(self, keyring: Keyring, clock: Clock, *, batch: int = _BATCH) -> None:
        self._keyring = keyring
        self._clock = clock
        self._batch = batch

    async def step(self, tx: Tx) -> bool:
        """Take the key that is owed longest one step further; return False when none is owed now.

        What does not open, or cannot be begun yet, is left as it is and tried again later.
        """
        now = self._clock.now()
        first = await tx.row(_Owed, QUERIES["next_rekey"], {"now": now})
        if first is None:
            return False
        await tx.run(QUERIES["door"], {"subject": first.subject})
        await tx.run(QUERIES["share_epochs"])
        of = {"subject": first.subject, "key": first.key}
        owed = await tx.row(_Owed, QUERIES["rekey"], of)  # another worker may have been quicker
        if owed is not None and not await self._further(tx, owed):
            await tx.run(QUERIES["rekey_later"], of | {"at": now + _LATER})
        return True

    async def _further(self, tx: Tx, owed: _Owed) -> bool:
        """Do what comes next; return False when it could not be done."""
        of = {"subject": owed.subject, "key": owed.key}
        row = await tx.row(_Key, QUERIES["key_of_rekey"], of)
        if row is None:  # its function was closed, or its person erased: it ended with that
            await tx.run(QUERIES["end_rekey"], of)
            return True
        owner = row.owner(owed.subject)
        first = await self._before(tx, owner) if row.owner_epoch >= 0 else None
        if first is not None:
            return await self._further(tx, first)
        try:
            old = keys.unwrap(self._keyring, owner, keys.Wrapped(row.key, row.kek_epoch, row.wrapped))
            if row.owner_epoch >= 0:
                await self._aside(tx, owner, old)
            else:
                await self._go_on(tx, owed, structs.replace(owner, owner_epoch=_aside(row.owner_epoch)), old)
        except (Unsealable, KeyDestroyed):
            return False
        return True

    async def _before(self, tx: Tx, owner: keys.KeyOwner) -> _Owed | None:
        """Return the key of the same owner that stepped aside already: one waits for its end at a time."""
        return await tx.row(
            _Owed,
            QUERIES["rekey_before"],
            {
                "subject": owner.subject,
                "function": owner.function,
                "class": owner.retention,
                "owner_epoch": _aside(owner.owner_epoch),
            },
        )

    async def _aside(self, tx: Tx, owner: keys.KeyOwner, old: keys.DataKey) -> None:
        """Make room for a successor, and move the look-up tags: they are few."""
        past = structs.replace(owner, owner_epoch=_aside(owner.owner_epoch))
        of = {"subject": owner.subject, "key": old.id}
        tags = await tx.rows(_Tag, QUERIES["tags_of_key"], of)
        values = [self._beside(owner, old, tag) for tag in tags]  # before anything is written
        epoch = self._keyring.current(EpochKind.KEK)
        label = keys.key_label(past, old.id, epoch.number)
        row = of | {"function": owner.function, "class": owner.retention, "owner_epoch": past.owner_epoch}
        row |= {"kek_epoch": epoch.number, "wrapped": cipher.wrap(epoch.key, label.aad(), old.secret)}
        await tx.run(QUERIES["drop_key"], of)
        await tx.run(QUERIES["add_key"], row)
        new = await keys.for_storing(tx, self._keyring, owner)
        for tag, value in zip(tags, values, strict=True):
            aad = lookup.tagged_label(owner, new, tag.field, tag.policy_version).aad()
            moved = {"key": new.id, "sealed": cipher.seal(new.secret, aad, value)}
            await tx.run(QUERIES["rekey_tag"], {"subject": owner.subject, "field": tag.field} | moved)

    async def _go_on(self, tx: Tx, owed: _Owed, owner: keys.KeyOwner, old: keys.DataKey) -> None:
        """Seal some blocks under the successor; when none is left, end the key."""
        of = {"subject": owed.subject, "key": old.id}
        page = of | {"class": owner.retention, "page": self._batch}
        page |= {"after_day": owed.at_day, "after_block": owed.block}
        found = await tx.rows(_Block, QUERIES["blocks_of_key"], page)
        if not found:
            return await self._end(tx, owner, old)
        new = await keys.for_storing(tx, self._keyring, owner)
        for moved in [self._moved(owner, old, new, block) for block in found]:
            tx.later(QUERIES["rekey_block"], moved)
        await tx.run(QUERIES["rekeyed_up_to"], of | {"at_day": found[-1].at_day, "block": found[-1].block})
        return None

    def _moved(
        self, owner: keys.KeyOwner, old: keys.DataKey, new: keys.DataKey, row: _Block
    ) -> dict[str, object]:
        labels = events.labels(owner)

        def aad(version: int) -> bytes:
            return labels.aad(row.block.bytes, events.of_block(row.at_day, version, row.policy_version))

        packed = cipher.unseal(old.secret, aad(row.version), bytes(row.sealed))
        return {
            "subject": owner.subject,
            "class": owner.retention,
            "at_day": row.at_day,
            "block": row.block,
            "version": row.version + 1,
            "key": new.id,
            "sealed": cipher.seal(new.secret, aad(row.version + 1), packed),
        }

    def _beside(self, owner: keys.KeyOwner, old: keys.DataKey, tag: _Tag) -> bytes:
        aad = lookup.tagged_label(owner, old, tag.field, tag.policy_version).aad()
        return cipher.unseal(old.secret, aad, tag.sealed)

    async def _end(self, tx: Tx, owner: keys.KeyOwner, old: keys.DataKey) -> None:
        now, of = self._clock.now(), {"subject": owner.subject, "key": old.id}
        await tx.run(QUERIES["drop_key"], of)
        await tx.run(QUERIES["end_rekey"], of)
        await deletions.note(tx, now)
        policy, function = named(owner.function)
        entry = ledger.NewEntry(
            kind=EntryKind.KEY_ENDED,
            at=now,
            policy=policy,
            function=function,
            subject=owner.subject,
            # Once this epoch's key is on record as destroyed, nothing here opens what this one sealed.
            details={"kek_epoch": self._keyring.epochs(EpochKind.KEK)[-1]},
        )
        await ledger.append(tx, entry)


def _aside(owner_epoch: int) -> int:
    """Return under which number a key waits for its end: its own again, when asked twice."""
    return -1 - owner_epoch
