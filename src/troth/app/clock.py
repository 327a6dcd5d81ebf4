"""The clocks that processes are given: the system's, and one that a story can move forward.

Decides nothing. `OffsetClock` is for the demo and the proof, where days must pass in several processes
at once: they share an 8-byte file. Production gets a `SystemClock` and no file to change it by.
"""

from __future__ import annotations

import fcntl
import os
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from troth.terms import TrothError

if TYPE_CHECKING:
    from pathlib import Path

_OFFSET = struct.Struct("<q")
"""Microseconds ahead of the system's clock."""
_MICROSECOND = timedelta(microseconds=1)


class TimeRunsForward(TrothError):
    """a clock cannot be moved back: deadlines and consents would come undone"""


class SystemClock:
    """The system's time."""

    __slots__ = ()

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class OffsetClock:
    """The system's time plus what the file at ``path`` says; every process that opened it agrees.

    The file is made when missing, with no offset. One read of eight bytes per `now`.
    """

    __slots__ = ("_fd",)

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def now(self) -> datetime:
        """Return the present moment of the story, aware, in UTC."""
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """Return how far ahead of the system's clock the story is."""
        held = os.pread(self._fd, _OFFSET.size, 0)
        return timedelta(microseconds=_OFFSET.unpack(held)[0] if held else 0)

    def advance(self, by: timedelta) -> datetime:
        """Let ``by`` pass in every process and return the new moment; raises `TimeRunsForward`."""
        if by < timedelta(0):
            raise TimeRunsForward
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            os.pwrite(self._fd, _OFFSET.pack((self.offset() + by) // _MICROSECOND), 0)
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        return self.now()
