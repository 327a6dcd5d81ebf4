"""A shop with a camera on real PostgreSQL and a real broker, for the tests of the device link."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from troth import ledger
from troth.app.policies import compiled
from troth.db import Database
from troth.devices import DeviceDoor, Devices, Told
from troth.edges.devices import link, worker
from troth.edges.devices.broker import Broker, connect
from troth.edges.devices.stream import Limits
from troth.edges.devices.topics import changed
from troth.gate import Gate
from troth.prove.simulator import Camera, Way
from troth.terms import Act, ActKind, Actor, ActorKind, Ask, Reading, Verb
from troth.vault import FolderKeyring, Vault

POLICY = "sunmi-camera"
FLOW, GUARD = "customer_flow", "store_guard"
CROSSING, MOTION = "line_crossing", "motion_event"
CODE = "7741-2280"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHOP = {"store_name", "store_address"}
PURPOSES = {FLOW: "count_customers", GUARD: "guard_store"}


class Clock:
    def __init__(self, at=START):
        self.at = at

    def now(self):
        return self.at

    def pass_(self, **span):
        self.at += timedelta(**span)
        return self.at


class Wall:
    """The real time, for tests with processes of their own; it passes by itself."""

    def now(self):
        return datetime.now(UTC)

    def pass_(self, **_span):
        return self.now()


def told(serial="CAM-1"):
    return Told(model="Store Sense Camera", mac="02:00:5e:10:00:01", serial=serial, ip="198.51.100.7")


def crossing(at, **value):
    return Reading(uuid4(), CROSSING, at, {"direction": "in", **value})


class Shop:
    """An owner, their devices, and the ways in."""

    def __init__(self, db, aside, keyring, clock):
        self.db, self.clock, self.keyring = db, clock, keyring
        one = compiled(POLICY)
        self.compiled = one
        self.gate = Gate({POLICY: {one.policy.version: one}}, aside, clock)
        self.vault = Vault(keyring, clock)
        self.devices = Devices(
            db=aside, gate=self.gate, vault=self.vault, keyring=keyring, clock=clock, region="CN"
        )
        self.door = DeviceDoor(db, self.devices)
        self.bus = None

    async def own(self):
        async with self.db.transaction() as tx:
            self.subject = await ledger.new_subject(tx)
        text = {"version": self.compiled.policy.version, "language": "en", "text_hash": "a" * 64}
        await self.act(ActKind.SHOWN, **text)
        await self.act(ActKind.ACCEPTED, **text)
        await self.act(ActKind.DECLARED_ADULT)
        return self

    async def act(self, kind, **what):
        async with self.db.transaction() as tx:
            done = Act(kind=kind, policy=POLICY, at=self.clock.now(), **what)
            await ledger.record(tx, self.subject, done)
        if self.bus is not None:
            await self.bus.publish(changed(self.subject), b"")

    async def choose(self, *functions):
        for function in functions:
            for item in SHOP:
                await self.act(ActKind.SUPPLIED, function=function, item=item)
            await self.act(ActKind.CHOSEN, function=function)

    async def stock(self, serial="CAM-1", code=CODE):
        async with self.db.transaction() as tx:
            await self.devices.stock(tx, serial, "Store Sense Camera", code)

    async def bind(self, serial="CAM-1", code=CODE):
        async with self.db.transaction() as tx:
            return await self.devices.bind(tx, self.subject, POLICY, code, told(serial))

    async def ready(self, *functions):
        """Be an owner with one bound camera and these functions chosen, an hour ago."""
        await self.own()
        await self.stock()
        bound = await self.bind()
        await self.choose(*functions)
        self.clock.pass_(hours=1)
        return bound

    async def stored(self, function=FLOW):
        ask = Ask(
            verb=Verb.USE,
            policy=POLICY,
            function=function,
            items=frozenset({CROSSING if function == FLOW else MOTION}),
            purpose=PURPOSES[function],
            subject=self.subject,
            actor=Actor(ActorKind.SUBJECT, str(self.subject)),
            region="CN",
            at=self.clock.now(),
        )
        async with self.db.transaction() as tx:
            permit = await self.gate.admit(tx, ask)
            return [reading async for reading in self.vault.events(tx, permit)]

    async def counted(self):
        span = timedelta(days=400)
        async with self.db.transaction() as tx:
            found = await ledger.counts(tx, self.clock.now() - span, self.clock.now() + span)
        total = {}
        for one in found:
            key = (one.function, one.outcome, one.reason)
            total[key] = total.get(key, 0) + one.n
        return total


@asynccontextmanager
async def shop(database, folder, clock=None):
    async with Database(database.app) as db, Database(database.app, size=4) as aside:
        yield Shop(db, aside, FolderKeyring.create(folder / "keys"), clock or Clock())


def broker(nats_server):
    keys = nats_server.keys
    return Broker(nats_server.url, keys.worker_seed, keys.callout_seed, keys.system_seed, keys.issuer_seed)


@asynccontextmanager
async def running(serve, *given, **options):
    """Run a link or a worker until the block ends."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve(*given, stop, ready=ready, **options))
    waiting = asyncio.create_task(ready.wait())
    async with asyncio.timeout(10):
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


@asynccontextmanager
async def linked(owner, nats_server, *, workers=1):
    """Run the link and workers for one shop; its acts are told on the bus."""
    way = broker(nats_server)
    owner.bus = await connect(way.url, way.worker_seed, "test")
    await fresh(owner.bus)
    try:
        async with running(link.serve, owner.door, way):
            if not workers:
                yield way
                return
            async with running(worker.serve, owner.door, way, limits=Limits(ack_wait_s=1)):
                yield way
    finally:
        await owner.bus.close()
        owner.bus = None


async def fresh(client):
    """Empty the stream that an earlier test may have filled."""
    for stream in await client.jetstream().streams_info():
        if stream.config.name == "UP":
            await client.jetstream().delete_stream("UP")


def camera(bound, nats_server, **options):
    way = Way("127.0.0.1", nats_server.mqtt_port, bound.token, bound.secret)
    return Camera(way, **{"resend_s": 0.6, **options})
