"""The end of the ledger outside the database: what was signed is on disk here before it is committed there.

So a database that was put back to an older state is noticed, and what it lost can be put back in the same
order, under the same heads: never a fork. A file beside the erasure roll; on several machines, on storage
that they share. Decides nothing: the sequencer compares.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from troth.durable import settle
from troth.ledger.batches import Batch, batch, batches

_CHUNK = 1 << 16


class Tail:
    """``<data>/ledger.tail``: append, fsync, read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[tuple[int, int], Batch | None] | None = None

    def add(self, new: Batch) -> None:
        """Write ``new`` and return when it will survive a power cut. Adding it twice does no harm."""
        made = not self._path.exists()
        descriptor = self._held()
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            left = memoryview(("\n" * torn + new.line()).encode())
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if made:
            settle(self._path.parent)

    def last(self) -> Batch | None:
        """Return the newest whole batch, read from the end, or None while there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        mark = (found.st_ino, found.st_size)
        if self._known is None or self._known[0] != mark:
            whole = (batch(line) for line in self._backwards())
            self._known = (mark, next((one for one in whole if one is not None), None))
        return self._known[1]

    def after(self, size: int) -> tuple[Batch, ...]:
        """Return the batches that lead on from a log of ``size`` entries, in order; none when they don't fit.

        A batch that was written twice, or again after a crash, counts as it was written last.
        """
        led: dict[int, Batch] = {}
        try:
            with self._path.open(encoding="ascii", errors="replace") as lines:
                for one in batches(lines):
                    if one.first >= size:
                        led = {first: old for first, old in led.items() if first < one.first}
                        led[one.first] = one
        except FileNotFoundError:
            return ()
        found: list[Batch] = []
        while size in led:
            found.append(led[size])
            size = led[size].size
        return tuple(found)

    def forget(self, size: int) -> None:
        """Drop the batches that a backup of a log of ``size`` entries holds; the last one always stays.

        Whoever adds meanwhile waits, and adds to what is left. Leaves everything where nothing leads on from
        ``size``.
        """
        if not self._path.exists():
            return
        descriptor = self._held()
        try:
            kept, last = self.after(size), self.last()
            if last is None or (not kept and last.size != size):
                return
            scratch = self._path.with_suffix(".new")
            with scratch.open("w", encoding="ascii") as file:
                scratch.chmod(0o600)
                for one in kept or (last,):
                    file.write(one.line())
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self._path)
        finally:
            os.close(descriptor)

    def _held(self) -> int:
        """Open the file for adding, locked until it is closed: the one that has the name by then."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                if os.fstat(descriptor).st_ino == self._path.stat().st_ino:
                    return descriptor
            except FileNotFoundError:
                pass
            os.close(descriptor)

    def _backwards(self) -> Iterator[str]:
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            at, rest = os.fstat(descriptor).st_size, b""
            while at:
                step = min(_CHUNK, at)
                at -= step
                rest = os.pread(descriptor, step, at) + rest
                *lines, whole = reversed(rest.split(b"\n"))
                for line in lines:
                    yield line.decode("ascii", "replace")
                rest = whole
            yield rest.decode("ascii", "replace")
        finally:
            os.close(descriptor)
