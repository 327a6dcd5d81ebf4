"""Lines in a file outside the database: durable once appended; a torn one harms no other."""

from __future__ import annotations

import os
from pathlib import Path

from troth.durable import settle


def append(path: Path, line: str) -> None:
    """Add ``line`` and return when it will survive a power cut."""
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, ("\n" * torn + line + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        settle(path.parent)


def read(path: Path, parts: int) -> list[list[str]]:
    """Return every line that has so many ``parts``, in order; nothing when there is no file."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    return [found for line in text.splitlines() if len(found := line.split(" ")) == parts]
