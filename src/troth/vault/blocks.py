"""Readings as one compact block, and back. Pure: no keys, no rows.

Columns rather than rows (ids, items, times as steps, the fields of values), since columns compress.
Compressed before it is sealed, because ciphertext does not shrink; but for the ids, which are random, and
what is too short to gain.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, pairwise, repeat
from math import gcd
from typing import Any, cast
from uuid import UUID

import msgspec

from troth.policy.columns import by_field
from troth.terms import DeviceId, ItemName, Reading
from troth.vault.errors import NotStorable, Unsealable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_LEVEL = 6
_RAW = -15
_SHORT = 128
"""Bytes below which deflating takes as long as sealing and saves less than a twentieth of a block's row."""
_ID = 16
_AS_IT_IS, _DEFLATED = b"\x03", b"\x04"
"""How a block begins: what follows the ids is as it is, or a stream of raw deflate."""
_ROWS, _ROWS_DEFLATED, _WHOLE = b"\x01", b"\x02", b"\x78"
"""How blocks of earlier releases begin: values by row, plain or a zlib stream; or all of it is one."""
_SIMPLE = frozenset({str, int, float, bool, bytes, type(None)})
_TEXT = frozenset({str})
_NO_ZONE = "a reading's time has no zone: send RFC 3339 with an offset"
_BIN = b"\xc4\x10"


class _Columns(msgspec.Struct, array_like=True):
    """Readings but for their ids. Times are steps of ``unit`` microseconds; ``keys`` None: values by row."""

    names: list[str]
    which: list[int]
    first: int
    unit: int
    steps: list[int]
    keys: list[str] | None
    values: list[Any]


class _Rows(msgspec.Struct, array_like=True):
    names: list[str]
    which: list[int]
    first: int
    steps: list[int]
    values: list[dict[str, Any]]


class _Whole(msgspec.Struct, array_like=True):
    ids: bytes
    names: list[str]
    which: list[int]
    first: int
    steps: list[int]
    values: list[dict[str, Any]]


_COLUMNS = msgspec.msgpack.Decoder(_Columns)
_IDS = msgspec.msgpack.Decoder(list[UUID])


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


def encode(readings: Sequence[Reading]) -> bytes:
    """Return ``readings`` (at least one) as one block. Raises `NotStorable`."""
    return pack(readings, moments(readings), [reading.id.bytes for reading in readings])


def pack(readings: Sequence[Reading], at: Sequence[int], ids: Sequence[bytes]) -> bytes:
    """Do that for a caller who has the `moments` and the ids already."""
    try:
        columns = _columns(readings, at) if len(readings) > 1 else _column(readings[0], at[0])
        rest = msgspec.msgpack.encode(columns)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise NotStorable from None
    how = _AS_IT_IS
    if len(rest) > _SHORT:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        how, rest = _DEFLATED, packer.compress(rest) + packer.flush()
    return b"".join((how, (_ID * len(ids)).to_bytes(4, "big"), *ids, rest))


def _column(only: Reading, at: int) -> _Columns:
    """Return what `_columns` does of a single reading."""
    return _Columns([str(only.item)], [], at, 1, [], None, [_plain(only.value)])


def _columns(readings: Sequence[Reading], at: Sequence[int]) -> _Columns:
    names = [*dict.fromkeys([reading.item for reading in readings])]
    place = {name: n for n, name in enumerate(names)} if len(names) > 1 else {}
    steps = [later - earlier for earlier, later in pairwise(at)]
    unit = gcd(*steps) or 1
    keys, values = _by_column([reading.value for reading in readings])
    return _Columns(
        names=[str(name) for name in names],
        which=[place[reading.item] for reading in readings] if place else [],
        first=at[0],
        unit=unit,
        steps=steps if unit == 1 else [step // unit for step in steps],
        keys=keys,
        values=values,
    )


def decode(data: bytes) -> list[Reading]:
    """Return the readings of a block, in the order they were given."""
    try:
        return _readings(*_opened(data))
    except (zlib.error, msgspec.DecodeError, LookupError, ValueError, OverflowError):
        raise Unsealable from None


def _readings(ids: bytes, columns: _Columns) -> list[Reading]:
    found = _IDS.decode(_listed(ids))
    n, names, unit, keys = len(found), [ItemName(name) for name in columns.names], columns.unit, columns.keys
    items = [names[which] for which in columns.which] if columns.which else names * n
    times = accumulate([columns.first, *[step * unit for step in columns.steps]])
    measured = [_EPOCH + at * _STEP for at in times]
    values: list[dict[str, Any]] = columns.values
    if keys is not None and len(keys) == len(columns.values):
        by_row = zip(*columns.values, strict=True) if keys else ((),) * n
        values = [*map(dict, map(zip, repeat(keys), by_row))]
    if not n == len(items) == len(measured) == len(values):
        raise Unsealable
    return [*map(Reading, found, items, measured, values)]


def _opened(data: bytes) -> tuple[bytes, _Columns]:
    how = data[:1]
    if how == _WHOLE:
        whole = msgspec.msgpack.decode(zlib.decompress(data), type=_Whole)
        return whole.ids, _of_rows(whole)
    end = 5 + int.from_bytes(data[1:5], "big")
    ids, rest = data[5:end], data[end:]
    if how == _DEFLATED:
        return ids, _COLUMNS.decode(zlib.decompress(rest, _RAW))
    if how == _AS_IT_IS:
        return ids, _COLUMNS.decode(rest)
    if how not in (_ROWS, _ROWS_DEFLATED):
        raise Unsealable
    plain = rest if how == _ROWS else zlib.decompress(rest)
    return ids, _of_rows(msgspec.msgpack.decode(plain, type=_Rows))


def _of_rows(rows: _Rows | _Whole) -> _Columns:
    return _Columns(rows.names, rows.which, rows.first, 1, rows.steps, None, rows.values)


def _listed(ids: bytes) -> bytes:
    """Return ids, one behind the other, as a list in MessagePack."""
    parts = [ids[at : at + _ID] for at in range(0, len(ids), _ID)]
    return b"".join((b"\xdd", len(parts).to_bytes(4, "big"), *[_BIN + part for part in parts]))


def _by_column(values: Sequence[object]) -> tuple[list[str] | None, list[Any]]:
    """Return the keys of ``values`` and a list for each of them; or None and the values, if keys differ."""
    found = by_field(values)
    if found is None:
        return None, [_plain(value) for value in values]
    parts = [*found.values()]
    if not _SIMPLE.issuperset(map(type, chain.from_iterable(parts))):
        parts = [[_plain(part) for part in column] for column in parts]
    return [*found], parts


def moments(readings: Sequence[Reading]) -> list[int]:
    """Return when each was measured, as `micros`."""
    try:
        since = [reading.measured - _EPOCH for reading in readings]
    except TypeError:
        raise NotStorable(_NO_ZONE) from None
    return [one // _STEP for one in since]


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
        if _TEXT.issuperset(map(type, flat)) and _SIMPLE.issuperset(map(type, flat.values())):
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
