"""Two stores of the same readings in one PostgreSQL: the vault behind its gate, and a table of plain rows.

The plain table has what an application would give it: one row a reading, and a primary key that makes a
resend one reading and finds a subject's readings of a function by time. Nothing else, and no gate before it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import plain
import psycopg
from devices import CROSSING, FLOW, POLICY, Owner

from troth.app import litter
from troth.app.embedded.postgres import Postgres
from troth.app.settings import Settings
from troth.app.supervisor import Supervisor
from troth.app.system import System, opened
from troth.db import Database, Role, migrate
from troth.db.partitions import ensure
from troth.db.roles import WORKING
from troth.devices.batch import Batch
from troth.devices.bound import Source
from troth.devices.ingest import Arrival, Ingest
from troth.terms import Actor, ActorKind, Ask, Basis, Purpose, Reading, Region, Verb
from troth.vault.growth import GROWING

SINCE = timedelta(days=60)
CN = Region("CN")
KEPT = ("event_block", "reading_seen", "vault_key")
_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size(%(of)s::regclass))
  FROM pg_partition_tree(%(of)s::regclass)
"""
_CHANCE = Random(5)  # noqa: S311 - readings, not secrets


@dataclass(frozen=True, slots=True)
class Sealing:
    """The way in of a device worker."""

    system: System

    def arrivals(self, batches: Sequence[tuple[Owner, Sequence[Reading]]]) -> list[Arrival]:
        """Return batches as the device worker is handed them: read, and with the devices that sent them."""
        versions = self.system.policies[POLICY]
        compiled = versions[max(versions)]
        return [
            Arrival(_bound(owner), compiled, FLOW, Batch(uuid4(), tuple(readings)))
            for owner, readings in batches
        ]

    async def seal(self, arrivals: Sequence[Arrival]) -> int:
        """Take them as it does: gate, seal, COPY, commit. Return how many readings."""
        system = self.system
        ingest = Ingest(system.gate, system.vault, CN)
        async with system.ingest.transaction() as tx:
            held = await system.gate.hold(tx, {arrival.device.subject for arrival in arrivals})
            acks = await ingest.take_each(tx, held, arrivals, system.clock.now())
        stored = sum(ack.stored for ack in acks)
        assert stored == sum(len(arrival.batch.readings) for arrival in arrivals), acks[0]
        return stored


@dataclass(frozen=True, slots=True)
class Sides(Sealing):
    """Both stores, and the two ways in."""

    server: Postgres
    plainly: Database

    async def copy(self, batches: Sequence[tuple[Owner, Sequence[Reading]]]) -> None:
        """COPY the same readings as plain rows and commit."""
        function = f"{POLICY}/{FLOW}"
        async with self.plainly.transaction() as tx:
            await plain.copy(
                tx,
                (
                    plain.row((o.subject, o.device), function, one)
                    for o, readings in batches
                    for one in readings
                ),
            )

    def size(self, *tables: str) -> int:
        """Return the bytes of ``tables``, their partitions and indexes, after a VACUUM."""
        with psycopg.connect(self.server.owner_dsn, autocommit=True) as conn:
            total = 0
            for table in tables:
                conn.execute(psycopg.sql.SQL("VACUUM {}").format(psycopg.sql.Identifier(table)))
                row = conn.execute(_SIZE, {"of": table}).fetchone()
                assert row is not None
                total += int(row[0])
            return total

    def empty(self) -> None:
        """Begin anew, with the same people."""
        with psycopg.connect(self.server.owner_dsn, autocommit=True) as conn:
            conn.execute("TRUNCATE plain, event_block, reading_seen, vault_key")

    def settle(self) -> None:
        """Let the server have done what it would do sooner or later, before the clock runs."""
        with psycopg.connect(self.server.owner_dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
            conn.execute("CHECKPOINT")

    def ask(self, owner: Owner, verb: Verb, purpose: str, *, right: bool = False) -> Ask:
        """Return what the person themselves asks."""
        return Ask(
            verb=verb,
            policy=POLICY,
            function=FLOW,
            items=frozenset({CROSSING}),
            purpose=Purpose(purpose),
            subject=owner.subject,
            actor=Actor(ActorKind.SUBJECT, str(owner.subject)),
            region=CN,
            at=self.system.clock.now(),
            basis=Basis.OWN_RIGHT if right else None,
        )


def batch(n: int, *, days_ago: int = 0) -> list[Reading]:
    """Return ``n`` readings of one camera, some seconds apart, within one day."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0) - timedelta(days=days_ago)
    at = day + timedelta(milliseconds=_CHANCE.randrange(60_000))
    made: list[Reading] = []
    for _ in range(n):
        at += timedelta(milliseconds=_CHANCE.randrange(100, 900))
        value = {"line": _CHANCE.choice(("door", "till", "yard")), "direction": _CHANCE.choice(("in", "out"))}
        made.append(Reading(UUID(int=_CHANCE.getrandbits(128)), CROSSING, at, value))
    return made


@asynccontextmanager
async def sides() -> AsyncGenerator[Sides]:
    """Start a PostgreSQL as ``troth serve`` would, fsync on, in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    supervisor = Supervisor()
    try:
        server = Postgres(folder / "pg")
        await supervisor.add(server.child)
        await migrate(server.owner_dsn)
        with psycopg.connect(server.owner_dsn, autocommit=True) as conn:
            conn.execute(plain.TABLE)
            conn.execute(plain.GRANT)
        today = datetime.now(UTC).date()
        async with Database(server.owner_dsn, size=1) as db:
            for growing in GROWING:
                async with db.transaction() as tx:
                    await ensure(tx, growing, today - timedelta(days=12), today + timedelta(days=1))
        async with opened(settings(folder, server)) as system, Database(server.app_dsn) as plainly:
            litter.settle()  # as a process of ours does
            yield Sides(system, server, plainly)
    finally:
        await supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settings(folder: Path, server: Postgres) -> Settings:
    """Return the settings of a system over this server."""
    return Settings.from_environ(environ(server), data=folder / "data", http_port=0, mqtt_port=0)


def environ(server: Postgres) -> dict[str, str]:
    """Return what a process of this system finds in its environment."""
    return {
        "TROTH_DSN": server.app_dsn,
        "TROTH_OWNER_DSN": server.owner_dsn,
        **{f"TROTH_{role.name}_DSN": server.dsn(role) for role in WORKING - {Role.APP}},
    }


def _bound(owner: Owner) -> Source:
    return Source(subject=owner.subject, device=owner.device, policy=POLICY, token=owner.token)
