"""Which bytes of an object a request wants: the `Range` header of RFC 9110, one range of it.

Pure. What is not one well-formed range of bytes is ignored, as the RFC lets it be, and the whole is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes[ \t]*=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from ``first`` up to, not including, ``end``."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Outside:
    """No byte of the object is in the range."""


def wanted(header: str | None, if_range: str | None, tag: str, size: int) -> Span | Outside | None:
    """Return what of an object of ``size`` bytes is wanted; None: all of it.

    A range holds only for the very object that the sender has a part of: whose tag ``if_range`` names.
    """
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or (if_range is not None and if_range.strip() != tag):
        return None
    first, last = found["first"], found["last"]
    if not first:  # the last so many
        if not last:
            return None
        length = min(int(last), size)
        return Span(size - length, size) if length else Outside()
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return Outside()
    return Span(int(first), min(int(last) + 1, size) if last else size)
