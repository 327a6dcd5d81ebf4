"""Making permits, and telling a genuine one. Only the gate makes them; the vault believes no other.

The tag covers every field, under a key that this process drew at its start and never shows: a permit is worth
nothing in another process, after a minute, or with anything changed. Does not decide.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import UTC, datetime, timedelta

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
    reference, beyond = ask.reference, ask.beyond
    fields: tuple[object, ...] = (
        ask.verb.value,
        ask.policy,
        ask.function,
        sorted(ask.items),
        ask.purpose,
        ask.subject.hex,
        ask.actor.kind.value,
        ask.actor.id,
        ask.region,
        _moment(ask.at),
        _moment(ask.measured),
        ask.role.value,
        ask.device,
        ask.basis and ask.basis.value,
        reference and (reference.ground, reference.document),
        ask.recipient,
        sorted(ask.unfit),
        beyond and (beyond.act, beyond.case, beyond.receiver, sorted(beyond.facts)),
        sorted(allow.items),
        sorted((drop.item, drop.reason.value, drop.clause or "") for drop in allow.dropped),
        sorted(allow.because),
        sorted(allow.unkept),
        version,
        _moment(lapses),
        entry,
    )
    # repr of str, int, None, UUID and of lists and tuples of them: no two different values read the same.
    return hmac.digest(_KEY.bytes, repr(fields).encode(), hashlib.sha256)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
