"""The roll of the erased: opaque ids in a file outside the database, so that no restore brings anyone back.

A line is durable before a refusal is acknowledged. A line without a committed refusal can exist (the crash
came in between); it names someone who asked to be erased and was not told yes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from troth.terms import SubjectId
from troth.vault import lines

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
        lines.append(self._path, f"{line.erasure} {line.subject} {line.at.astimezone(UTC).isoformat()}")

    def read(self) -> tuple[Erasure, ...]:
        """Return every whole line, each erasure once, in order."""
        found: dict[UUID, Erasure] = {}
        for parts in lines.read(self._path, _PARTS):
            with contextlib.suppress(ValueError):  # a line that a crash tore
                one = Erasure(UUID(parts[0]), SubjectId(UUID(parts[1])), datetime.fromisoformat(parts[2]))
                found.setdefault(one.erasure, one)
        return tuple(found.values())
