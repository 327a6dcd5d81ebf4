"""Takes messages out of the stream, as many as wait in one transaction, and acknowledges after the commit.

INVARIANT: acknowledged means committed. A worker killed at any moment loses nothing: the stream hands its
messages to another, and readings carry ids. A message that cannot be read is counted and given up at once,
one that fails otherwise after a few tries. None of them ends the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from troth.devices.batch import Ack, Malformed, Refusal, Sent
from troth.devices.door import Unavailable
from troth.edges.devices import wire
from troth.edges.devices.broker import Broker, connect
from troth.edges.devices.pull import Pull
from troth.edges.devices.stream import Limits, prepare
from troth.edges.devices.topics import acks, spoken

AT_ONCE = 2
"""Transactions in hand at a time, of other devices each: while one waits for the database, the next is made,
and none waits for the rows that another holds. A denial takes a second connection of another pool."""
MOST = 1024
"""Messages taken at a time; as many as wait, up to this, so that a quiet stream has no delay."""
TRIES = 5
_FETCH_S = 0.5
_AGAIN_S = 1.0
_PAUSE_S = 0.2
_NOBODY_TO_TELL = frozenset({Refusal.UNKNOWN_TOKEN, Refusal.UNKNOWN_TOPIC})


class Ingests(Protocol):
    """Who takes batches."""

    async def ingest_each(self, sent: Sequence[Sent]) -> Sequence[Ack | Exception]:
        """Store what may be stored, commit, and only then say what became of each batch."""
        ...

    async def turned_away(self, why: Refusal) -> None:
        """Count a message that was given up."""
        ...


class Worker:
    """One consumer among several."""

    def __init__(
        self, ingests: Ingests, client: Client, limits: Limits | None = None, *, most: int = MOST
    ) -> None:
        self._ingests = ingests
        self._client = client
        self._most = most
        self._limits = limits or Limits()
        self._running: set[asyncio.Task[None]] = set()
        self._lanes = [asyncio.Lock() for _ in range(AT_ONCE)]

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
        """Work until ``stop``, then finish what is in hand."""
        pull: Pull | None = None
        while not stop.is_set():
            try:
                if pull is None:
                    pull = await prepare(self._client, self._limits)
                    if ready is not None:
                        ready.set()
                await self._round(pull)
            except TimeoutError:
                continue
            except (NatsError, OSError):  # the broker is away, or lost its stream: begin anew
                if pull is not None:
                    await pull.close()
                pull = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE_S)
        if pull is not None:
            await pull.close()
            await self._take(pull.rest())
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _round(self, pull: Pull) -> None:
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return
        messages = await pull.take(self._most, _FETCH_S)
        task = asyncio.create_task(self._take(messages))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _take(self, messages: Sequence[Msg]) -> None:
        with suppress(NatsError):  # the broker is away: it will hand the messages out again
            sent: dict[int, list[tuple[Msg, Sent]]] = {}
            for message in messages:
                try:
                    token, function = spoken(message.subject)
                    one = Sent(token, function, wire.batch(message.data))
                except Malformed as malformed:
                    await self._answer(message, malformed)
                else:
                    sent.setdefault(int(token[-2:], 16) % AT_ONCE, []).append((message, one))
            await asyncio.gather(*[self._store(lane, some) for lane, some in sent.items()])

    async def _store(self, lane: int, sent: Sequence[tuple[Msg, Sent]]) -> None:
        """Store what one lane's devices sent, after what they sent before."""
        with suppress(NatsError):
            async with self._lanes[lane]:
                outcomes = await self._ingests.ingest_each([one for _, one in sent])
            for (message, one), outcome in zip(sent, outcomes, strict=True):
                if isinstance(outcome, Ack):
                    await message.ack()
                    await self._client.publish(acks(one.token), wire.ack(outcome))  # pyright: ignore[reportUnknownMemberType]
                else:
                    await self._answer(message, outcome)

    async def _answer(self, message: Msg, error: Exception) -> None:
        """Give a message up, or have it handed out again later."""
        if isinstance(error, Malformed):
            await self._give_up(message, error)
        elif not isinstance(error, Unavailable) and message.metadata.num_delivered >= TRIES:
            await self._give_up(message, Malformed(Refusal.UNPROCESSABLE))
        else:
            await message.nak(delay=_AGAIN_S)

    async def _give_up(self, message: Msg, malformed: Malformed) -> None:
        """Count, tell the sender when it can be told, and take the message out of the stream."""
        try:
            await self._ingests.turned_away(malformed.reason)
        except Unavailable:
            await message.nak(delay=_AGAIN_S)
            return
        await message.term()
        if malformed.reason not in _NOBODY_TO_TELL:
            token, _ = spoken(message.subject)
            await self._client.publish(acks(token), wire.refused(malformed))  # pyright: ignore[reportUnknownMemberType]


async def serve(
    ingests: Ingests,
    broker: Broker,
    stop: asyncio.Event,
    *,
    ready: asyncio.Event | None = None,
    limits: Limits | None = None,
    most: int = MOST,
) -> None:
    """Run one worker until ``stop``."""
    client = await connect(broker.url, broker.worker_seed, "ingest")
    try:
        await Worker(ingests, client, limits, most=most).run(stop, ready)
        await client.flush()
    finally:
        await client.close()
