"""The device link: lets devices in, and ends a connection when its owner's standing changes what it may do.

Whoever changes a standing says so after the commit on ``troth.changed.<subject>``. A change that is missed,
or comes while this is down, costs no protection: what may be stored is decided again for every reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg

from troth.edges.devices.broker import Broker, connect
from troth.edges.devices.callout import Callout, Register
from troth.edges.devices.claims import Issuer
from troth.edges.devices.connections import Connections
from troth.edges.devices.topics import CHANGED
from troth.terms import FunctionName, SubjectId

_AT_ONCE = 16


class Owners(Register, Protocol):
    """Who knows the devices, and what each may do now."""

    async def functions(self, subject: SubjectId) -> Mapping[str, frozenset[FunctionName]]:
        """Return what each device of a subject may send now, by token."""
        ...


class Changes:
    """Listens for changed standings."""

    def __init__(self, owners: Owners, connections: Connections) -> None:
        self._owners = owners
        self._connections = connections
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def listen(self, client: Client) -> None:
        """Take changes from now on."""
        await client.subscribe(CHANGED, cb=self._take)  # pyright: ignore[reportUnknownMemberType]

    async def _take(self, message: Msg) -> None:
        try:
            subject = SubjectId(UUID(message.subject.rpartition(".")[2]))
        except ValueError:
            return
        task = asyncio.create_task(self.changed(subject))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for the changes in hand."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def changed(self, subject: SubjectId) -> None:
        """End what a subject's devices may no longer do; all of it, when that cannot be told."""
        now: Mapping[str, frozenset[FunctionName]] = {}
        async with self._room:
            with suppress(Exception):  # not to know is to end the connection: it will be asked about again
                now = await self._owners.functions(subject)
        await self._connections.changed(subject, now)


async def serve(
    owners: Owners, broker: Broker, stop: asyncio.Event, ready: asyncio.Event | None = None
) -> None:
    """Run the link until ``stop``; set ``ready`` once devices are answered."""
    clients = [
        await connect(broker.url, seed, "link")
        for seed in (broker.system_seed, broker.callout_seed, broker.worker_seed)
    ]
    system, callout_client, worker = clients
    connections = Connections(system)
    callout = Callout(owners, Issuer.at(broker.issuer_seed), connections, account=broker.account)
    changes = Changes(owners, connections)
    try:
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
