"""The roll of the erased: opaque ids in a file outside the database, so that no restore brings anyone back.

A line is durable before a refusal is acknowledged. A line without a committed refusal can exist (the crash
came in between); it names someone who asked to be erased and was not told yes.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from troth.terms import SubjectId

_PARTS = 3


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line of the roll."""

    erasure: UUID
    subject: SubjectId
    at: datetime


class Roll:
    """``<data>/erasures.log``: append, fsync, read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: Erasure) -> None:
        """Write ``line`` and return when it will survive a power cut. Adding it twice does no harm."""
        new = not self._path.exists()
        text = f"{line.erasure} {line.subject} {line.at.astimezone(UTC).isoformat()}\n"
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, ("\n" * torn + text).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read(self) -> tuple[Erasure, ...]:
        """Return every whole line, each erasure once, in order."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return ()
        found: dict[UUID, Erasure] = {}
        for line in text.splitlines():
            parts = line.split(" ")
            if len(parts) != _PARTS:
                continue
            with contextlib.suppress(ValueError):  # a line that a crash tore
                one = Erasure(UUID(parts[0]), SubjectId(UUID(parts[1])), datetime.fromisoformat(parts[2]))
                found.setdefault(one.erasure, one)
        return tuple(found.values())
