"""Search every byte of a data directory for planted values, as a thief of the disk would.

Looks for each marker as it is, in the encodings that software is fond of, and inside zlib streams, values
that PostgreSQL compressed and blocks of readings that nobody sealed, since a scan for plain text would pass
on compressed plaintext. Reads files only.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from troth.prove import pglz

_ZLIB_HEAD = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_BLOCK_HEAD = re.compile(rb"\x04\x00[\x00-\x0f][\x00-\xff]" + b"[%s]" % bytes(range(0, 256, 16)), re.DOTALL)
"""How a block of readings begins (`vault/blocks.py`): its ids follow, then raw deflate without a head."""
_RUN = bytes(64)
_EMPTY = re.compile(rb"\x00{64,}")
_INFLATE_LIMIT = 1 << 20
_RAW = -15


@dataclass(frozen=True, slots=True)
class Sighting:
    """A marker seen: which one, in which form, in which file (relative to the scanned root)."""

    marker: str
    form: str
    file: str


def forms(marker: str) -> Mapping[str, bytes]:
    """Return ``marker`` in every form that is searched for, by name.

    Base64 has three alignments; of each, only the characters that the marker alone decides are kept.
    """
    raw = marker.encode()
    found = {
        "plain": raw,
        "hex": raw.hex().encode(),
        "utf-16-le": marker.encode("utf-16-le"),
        "utf-16-be": marker.encode("utf-16-be"),
        "json": json.dumps(marker)[1:-1].encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        start = (shift * 8 + 5) // 6
        end = (shift + len(raw)) * 8 // 6
        found[f"base64+{shift}"] = encoded[start:end]
    if found["json"] == raw:
        del found["json"]
    return found


def _dense(data: bytes) -> bytes:
    """Return ``data`` with long runs of zero bytes, of which database files are full, cut short."""
    return _EMPTY.sub(_RUN, data)


def _inflated(data: bytes) -> Iterator[bytes]:
    """Yield what every zlib stream in ``data`` opens to, as far as it opens."""
    view = memoryview(data)
    for head in _ZLIB_HEAD.finditer(data):
        stream = zlib.decompressobj()
        try:
            opened = stream.decompress(view[head.start() : head.start() + _INFLATE_LIMIT], _INFLATE_LIMIT)
        except zlib.error:
            continue
        if opened:
            yield opened


def _blocks(data: bytes) -> Iterator[bytes]:
    """Yield what the readings of every unsealed block in ``data`` open to, as far as they open."""
    view = memoryview(data)
    for head in _BLOCK_HEAD.finditer(data):
        start = head.end() + int.from_bytes(head.group()[1:], "big")
        try:
            opened = zlib.decompressobj(_RAW).decompress(view[start : start + _INFLATE_LIMIT], _INFLATE_LIMIT)
        except zlib.error:
            continue
        if opened:
            yield opened


def _files(roots: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield root, path


def scan(roots: Iterable[Path], markers: Iterable[str]) -> frozenset[Sighting]:
    """Return every sighting of ``markers`` in any file below ``roots``.

    A file that vanishes while it is read is passed over (the servers recycle theirs); one that may not be
    read raises `PermissionError`: a scan that skips is no scan.
    """
    wanted = [(marker, form, needle) for marker in markers for form, needle in forms(marker).items()]
    seen: set[Sighting] = set()
    for root, path in _files(roots):
        try:
            data = _dense(path.read_bytes())
        except FileNotFoundError:
            continue
        name = str(path.relative_to(root))
        for marker, form, needle in wanted:
            if needle in data:
                seen.add(Sighting(marker, form, name))
        opens = {"zlib": _inflated(data), "pglz": pglz.values(data), "block": _blocks(data)}
        for kind, opening in opens.items():
            for opened in opening:
                for marker, form, needle in wanted:
                    if needle in opened:
                        seen.add(Sighting(marker, f"{kind}:{form}", name))
    return frozenset(seen)
