"""Rows as ``COPY ... FROM STDIN (FORMAT binary)`` takes them, for who has thousands to hand over at once.

Knows the form and nothing of tables. The order and the types of the fields are the caller's to get right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice

_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TAIL = b"\xff\xff"
_DAY_ZERO = date(2000, 1, 1).toordinal()
_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
UUID_OF = (16).to_bytes(4, "big")
"""What stands before the sixteen bytes of a uuid."""
NULL = b"\xff\xff\xff\xff"
"""A field of nothing."""


_ROWS_A_PIECE = 64


def pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``rows`` as all that one COPY is to take, some at a time, so that the server has work early."""
    left, begins = iter(rows), _HEAD
    while some := b"".join(islice(left, _ROWS_A_PIECE)):
        yield begins + some
        begins = b""
    yield begins + _TAIL


def fields(n: int) -> bytes:
    """Return how a row of ``n`` fields begins."""
    return n.to_bytes(2, "big")


def data(value: bytes) -> bytes:
    """Return a field of these bytes: a bytea, or a text in UTF-8."""
    return len(value).to_bytes(4, "big") + value


@lru_cache(maxsize=4096)
def day(value: date) -> bytes:
    """Return a field of a date."""
    return data((value.toordinal() - _DAY_ZERO).to_bytes(4, "big", signed=True))


def number(value: int) -> bytes:
    """Return a field of an int4."""
    return data(value.to_bytes(4, "big", signed=True))


def long(value: int) -> bytes:
    """Return a field of an int8."""
    return data(value.to_bytes(8, "big", signed=True))


def truth(value: bool) -> bytes:  # noqa: FBT001  # a field's value
    """Return a field of a boolean."""
    return data(bytes((value,)))


def moment(value: datetime) -> bytes:
    """Return a field of a timestamptz; ``value`` knows its zone."""
    return long((value - _ZERO) // _MICROSECOND)


def text(value: str | None) -> bytes:
    """Return a field of a text, or of nothing."""
    return NULL if value is None else data(value.encode())


def read_day(value: bytes) -> date:
    """Return the date that a field of one holds, its length left out."""
    return date.fromordinal(_DAY_ZERO + int.from_bytes(value, "big", signed=True))
