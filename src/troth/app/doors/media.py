"""Doors for media: what is too long for a message comes in and goes out in pieces.

An upload is three steps, of which the first and the last are transactions: ask and begin, move the bytes, ask
again and finish. Cut short anywhere in between, nothing exists, and what was written is swept.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from troth.app.doors.base import Unavailable
from troth.app.doors.records import RecordDoors
from troth.app.doors.rights import in_person
from troth.app.films import Roll, roll
from troth.subjects.media import Arriving, PersonMedia
from troth.terms import Verb
from troth.vault.upload import TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import date

    from troth.app.doors.records import ServiceAsk
    from troth.db import Tx
    from troth.terms import Ask, FunctionName, RecordId
    from troth.vault.media import Held, Opened
    from troth.vault.upload import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An upload as it is announced: for which function, what it is, and how long, where that was said."""

    function: FunctionName
    arriving: Arriving
    size: int | None = None


class MediaDoors(RecordDoors):
    """Bytes in, bytes out."""

    async def upload_media(self, token: str, coming: Coming, content: AsyncIterator[bytes]) -> RecordId:
        """Take what a person gives of themselves. Raises `Denied`, `TooLarge`, `NoRoom`, `UploadLapsed`."""

        async def ask(tx: Tx) -> Ask:
            asking = await self._asking(tx, await self._who(tx, token))
            return await self._records.asked(tx, asking, coming.function, coming.arriving.item)

        return await self._take(ask, coming, content)

    async def upload_from_device(
        self, token: str, secret: str, coming: Coming, content: AsyncIterator[bytes]
    ) -> RecordId:
        """Take what a bound device made.

        Raises `NotThisDevice`, `Denied`, `TooLarge`, `NoRoom`, `UploadLapsed`.
        """

        async def ask(tx: Tx) -> Ask:
            return await self._system.devices.upload_ask(
                tx, token, secret, coming.function, coming.arriving.item
            )

        return await self._take(ask, coming, content)

    async def held_media(self, token: str) -> tuple[Held, ...]:
        """List what is held of one's media; nothing is opened. Raises `NotSignedIn`, `Denied`."""
        async with self._open() as tx:
            own = await in_person(self._system, tx, await self._asking(tx, await self._who(tx, token)))
            return await self._media.held(tx, own)

    async def films(self, token: str, before: date | None = None) -> Roll:
        """List the newest days with films of one's own, or those before a day; no film is opened.

        Raises `NotSignedIn`, `Denied`.
        """
        async with self._open() as tx:
            own = await in_person(self._system, tx, await self._asking(tx, await self._who(tx, token)))
            return await roll(await self._media.days(tx, own), partial(self._media.told, tx, own), before)

    async def read_media(self, token: str, record: RecordId) -> Opened:
        """Open an object of one's own. Raises `NotSignedIn`, `Denied`, `NotHeld`, also for another's."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            return await self._media.read(tx, asking, await in_person(self._system, tx, asking), record)

    async def forget_media(self, token: str, record: RecordId) -> None:
        """Forget an object of one's own. Raises as `read_media` does."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            await self._media.forget(tx, asking, await in_person(self._system, tx, asking), record)

    async def media_of(self, token: str, wanted: ServiceAsk) -> tuple[Held, ...]:
        """List the media that a clause opens to a service or staff. Raises `WrongRole`, `Denied`."""
        async with self._open() as tx:
            ask = await self._media_ask(tx, token, Verb.USE, wanted)
            return await self._media.held(tx, await self._system.gate.admit(tx, ask))

    async def hand_out_media(self, token: str, verb: Verb, wanted: ServiceAsk, record: RecordId) -> Opened:
        """Open an object for a service or staff, on record each time. Raises as `media_of`, and `NotHeld`."""
        async with self._open() as tx:
            return await self._media.hand_out(tx, await self._media_ask(tx, token, verb, wanted), record)

    async def _take(
        self, ask: Callable[[Tx], Awaitable[Ask]], coming: Coming, content: AsyncIterator[bytes]
    ) -> RecordId:
        async with self._open() as tx:
            upload = await self._media.begin(tx, await ask(tx), coming.arriving, coming.size)
            if (coming.size or 0) > upload.target.largest:
                raise TooLarge
        try:
            async with self._answering():
                async for part in content:
                    await upload.write(part)
                await upload.close()
            async with self._open() as tx:
                return await self._media.finish(tx, await ask(tx), coming.arriving, upload)
        except BaseException:
            await self._give_up(upload)
            raise

    async def _give_up(self, upload: Upload) -> None:
        await upload.abandon()
        with suppress(Unavailable):  # the hour that an upload may last ends it as well
            async with self._open() as tx:
                await self._system.media.give_up(tx, upload)

    @property
    def _media(self) -> PersonMedia:
        return PersonMedia(self._system.parts, self._system.media)
