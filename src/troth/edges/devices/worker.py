"""Takes messages out of the stream, one transaction each, and acknowledges after the commit.

INVARIANT: acknowledged means committed. A worker killed at any moment loses nothing: the stream hands its
messages to another, and readings carry ids. A message that cannot be read is counted and given up at once,
one that fails otherwise after a few tries. None of them ends the worker.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.client import JetStreamContext

from troth.devices.batch import Ack, Batch, Malformed, Refusal
from troth.devices.door import Unavailable
from troth.edges.devices import wire
from troth.edges.devices.broker import Broker, connect
from troth.edges.devices.stream import Limits, prepare
from troth.edges.devices.topics import acks, spoken
from troth.terms import FunctionName

AT_ONCE = 4
"""Messages in hand at a time: half of a process's database connections, since a denial takes a second one."""
TRIES = 5
_FETCH_S = 0.5
_AGAIN_S = 1.0
_PAUSE_S = 0.2


class Ingests(Protocol):
    """Who takes a batch."""

    async def ingest(self, token: str, function: FunctionName, batch: Batch) -> Ack:
        """Store what may be stored, commit, and only then return."""
        ...

    async def turned_away(self, why: Refusal) -> None:
        """Count a message that was given up."""
        ...


class Worker:
    """One consumer among several."""

    def __init__(self, ingests: Ingests, client: Client, limits: Limits | None = None) -> None:
        self._ingests = ingests
        self._client = client
        self._limits = limits or Limits()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
        """Work until ``stop``, then finish what is in hand."""
        subscription: JetStreamContext.PullSubscription | None = None
        while not stop.is_set():
            try:
                if subscription is None:
                    subscription = await prepare(self._client.jetstream(), self._limits)  # pyright: ignore[reportUnknownMemberType]
                    if ready is not None:
                        ready.set()
                await self._round(subscription)
            except TimeoutError:
                continue
            except (NatsError, OSError):  # the broker is away, or lost its stream: begin anew
                subscription = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE_S)
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _round(self, subscription: JetStreamContext.PullSubscription) -> None:
        free = AT_ONCE - len(self._running)
        if not free:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return
        for message in await subscription.fetch(free, timeout=_FETCH_S):
            task = asyncio.create_task(self._take(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _take(self, message: Msg) -> None:
        with suppress(NatsError):  # the broker is away: it will hand the message out again
            try:
                await self._ingest(message)
            except Malformed as malformed:
                await self._give_up(message, malformed)
            except Unavailable:
                await message.nak(delay=_AGAIN_S)
            except Exception:  # noqa: BLE001 - whatever it was, the worker lives on
                if message.metadata.num_delivered >= TRIES:
                    await self._give_up(message, Malformed(Refusal.UNPROCESSABLE))
                else:
                    await message.nak(delay=_AGAIN_S)

    async def _ingest(self, message: Msg) -> None:
        token, function = spoken(message.subject)
        ack = await self._ingests.ingest(token, function, wire.batch(message.data))
        await message.ack()
        await self._client.publish(acks(token), wire.ack(ack))  # pyright: ignore[reportUnknownMemberType]

    async def _give_up(self, message: Msg, malformed: Malformed) -> None:
        """Count, tell the sender when it can be told, and take the message out of the stream."""
        try:
            await self._ingests.turned_away(malformed.reason)
        except Unavailable:
            await message.nak(delay=_AGAIN_S)
            return
        await message.term()
        said = wire.refused(malformed)
        if said is not None and malformed.reason is not Refusal.UNKNOWN_TOKEN:
            token, _ = spoken(message.subject)
            await self._client.publish(acks(token), said)  # pyright: ignore[reportUnknownMemberType]


async def serve(
    ingests: Ingests,
    broker: Broker,
    stop: asyncio.Event,
    *,
    ready: asyncio.Event | None = None,
    limits: Limits | None = None,
) -> None:
    """Run one worker until ``stop``."""
    client = await connect(broker.url, broker.worker_seed, "ingest")
    try:
        await Worker(ingests, client, limits).run(stop, ready)
        await client.flush()
    finally:
        await client.close()
