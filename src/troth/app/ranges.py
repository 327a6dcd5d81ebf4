"""Which bytes of an object a request wants: the `Range` header of RFC 9110, one range of it.

Pure, and the same for every edge that speaks HTTP. What is not one well-formed range of bytes is ignored, as
the RFC lets it be, and the whole is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

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


@dataclass(frozen=True, slots=True)
class Part:
    """An answer to such a request: its status, the bytes that it has, and what its headers say of them."""

    status: int
    first: int
    end: int
    headers: Mapping[str, str]


_WHOLE, _PARTIAL, OUTSIDE = 200, 206, 416


def part(object_: UUID, size: int, asked: Mapping[str, str]) -> Part:
    """Return which part of an object answers a request with these headers; 416 has no bytes."""
    tag = f'"{object_.hex}"'  # what an id stands for never changes
    shown = {"accept-ranges": "bytes", "etag": tag}
    span = wanted(asked.get("range"), asked.get("if-range"), tag, size)
    if isinstance(span, Outside):
        return Part(OUTSIDE, 0, 0, shown | {"content-range": f"bytes */{size}"})
    if span is None:
        return Part(_WHOLE, 0, size, shown | {"content-length": str(size)})
    shown["content-length"] = str(span.end - span.first)
    shown["content-range"] = f"bytes {span.first}-{span.end - 1}/{size}"
    return Part(_PARTIAL, span.first, span.end, shown)


ENDINGS: Mapping[str, str] = {
    "video/mp4": ".mp4",
    "video/mp2t": ".ts",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
}
"""The types that are named as they are, each with how its file names end; any other is only bytes."""
