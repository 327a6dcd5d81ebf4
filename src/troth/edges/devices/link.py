"""The device link: lets devices in, and ends a connection when its owner's standing changes what it may do.

Whoever changes a standing says so after the commit on ``troth.changed.<subject>``, with its new generation.
Who asks for an answer gets one once every connection of that subject has the rights it should have. A link
that lost the broker looks again at all that it granted when it is back. A change that is missed costs no
protection: what may be stored is decided again for every reading.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from troth.edges.devices.broker import Broker, connect
from troth.edges.devices.callout import Callout, Register
from troth.edges.devices.claims import Issuer
from troth.edges.devices.connections import Connections
from troth.edges.devices.topics import CHANGED
from troth.terms import FunctionName, SubjectId

_AT_ONCE = 16
_REMEMBERED = 200_000


class Owners(Register, Protocol):
    """Who knows the devices, and what each may do now."""

    async def functions(self, subject: SubjectId) -> Mapping[str, frozenset[FunctionName]]:
        """Return what each device of a subject may send now, by token."""
        ...

    def stale(self, subject: SubjectId) -> None:
        """Hear that what was read of a subject's standing is out of date."""
        ...


class Changes:
    """Listens for changed standings."""

    def __init__(self, owners: Owners, connections: Connections) -> None:
        self._owners = owners
        self._connections = connections
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self._dealt_with: OrderedDict[SubjectId, bytes] = OrderedDict()

    async def listen(self, client: Client) -> None:
        """Take changes from now on."""
        await client.subscribe(CHANGED, cb=self._take)  # pyright: ignore[reportUnknownMemberType]

    async def _take(self, message: Msg) -> None:
        try:
            subject = SubjectId(UUID(message.subject.rpartition(".")[2]))
        except ValueError:
            return
        self._begin(self._answer(message, subject))

    async def look_again(self) -> None:
        """Look at every owner with a connection that this link granted: something may have been missed.

        Of what others granted meanwhile they have heard themselves.
        """
        self._dealt_with.clear()
        for subject in self._connections.missed():
            self._begin(self._look(subject))

    async def _look(self, subject: SubjectId) -> None:
        await self._connections.kick_changed(subject, await self._now(subject))

    async def finish(self) -> None:
        """Wait for the changes in hand."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _answer(self, message: Msg, subject: SubjectId) -> None:
        generation = message.data
        if not generation or self._dealt_with.get(subject) != generation:
            await self.changed(subject)
            self._dealt_with[subject] = generation
            if len(self._dealt_with) > _REMEMBERED:
                self._dealt_with.popitem(last=False)
        if message.reply:
            await self._connections.delivered()
            await message.respond(b"")

    async def changed(self, subject: SubjectId) -> None:
        """End what a subject's devices may no longer do; all of it, when that cannot be told."""
        await self._connections.changed(subject, await self._now(subject))

    async def _now(self, subject: SubjectId) -> Mapping[str, frozenset[FunctionName]]:
        self._owners.stale(subject)
        async with self._room:
            with suppress(Exception):  # not to know is to end the connection: it will be asked about again
                return await self._owners.functions(subject)
        return {}

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._unless_away(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    @staticmethod
    async def _unless_away(work: Coroutine[None, None, None]) -> None:
        with suppress(NatsError, OSError, TimeoutError):  # who asked gets no answer, and asks again
            await work


async def serve(
    owners: Owners, broker: Broker, stop: asyncio.Event, ready: asyncio.Event | None = None
) -> None:
    """Run the link until ``stop``; set ``ready`` once devices are answered."""
    clients = [system := await connect(broker.url, broker.system_seed, "link")]
    connections = Connections(system)
    callout = Callout(owners, Issuer.at(broker.issuer_seed), connections, account=broker.account)
    changes = Changes(owners, connections)
    try:
        clients.append(callout_client := await connect(broker.url, broker.callout_seed, "link"))
        clients.append(worker := await connect(broker.url, broker.worker_seed, "link", changes.look_again))
        await connections.listen()
        await system.flush()
        await changes.listen(worker)
        await worker.flush()
        await callout.listen(callout_client)
        await callout_client.flush()
        if ready is not None:
            ready.set()
        await stop.wait()
        await callout.finish()
        await changes.finish()
    finally:
        for client in clients:
            await client.close()
