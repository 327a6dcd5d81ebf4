"""An upload under way: bytes come in as they come, and leave for the object store sealed, segment by segment.

Holds a few segments in memory, whatever the size. Decides nothing; nothing exists before `Media.finish`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troth.terms import Clock, RecordId, TrothError
from troth.vault import stream
from troth.vault.label import Label
from troth.vault.objects import Objects

UPLOAD_LASTS = timedelta(hours=1)
_AHEAD = 2


class TooLarge(TrothError):
    """this is larger than one object may be: send it in parts of its own"""


class NoRoom(TrothError):
    """this person's media have all the room that one person has here: delete some of it first"""


class UploadLapsed(TrothError):
    """this upload took too long, or what it belongs to was forgotten meanwhile: begin it anew"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which object is written, under which key, and how large it may become; ``told``: what it is.

    ``largest`` is said of any object, ``room`` of this person's when it began.
    """

    label: Label
    key: bytes = field(repr=False)
    told: Mapping[str, object] = field(repr=False)
    began: datetime
    largest: int
    room: int


class Upload:
    """`write` as often as it takes, then `close`, then `Media.finish`; or `abandon`."""

    def __init__(self, target: Target, objects: Objects, clock: Clock) -> None:
        self.target = target
        self.size = 0
        self._objects = objects
        self._clock = clock
        self._buffer = bytearray()
        self._segment = 0
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def record(self) -> RecordId:
        """The object's id."""
        return RecordId(self.target.label.record)

    async def write(self, data: bytes) -> None:
        """Take the next bytes, whatever their number. Raises `TooLarge`, `NoRoom`, `UploadLapsed`."""
        self.size += len(data)
        if self.size > self.target.largest:
            raise TooLarge
        if self.size > self.target.room:
            raise NoRoom
        self._buffer += data
        while len(self._buffer) > stream.SEGMENT:  # one byte is kept back: the last segment says that it is
            await self._put(bytes(self._buffer[: stream.SEGMENT]), last=False)
            del self._buffer[: stream.SEGMENT]

    async def close(self) -> None:
        """Seal and write what is left, and wait until everything is written."""
        await self._put(bytes(self._buffer), last=True)
        self._buffer.clear()
        await asyncio.gather(*self._under_way)

    async def abandon(self) -> None:
        """Stop writing; what is written is swept."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _put(self, plaintext: bytes, *, last: bool) -> None:
        if self._clock.now() >= self.target.began + UPLOAD_LASTS:
            raise UploadLapsed
        while len(self._under_way) >= _AHEAD:
            done, self._under_way = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        number, self._segment = self._segment, self._segment + 1
        self._under_way.add(asyncio.create_task(self._seal_and_put(number, plaintext, last=last)))

    async def _seal_and_put(self, number: int, plaintext: bytes, *, last: bool) -> None:
        key, aad = self.target.key, self.target.label.aad()
        sealed = await asyncio.to_thread(stream.seal, key, aad, number, plaintext, last=last)
        await self._objects.put(self.record, number, sealed)
