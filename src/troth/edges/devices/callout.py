"""Answers the broker's "who is this?" for every connection that is not one of our own services.

A device is let in when its MQTT user name, its client id and the token agree and the secret is the token's;
it may then publish the topics of the functions that the gate allows at that moment, and hear its own. Every
other connection is refused without a reason, and an error while deciding is a refusal. Our own services
have keys in the broker's configuration and never get here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg

from troth.devices.batch import Refusal
from troth.devices.registry import Known
from troth.edges.devices.claims import Issuer, Question, Rights, Unreadable, question
from troth.edges.devices.connections import Connections, Granted
from troth.edges.devices.topics import may_hear, may_publish

REQUESTS = "$SYS.REQ.USER.AUTH"
GOOD_FOR_S = 3600
"""The broker drops a connection after this long, so that a missed change ends by itself."""
_AT_ONCE = 32
_OVER_MQTT = ("mqtt", "mqtt_websocket")


class Register(Protocol):
    """Who knows the devices."""

    async def knows(self, token: str, secret: str) -> Known | Refusal:
        """Return whose device this is and what it may do now, or why it is turned away."""
        ...

    async def turned_away(self, why: Refusal) -> None:
        """Count a connection or message that was refused before the gate."""
        ...


class Callout:
    """The service behind ``$SYS.REQ.USER.AUTH``; several may run, each request reaches one."""

    def __init__(
        self,
        register: Register,
        issuer: Issuer,
        connections: Connections,
        *,
        account: str,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._register = register
        self._issuer = issuer
        self._connections = connections
        self._account = account
        self._wall = wall  # the broker's own time: a token's validity is not legal time
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def listen(self, client: Client) -> None:
        """Take requests from now on."""
        await client.subscribe(REQUESTS, queue="callout", cb=self._begin)  # pyright: ignore[reportUnknownMemberType]

    async def finish(self) -> None:
        """Wait for the answers that are being prepared."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _begin(self, message: Msg) -> None:
        task = asyncio.create_task(self._take(message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _take(self, message: Msg) -> None:
        try:
            asked = question(message.data)
        except Unreadable:
            return  # no answer is a refusal
        async with self._room:
            await message.respond(await self.answer(asked))

    async def answer(self, asked: Question) -> bytes:
        """Return the signed answer to one request."""
        begun = self._connections.mark()
        now = int(self._wall())
        try:
            known = await self._known(asked)
            if isinstance(known, Refusal):
                await self._register.turned_away(known)
                return self._issuer.refuse(asked, now)
        except Exception:  # noqa: BLE001 - an error while deciding is a refusal
            return self._issuer.refuse(asked, now)
        rights = Rights(
            user=str(known.subject),
            account=self._account,
            publish=may_publish(asked.username, known.functions),
            hear=may_hear(asked.username),
            until=now + GOOD_FOR_S,
        )
        granted = Granted(known.subject, asked.server, asked.connection, known.functions)
        await self._connections.grant(asked.username, granted, begun)
        return self._issuer.allow(asked, rights, now)

    async def _known(self, asked: Question) -> Known | Refusal:
        if asked.over not in _OVER_MQTT or not asked.username:
            return Refusal.ANONYMOUS
        if asked.client_id != asked.username:
            return Refusal.WRONG_CLIENT_ID
        return await self._register.knows(asked.username, asked.secret)
