"""Values that PostgreSQL compressed with its own method (pglz), found and opened wherever they lie in a file.

Such a value begins with its length, marked as compressed, and its length when opened: there is no other sign,
so whatever looks like that is tried, and most of it fails at the first bytes. A value too long for its page
lies in pieces, which are not put together here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEAD = re.compile(rb"(?=([\x00-\xff][\x00-\x7f]\x00\x00[\x00-\xff]{2}[\x00-\x0f]\x00))")
_HEADER, _INFO = 4, 8
_SHORTEST = 12
_COMPRESSED = 0b10
_LONG = 18


def values(data: bytes) -> Iterator[bytes]:
    """Yield what every value in ``data`` that opens, as whole as it says of itself, opens to."""
    for found in _HEAD.finditer(data):
        at = found.start()
        if data[at] & 0b11 != _COMPRESSED:
            continue
        length = int.from_bytes(data[at : at + _HEADER], "little") >> 2
        size = int.from_bytes(data[at + _HEADER : at + _INFO], "little")
        if length < _SHORTEST or size <= length - _INFO or at + length > len(data):
            continue
        opened = opened_as(data[at + _INFO : at + length], size)
        if opened is not None:
            yield opened


def opened_as(packed: bytes, size: int) -> bytes | None:
    """Return the ``size`` bytes that ``packed`` opens to, or None: it is something else."""
    made = bytearray()
    at, end = 0, len(packed)
    while at < end and len(made) < size:
        control = packed[at]
        at += 1
        for bit in range(8):
            if at >= end or len(made) >= size:
                break
            if not control >> bit & 1:
                made.append(packed[at])
                at += 1
                continue
            if at + 1 >= end:
                return None
            run, back = (packed[at] & 0x0F) + 3, (packed[at] & 0xF0) << 4 | packed[at + 1]
            at += 2
            if run == _LONG:
                if at >= end:
                    return None
                run += packed[at]
                at += 1
            if not 0 < back <= len(made):
                return None
            for _ in range(min(run, size - len(made))):
                made.append(made[-back])
    return bytes(made) if len(made) == size and at == end else None
