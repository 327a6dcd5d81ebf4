"""Readings as one compact block, and back. Pure: no keys, no rows.

Columns rather than rows (ids, items, times as steps, values), since columns compress. Compressed before it is
sealed, because ciphertext does not shrink; but for the ids, which are random, and what is too short to gain.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

import msgspec

from troth.terms import DeviceId, ItemName, Reading
from troth.vault.errors import NotStorable, Unsealable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_DAY, _SECOND = 24 * 60 * 60 * 1_000_000, 1_000_000
_LEVEL = 6
_SHORT = 128
_ID = 16
_AS_IT_IS, _DEFLATED, _WHOLE = b"\x01", b"\x02", b"\x78"
"""How a block begins: what follows the ids is plain or a zlib stream; or, as once was, all of it is one."""
_SIMPLE = frozenset({str, int, float, bool, bytes, type(None)})


class _Rest(msgspec.Struct, array_like=True):
    names: list[str]
    which: list[int]
    first: int
    steps: list[int]
    values: list[dict[str, Any]]


class _Columns(msgspec.Struct, array_like=True):
    ids: bytes
    names: list[str]
    which: list[int]
    first: int
    steps: list[int]
    values: list[dict[str, Any]]


def encode_value(value: Mapping[str, object]) -> bytes:
    """Return ``value`` as bytes; raise `NotStorable` (without it) when it would not come back equal."""
    try:
        return msgspec.msgpack.encode(_plain(value))
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise NotStorable from None


def decode_value(data: bytes) -> Mapping[str, object]:
    """Return what `encode_value` was given."""
    try:
        return msgspec.msgpack.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Unsealable from None


def encode(readings: Sequence[Reading], moments: Sequence[int] | None = None) -> bytes:
    """Return ``readings`` (at least one) as one block. Raises `NotStorable`.

    ``moments``: when each was measured, where the caller has that already, as `micros` says it.
    """
    at = [micros(reading.measured) for reading in readings] if moments is None else moments
    names = sorted({reading.item for reading in readings})
    place = {name: n for n, name in enumerate(names)}
    try:
        rest = msgspec.msgpack.encode(
            _Rest(
                names=[str(name) for name in names],
                which=[place[reading.item] for reading in readings],
                first=at[0],
                steps=[later - earlier for earlier, later in pairwise(at)],
                values=[_plain(reading.value) for reading in readings],
            )
        )
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise NotStorable from None
    ids = b"".join([reading.id.bytes for reading in readings])
    if len(rest) <= _SHORT:
        return b"".join((_AS_IT_IS, len(ids).to_bytes(4, "big"), ids, rest))
    return b"".join((_DEFLATED, len(ids).to_bytes(4, "big"), ids, zlib.compress(rest, _LEVEL)))


def decode(data: bytes) -> list[Reading]:
    """Return the readings of a block, in the order they were given."""
    try:
        ids, columns = _opened(data)
    except (zlib.error, msgspec.DecodeError):
        raise Unsealable from None
    names = [ItemName(name) for name in columns.names]
    found: list[Reading] = []
    at = columns.first
    for n, (which, value) in enumerate(zip(columns.which, columns.values, strict=True)):
        at += columns.steps[n - 1] if n else 0
        found.append(
            Reading(
                id=UUID(bytes=ids[n * _ID : (n + 1) * _ID]),
                item=names[which],
                measured=_EPOCH + at * _STEP,
                value=value,
            )
        )
    return found


def _opened(data: bytes) -> tuple[bytes, _Rest | _Columns]:
    how = data[:1]
    if how == _WHOLE:
        columns = msgspec.msgpack.decode(zlib.decompress(data), type=_Columns)
        return columns.ids, columns
    if how not in (_AS_IT_IS, _DEFLATED):
        raise Unsealable
    end = 5 + int.from_bytes(data[1:5], "big")
    rest = data[end:] if how == _AS_IT_IS else zlib.decompress(data[end:])
    return data[5:end], msgspec.msgpack.decode(rest, type=_Rest)


def micros(at: datetime) -> int:
    """Return ``at`` in microseconds since 1970; raise `NotStorable` for a time without a zone."""
    if at.tzinfo is None:
        raise NotStorable("a reading's time has no zone: send RFC 3339 with an offset")
    since = at - _EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def mark(function: str, device: DeviceId | None, reading: UUID) -> UUID:
    """Return what a resend of this reading would have again, and nothing else in practice."""
    name = function.encode()
    sender = device.bytes if device else bytes(16)
    digest = hashlib.sha256(len(name).to_bytes(4, "big") + name + sender + reading.bytes).digest()
    return UUID(bytes=digest[:16])


def _plain(value: object) -> Any:
    """Return ``value`` made of plain parts, or raise `TypeError`: what is stored must come back equal."""
    if type(value) in _SIMPLE or isinstance(value, bool | int | float | str | bytes):
        return value
    if type(value) is dict:
        flat = cast("dict[object, object]", value)
        if all(type(key) is str and type(part) in _SIMPLE for key, part in flat.items()):
            return flat
    if isinstance(value, Mapping):
        return _plain_map(cast("Mapping[object, object]", value))
    if isinstance(value, list | tuple):
        return [_plain(part) for part in cast("Sequence[object]", value)]
    raise TypeError("not a plain value")


def _plain_map(value: Mapping[object, object]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for key, part in value.items():
        if not isinstance(key, str):
            raise TypeError("a key is not text")
        parts[key] = _plain(part)
    return parts
