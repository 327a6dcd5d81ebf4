"""What a child process says: a pipe whose lines are judged before they reach the disk.

Keeps a bounded log (two files of `_LIMIT` bytes at most) and the last lines in memory, for the sentence
when a start fails. A line that ``keep`` refuses is only counted: it exists nowhere else.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LIMIT = 1_000_000
_LONGEST_LINE = 8_192
_CHUNK = 65_536


class Tap:
    """The reading end belongs to us, ``inlet`` to the child until `opened` is called."""

    def __init__(self, log: Path, keep: Callable[[str], str | None]) -> None:
        self._outlet, self.inlet = (
            os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else os.pipe()
        )
        os.set_blocking(self.inlet, True)
        os.set_blocking(self._outlet, False)
        self._keep = keep
        self._path = log
        self._file = os.open(
            log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        self._rest = b""
        self._last: deque[str] = deque(maxlen=5)
        self.refused = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._outlet, self._read)

    def opened(self) -> None:
        """Close our copy of the inlet: the child has its own now."""
        os.close(self.inlet)

    def last(self) -> tuple[str, ...]:
        """Return the last lines that were kept, oldest first."""
        self._read()
        return tuple(self._last)

    def close(self) -> None:
        """Read what is left and close."""
        self._read()
        self._loop.remove_reader(self._outlet)
        os.close(self._outlet)
        os.close(self._file)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            while chunk := os.read(self._outlet, _CHUNK):
                *lines, rest = (self._rest + chunk).split(b"\n")
                self._rest = rest[:_LONGEST_LINE]
                for line in lines:
                    self._take(line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip())
            self._loop.remove_reader(self._outlet)

    def _take(self, line: str) -> None:
        kept = self._keep(line) if line else None
        if kept is None:
            self.refused += bool(line)
            return
        self._last.append(kept)
        with suppress(OSError):  # a full disk must not stop the service for want of a log line
            if os.fstat(self._file).st_size > _LIMIT:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                os.close(self._file)
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.write(self._file, kept.encode() + b"\n")
