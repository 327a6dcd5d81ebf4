"""Making permits, and telling a genuine one. Only the gate makes them; the vault believes no other.

The tag covers every field, under a key that this process drew at its start and never shows: a permit is worth
nothing in another process, after a minute, or with anything changed. Does not decide.
"""

from __future__ import annotations

import hmac
import os
import secrets
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from troth.terms import Allow, Ask, EntryId, Permit, TrothError

LASTS = timedelta(seconds=60)
"""How long a permit is good for."""


class Forged(TrothError):
    """this permit is not one that the gate of this process made: ask the gate again"""


class Lapsed(TrothError):
    """this permit has lapsed: ask the gate again"""


class _Key:
    """The key of this process; a fork draws its own."""

    def __init__(self) -> None:
        self.draw()

    def draw(self) -> None:
        self.bytes = secrets.token_bytes(32)


_KEY = _Key()
_ENCODE = msgspec.msgpack.Encoder(order="deterministic").encode
"""Every field in its place, sets in order, moments as instants: what is equal reads the same, and nothing
else (but for an id and its own text).
"""
os.register_at_fork(after_in_child=_KEY.draw)


def mint(ask: Ask, allow: Allow, version: int, now: datetime, entry: EntryId | None) -> Permit:
    """Make the permit for a yes, good until a minute after ``now``."""
    lapses = now + LASTS
    return Permit(ask, allow, version, lapses, entry, _tag(ask, allow, version, lapses, entry))


def genuine(permit: Permit, now: datetime) -> None:
    """Return when the gate of this process made ``permit`` as it is and it is still good.

    Raises `Forged` or `Lapsed`.
    """
    try:
        tag = _tag(permit.ask, permit.allow, permit.version, permit.lapses, permit.entry)
        same = hmac.compare_digest(tag, permit.tag)
    except Exception as error:
        raise Forged from error
    if not same:
        raise Forged
    if now >= permit.lapses:
        raise Lapsed


def _tag(ask: Ask, allow: Allow, version: int, lapses: datetime, entry: EntryId | None) -> bytes:
    dropped = sorted([_ENCODE(drop) for drop in allow.dropped]) if allow.dropped else None
    said = _ENCODE((ask, allow.items, dropped, allow.because, allow.unkept, version, lapses, entry))
    return blake2b(said, key=_KEY.bytes, digest_size=32).digest()
