"""Bytes from a device ↔ a batch of readings. Strict: what is not exactly the form is `Malformed`.

Decides nothing about content: an unknown item is a question for the gate, not an error of form.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from troth.devices.batch import Ack, Batch, Malformed, Refusal
from troth.terms import Discreet, ItemName, Reading

MAX_BYTES = 64 * 1024
MAX_READINGS = 1000
_BATCH_ID = re.compile(rb'^\s*\{\s*"id"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


class _Reading(Discreet, frozen=True, forbid_unknown_fields=True):
    id: UUID
    item: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")]
    at: datetime
    value: dict[str, object]

    def __repr__(self) -> str:
        return "_Reading(...)"


class _Batch(Discreet, frozen=True, forbid_unknown_fields=True):
    id: UUID
    readings: Annotated[list[_Reading], msgspec.Meta(min_length=1)]

    def __repr__(self) -> str:
        return f"_Batch({len(self.readings)})"


class _Ack(msgspec.Struct):
    id: UUID
    stored: int
    duplicates: int
    dropped: int
    denied: int


class _Refused(msgspec.Struct):
    id: UUID | None
    refused: str


_decoder = msgspec.json.Decoder(_Batch)
_encoder = msgspec.json.Encoder()


def batch(payload: bytes) -> Batch:
    """Read a device's message. Raises `Malformed`, whatever the bytes are."""
    if len(payload) > MAX_BYTES:
        raise Malformed(Refusal.OVERSIZED)
    try:
        read = _decoder.decode(payload)
    except msgspec.ValidationError:
        raise Malformed(Refusal.WRONG_SHAPE, _batch_id(payload)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        raise Malformed(Refusal.NOT_JSON) from None
    if len(read.readings) > MAX_READINGS:
        raise Malformed(Refusal.TOO_MANY_READINGS, read.id)
    return Batch(read.id, tuple(_reading(one, read.id) for one in read.readings))


def _reading(one: _Reading, batch_id: UUID) -> Reading:
    if one.at.tzinfo is None:
        raise Malformed(Refusal.NAIVE_TIME, batch_id)
    try:
        measured = one.at.astimezone(UTC)
    except OverflowError:
        raise Malformed(Refusal.TIME_OUT_OF_RANGE, batch_id) from None
    return Reading(one.id, ItemName(one.item), measured, one.value)


def _batch_id(payload: bytes) -> UUID | None:
    """Return the id that a message starts with, read without trusting the rest."""
    found = _BATCH_ID.match(payload)
    return UUID(found[1].decode()) if found else None


def payload(sent: Batch) -> bytes:
    """Write a batch as a device would."""
    readings = [_Reading(one.id, one.item, one.measured, dict(one.value)) for one in sent.readings]
    return _encoder.encode(_Batch(sent.id, readings))


def ack(made: Ack) -> bytes:
    """Write the acknowledgement of a batch that was committed."""
    return _encoder.encode(_Ack(made.batch, made.stored, made.duplicates, made.dropped, made.denied))


def refused(malformed: Malformed) -> bytes:
    """Write what a sender hears of a message that will never be taken; ``id`` is null where none is readable.

    The reason is a word of ours: nothing of the message is repeated.
    """
    return _encoder.encode(_Refused(malformed.batch, malformed.reason.value))
