"""A simulated camera: the device's half of the link, as a maker's firmware would have it.

Sends batches over MQTT with QoS 1, keeps each until ``down/<token>/ack`` names it, and sends what is kept
again after a while or when it comes back. Knows only what a real device knows: address, token, secret.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import aiomqtt

from troth.terms import FunctionName, Reading

_ANSWER_S = (1.0, 2.0, 4.0)
"""How long it waits for the broker, try by try: who is cut off while connecting is never told."""
_CANCEL_AGAIN_S = 0.2
_SILENT = logging.getLogger("troth.simulator")
_SILENT.setLevel(logging.ERROR)
"""For the client's own: being cut off is what cameras are for here, and each comes back by itself."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the broker is and what the device proves itself with."""

    host: str
    port: int
    token: str = field(repr=False)
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """An acknowledgement: ``figures`` are stored, duplicates, dropped, denied; or ``refused`` says why."""

    batch: UUID
    figures: Mapping[str, int]
    refused: str | None = None


@dataclass(slots=True)
class _Kept:
    function: FunctionName
    payload: bytes
    sent_at: float | None = None
    taken: bool = False
    """Whether the broker has taken it over; what it then does with it, it does not say."""


class Camera:
    """Use as an async context manager. Every wait has a limit and raises `TimeoutError`."""

    def __init__(self, way: Way, *, resend_s: float = 2.0, return_s: float = 0.1) -> None:
        self._way = way
        self._resend_s = resend_s
        self._return_s = return_s
        self._kept: dict[UUID, _Kept] = {}
        self._news = asyncio.Condition()
        self._client: aiomqtt.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self.acks: dict[UUID, Heard] = {}
        self.unread: list[str] = []
        """Why messages without a readable id were refused."""
        self.connected = 0
        """How often it was let in."""
        self.refused = 0
        """How often it was turned away."""
        self.online = False
        self.sent = 0
        """Messages handed to the broker, resends included."""
        self.heard = 0
        """Acknowledgements, those of resends included."""
        self.known = 0
        """Readings that an acknowledgement called stored before."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        if loop.get_exception_handler() is None:
            loop.set_exception_handler(_but_for_lost_links)
        self._task = asyncio.create_task(self._live())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await end(self._task)

    @property
    def waiting(self) -> frozenset[UUID]:
        """The batches that no acknowledgement has named."""
        return frozenset(self._kept)

    async def send(
        self, function: FunctionName, readings: Iterable[Reading], *, batch: UUID | None = None
    ) -> UUID:
        """Keep a batch and hand it to the broker as soon as there is one; return its id."""
        made = batch or uuid4()
        await self.send_raw(function, payload(made, readings), made)
        return made

    async def send_raw(self, function: FunctionName, body: bytes, batch: UUID | None = None) -> None:
        """Do the same with any bytes; without a ``batch`` they are sent once and not kept."""
        if batch is None:
            if self._client is not None:
                await self._client.publish(f"up/{self._way.token}/{function}", body, qos=1)
            return
        self._kept[batch] = _Kept(function, body)
        await self._flush()

    def give_up(self, batch: UUID) -> None:
        """Let go of a batch without an acknowledgement."""
        self._kept.pop(batch, None)

    async def acked(self, batches: Sequence[UUID], *, within_s: float = 10) -> list[Heard]:
        """Wait until every one of ``batches`` was acknowledged and return what was said."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: all(batch in self.acks for batch in batches))
        return [self.acks[batch] for batch in batches]

    async def handed_over(self, batch: UUID, *, within_s: float = 10) -> None:
        """Wait until the broker has taken ``batch`` over, or has refused the device itself."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: self.refused > 0 or self._taken(batch))

    def _taken(self, batch: UUID) -> bool:
        kept = self._kept.get(batch)
        return kept is None or kept.taken

    async def hears(self, more: int = 1, *, within_s: float = 10) -> None:
        """Wait until ``more`` acknowledgements came in from now on."""
        enough = self.heard + more
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: self.heard >= enough)

    async def owes_less_than(self, batches: int) -> None:
        """Wait until fewer than ``batches`` wait for an acknowledgement, however long that takes."""
        async with self._news:
            await self._news.wait_for(lambda: len(self._kept) < batches)

    async def let_in(self, times: int = 1, *, within_s: float = 10) -> None:
        """Wait until it was let in ``times`` times and is online."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: self.connected >= times and self.online)

    async def turned_away(self, *, within_s: float = 10) -> None:
        """Wait until the broker refused it."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: self.refused > 0)

    async def _live(self) -> None:
        way, tries = self._way, 0
        while True:
            client = aiomqtt.Client(
                way.host,
                way.port,
                username=way.token,
                password=way.secret,
                identifier=way.token,
                timeout=_ANSWER_S[min(tries, len(_ANSWER_S) - 1)],
                tls_context=way.tls,
                logger=_SILENT,
            )
            try:
                async with client:
                    await client.subscribe(f"down/{way.token}/ack", qos=0)
                    await self._arrive(client)
                    tries = 0
                    await self._converse(client)
            except aiomqtt.MqttError as error:
                tries += 1
                await self._leave(turned_away="authorized" in str(error).lower())
            await asyncio.sleep(self._return_s)

    async def _arrive(self, client: aiomqtt.Client) -> None:
        for kept in self._kept.values():
            kept.sent_at = None
        self._client = client
        async with self._news:
            self.connected += 1
            self.online = True
            self._news.notify_all()

    async def _leave(self, *, turned_away: bool) -> None:
        self._client = None
        async with self._news:
            self.online = False
            self.refused += turned_away
            self._news.notify_all()

    async def _converse(self, client: aiomqtt.Client) -> None:
        resending = asyncio.create_task(self._resend())
        try:
            async for message in client.messages:
                await self._hear(bytes(message.payload))
        finally:
            await end(resending)

    async def _resend(self) -> None:
        while True:
            await self._flush()
            await asyncio.sleep(self._resend_s / 4)

    async def _flush(self) -> None:
        client, now = self._client, asyncio.get_running_loop().time()
        if client is None:
            return
        for kept in tuple(self._kept.values()):
            if kept.sent_at is not None and now - kept.sent_at < self._resend_s:
                continue
            kept.sent_at = now
            try:
                await client.publish(f"up/{self._way.token}/{kept.function}", kept.payload, qos=1)
            except aiomqtt.MqttError:
                kept.sent_at = None
                return
            self.sent += 1
            async with self._news:
                kept.taken = True
                self._news.notify_all()

    async def _hear(self, body: bytes) -> None:
        said: dict[str, Any] = json.loads(body)
        given, refused = said.pop("id"), said.pop("refused", None)
        if given is None:  # a message of which not even the id could be read
            async with self._news:
                self.unread.append(str(refused))
                self._news.notify_all()
            return
        batch = UUID(given)
        self._kept.pop(batch, None)
        async with self._news:
            self.acks[batch] = Heard(batch, said, refused)
            self.heard += 1
            self.known += int(said.get("duplicates", 0))
            self._news.notify_all()


async def end(task: asyncio.Task[None]) -> None:
    """Cancel ``task`` until it has ended; raises what it ended with.

    Before Python 3.12 `asyncio.wait_for`, which the MQTT client rests on, may swallow a cancellation.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_AGAIN_S)
    if not task.cancelled():
        task.result()


def payload(batch: UUID, readings: Iterable[Reading]) -> bytes:
    """Return a batch as the firmware writes it."""
    written = [
        {"id": str(one.id), "item": one.item, "at": one.measured.isoformat(), "value": dict(one.value)}
        for one in readings
    ]
    return json.dumps({"id": str(batch), "readings": written}).encode()


def _but_for_lost_links(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Do what the loop does by default, but for a lost link that the client told nobody of."""
    if not isinstance(context.get("exception"), aiomqtt.MqttError):
        loop.default_exception_handler(context)
