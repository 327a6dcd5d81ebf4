"""Finding a subject by a value that is not stored: a keyed hash per field, under epochs of its own.

Whoever has the index key and a copy of the tags can try every phone number there is; so the key lies outside
the database and every epoch ends. Callers limit the rate of look-ups and normalise values first: one number,
one text. Beside each tag lies the value, sealed for the subject, so that a new epoch can tag it again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from troth.db import Tx
from troth.terms import Clock, ItemName, Permit, SubjectId
from troth.vault import cipher, covers, deletions, keys
from troth.vault.errors import Claimed, KeyDestroyed
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.label import Kind, Label, function_of, retention_of
from troth.vault.sql import QUERIES


def tag(key: bytes, field: str, value: str) -> bytes:
    """Return what ``value`` of ``field`` is found by under one epoch's key."""
    field_key = hmac.digest(key, b"troth index 1|" + field.encode(), hashlib.sha256)
    return hmac.digest(field_key, value.encode(), hashlib.sha256)


def tagged_label(owner: keys.KeyOwner, key: keys.DataKey, field: str, policy_version: int) -> Label:
    """Return what the sealed value beside a tag is bound to."""
    return Label(
        kind=Kind.TAGGED,
        subject=owner.subject,
        function=owner.function,
        retention=owner.retention,
        record=key.id,
        name=field,
        policy_version=policy_version,
    )


@dataclass(frozen=True, slots=True)
class _SealedBy:
    key: UUID


async def drop(
    tx: Tx, subject: SubjectId, query: LiteralString, params: Mapping[str, object], now: datetime
) -> None:
    """Delete tags with the values beside them; the keys that open those are owed an end."""
    gone = await tx.rows(_SealedBy, query, params)
    await deletions.owe(tx, subject, sorted({one.key for one in gone}), now)


@dataclass(frozen=True, slots=True)
class _Taken:
    tag: bytes


class Lookup:
    """The blind index."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    async def find(self, tx: Tx, field: ItemName, value: str) -> SubjectId | None:
        """Return the subject who claimed ``value`` of ``field``, an opaque id, or None."""
        epochs: list[int] = []
        tags: list[bytes] = []
        for epoch in self._keyring.epochs(EpochKind.INDEX):
            try:
                key = self._keyring.key(EpochKind.INDEX, epoch)
            except KeyDestroyed:  # ended since the folder was listed: its tags have been made anew
                continue
            epochs.append(epoch)
            tags.append(tag(key, field, value))
        found = await tx.value(QUERIES["find"], {"field": field, "epochs": epochs, "tags": tags})
        return None if found is None else SubjectId(found)

    async def taken(self, tx: Tx, field: ItemName, values: Sequence[str]) -> frozenset[str]:
        """Return those of ``values`` that somebody claimed; nobody turns an epoch until ``tx`` ends."""
        await tx.run(QUERIES["share_epochs"])
        tagged: dict[bytes, str] = {}
        epochs: list[int] = []
        for epoch in self._keyring.epochs(EpochKind.INDEX):
            try:
                key = self._keyring.key(EpochKind.INDEX, epoch)
            except KeyDestroyed:
                continue
            tagged |= {tag(key, field, value): value for value in values}
            epochs += [epoch] * (len(tagged) - len(epochs))
        params = {"field": field, "epochs": epochs, "tags": list(tagged)}
        rows = await tx.rows(_Taken, QUERIES["taken"], params)
        return frozenset(tagged[bytes(row.tag)] for row in rows)

    async def claim(self, tx: Tx, permit: Permit, field: ItemName, value: str) -> None:
        """Make the permit's subject findable by ``value``, instead of by an earlier value of ``field``.

        Raises `NotKept`, and `Claimed` when another subject holds it, also when both claim it at the
        same moment.
        """
        covers.demand_storing(permit, self._clock.now(), {field})
        subject = permit.ask.subject
        await keys.hold(tx, subject)
        await tx.run(QUERIES["share_epochs"])
        holder = await self.find(tx, field, value)
        if holder == subject:
            return
        if holder is not None:
            raise Claimed
        await drop(tx, subject, QUERIES["release"], {"subject": subject, "field": field}, self._clock.now())
        owner = keys.KeyOwner(subject=subject, function=function_of(permit), retention=retention_of(permit))
        key = await keys.for_storing(tx, self._keyring, owner)
        epoch = self._keyring.current(EpochKind.INDEX)
        label = tagged_label(owner, key, field, permit.version)
        row = {
            "field": field,
            "epoch": epoch.number,
            "tag": tag(epoch.key, field, value),
            "subject": subject,
            "key": key.id,
            "function": owner.function,
            "class": owner.retention,
            "policy_version": permit.version,
            "sealed": cipher.seal(key.secret, label.aad(), value.encode()),
        }
        if not await tx.run(QUERIES["claim"], row):
            raise Claimed

    async def release(self, tx: Tx, permit: Permit, field: ItemName) -> None:
        """Make the permit's subject no longer findable by ``field``."""
        now, subject = self._clock.now(), permit.ask.subject
        covers.demand(permit, now, covers.STORING | covers.FORGETTING, {field})
        await keys.hold(tx, subject)
        await drop(tx, subject, QUERIES["release"], {"subject": subject, "field": field}, now)
