"""What the ledger costs: durable transactions with an entry against the same without, and reading a proof.

``python bench/ledger.py --json`` prints ``{"tx_per_s", "vs_bare", "proof_ms_at_1m", ...}``. A transaction is
one effect (a sealed row of 200 bytes) and one decision about its subject, on 16 connections to a PostgreSQL
of its own with fsync on, from two client processes; a sequencer numbers the entries meanwhile. Both kinds
alternate in one run. Figures are medians over the rounds; ``vs_bare`` is that of the ratios of neighbours.
``cpu_us_per_tx`` counts clients, server and sequencer together, to tell a busy machine from a slow ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth import ledger
from troth.app.embedded.postgres import Postgres
from troth.app.supervisor import Supervisor
from troth.db import Database, Role, migrate
from troth.ledger import EntryKind, NewEntry, checkpoint, tree
from troth.ledger.checkpoint import Head
from troth.ledger.proofs import inclusion
from troth.ledger.sequencer import Sequencer
from troth.ledger.signing import Signer
from troth.terms import ClauseId, EntryId, FunctionName, PolicyName, SubjectId

CONNECTIONS = 16
CLIENTS = 2
SUBJECTS = 5_000
ROUNDS = 5
SECONDS = 2.0
LEAVES = 1_000_000
PROOFS = 200
LIMITS = {"tx_per_s": 3_000.0, "vs_bare": 0.5, "proof_ms_at_1m": 5.0}
AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SIGNER = Signer("troth/bench", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
CLAUSES = tuple(ClauseId(f"made/functions/f/{part}") for part in ("requires/a", "requires/b", "purposes/p"))
TABLE = (
    "CREATE TABLE effect (subject uuid, record uuid, sealed bytea NOT NULL, PRIMARY KEY (subject, record))",
    "GRANT SELECT, INSERT ON effect TO troth_app",
)
EFFECT = "INSERT INTO effect (subject, record, sealed) VALUES (%(subject)s, %(record)s, %(sealed)s)"
TICK = os.sysconf("SC_CLK_TCK")


class Clock:
    """Stands still: nothing here depends on the time."""

    def now(self) -> datetime:
        return AT


@dataclass(frozen=True, slots=True)
class Order:
    """A round: transact ``until`` a moment of the machine's monotonic clock, with or without ``evidence``."""

    evidence: bool
    until: float


def decision(subject: SubjectId) -> NewEntry:
    """Return an entry as the gate writes it."""
    return NewEntry(
        kind=EntryKind.DECISION,
        at=AT,
        policy=PolicyName("made"),
        version=1,
        function=FunctionName("f"),
        subject=subject,
        clauses=CLAUSES,
        details={"verb": "collect", "actor": "device", "purpose": "p"},
    )


async def transact(db: Database, subjects: Sequence[SubjectId], order: Order) -> int:
    """Do one transaction after another on one connection; return how many were committed."""
    done, sealed = 0, secrets.token_bytes(200)
    while time.monotonic() < order.until:
        subject = random.choice(subjects)  # noqa: S311  # nothing secret
        async with db.transaction() as tx:
            tx.later(EFFECT, {"subject": subject, "record": uuid4(), "sealed": sealed})
            if order.evidence:
                await ledger.append(tx, decision(subject))
        done += 1
    return done


def client(dsn: str, subjects: Sequence[SubjectId], orders: Connection) -> None:
    """Run rounds in a process of its own, as ordered, until ordered none."""
    connections = CONNECTIONS // CLIENTS

    async def run() -> None:
        async with Database(dsn, size=connections) as db:
            while order := await asyncio.to_thread(orders.recv):
                counts = await asyncio.gather(*(transact(db, subjects, order) for _ in range(connections)))
                orders.send(sum(counts))

    asyncio.run(run())


def numberer(dsn: str, orders: Connection) -> None:
    """Number entries in a process of its own, with the pauses of the worker; answer when nothing waits."""

    async def run() -> None:
        async with Database(dsn, size=1) as db:
            one = Sequencer(db, SIGNER, Clock())
            while True:
                numbered = await one.run_once()
                if not numbered and orders.poll():
                    if not orders.recv():
                        return
                    orders.send("rested")
                await asyncio.sleep(0.1)

    asyncio.run(run())


@contextmanager
def process(work: object, *args: object) -> Generator[Any]:
    """Run ``work`` in a process that obeys the connection; an empty order ends it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(*args, theirs))  # pyright: ignore[reportArgumentType]
    child.start()
    try:
        yield ours
    finally:
        ours.send(None)
        child.join()


def cpu() -> float:
    """Return the seconds of processor that every descendant of this process has used."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = sum(int(field) for field in fields[11:15])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used[pid] for pid in ours if pid in used) / TICK


@asynccontextmanager
async def database() -> AsyncGenerator[Postgres]:
    """Start a PostgreSQL as `troth serve` would, in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    supervisor = Supervisor()
    try:
        server = Postgres(folder / "pg")
        await supervisor.add(server.child)
        await migrate(server.owner_dsn)
        yield server
    finally:
        await supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def people(server: Postgres) -> list[SubjectId]:
    """Make the table of effects and the subjects that they are about."""
    subjects = [SubjectId(uuid4()) for _ in range(SUBJECTS)]
    with psycopg.connect(server.owner_dsn, autocommit=True) as conn:
        for statement in TABLE:
            conn.execute(statement)
        with conn.cursor().copy("COPY subject (subject) FROM STDIN") as copy:
            for subject in subjects:
                copy.write_row((subject,))
        conn.execute("VACUUM ANALYZE")
    return subjects


def rounds(server: Postgres) -> dict[str, float]:
    """Alternate bare transactions and transactions with an entry; return the medians."""
    subjects, dsn = people(server), server.app_dsn
    rates: dict[bool, list[float]] = {False: [], True: []}
    costs: dict[bool, list[float]] = {False: [], True: []}
    with (
        process(client, dsn, subjects) as one,
        process(client, dsn, subjects) as two,
        process(numberer, server.dsn(Role.SEQUENCER)) as numbering,
    ):
        for number in range(ROUNDS + 1):
            for evidence in (False, True):
                before, start = cpu(), time.monotonic()
                for each in (one, two):
                    each.send(Order(evidence, start + SECONDS))
                done = sum(each.recv() for each in (one, two))
                took = time.monotonic() - start
                numbering.send("rest")  # what is left over is not the next round's burden
                numbering.recv()
                if number:  # the first warms up
                    rates[evidence].append(done / took)
                    costs[evidence].append((cpu() - before) / done * 1e6)
    return {
        "tx_per_s": round(median(rates[True])),
        "vs_bare": round(median(w / b for w, b in zip(rates[True], rates[False], strict=True)), 3),
        "bare_per_s": round(median(rates[False])),
        "cpu_us_per_tx": round(median(costs[True])),
        "bare_cpu_us_per_tx": round(median(costs[False])),
    }


def grown(server: Postgres, size: int) -> list[EntryId]:
    """Make a log of ``size`` leaves, its tree and its head, by bulk; return some of its entries."""
    edge, nodes = tree.Frontier(0, []), list[tuple[int, int, bytes]]()
    kept: list[EntryId] = []
    with psycopg.connect(server.owner_dsn) as conn:
        conn.execute("SET session_replication_role = replica")  # the entries themselves aren't read here
        conn.execute("TRUNCATE ledger_leaf, ledger_node, ledger_head, ledger_queue")
        cursor = conn.cursor()
        with cursor.copy("COPY ledger_leaf (leaf, entry, hash) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "uuid", "bytea"])
            for number in range(size):
                made = edge.add(sha256(number.to_bytes(8, "big")).digest())
                entry = EntryId(UUID(int=number << 64))
                copy.write_row((number, entry, made[0][1]))
                nodes += [(node.level, node.number, found) for node, found in made[1:]]
                if number % (size // PROOFS) == 0:
                    kept.append(entry)
        with cursor.copy("COPY ledger_node (level, index, hash) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "int8", "bytea"])
            for row in nodes:
                copy.write_row(row)
        signed = checkpoint.sign(Head(SIGNER.public.name, size, edge.root(), AT), SIGNER)
        conn.execute("INSERT INTO ledger_head VALUES (%s, %s, %s, %s)", (size, edge.root(), signed, AT))
        conn.commit()
        conn.autocommit = True
        conn.execute("ANALYZE")
    random.shuffle(kept)
    return kept


async def proofs(server: Postgres, size: int) -> float:
    """Return how many milliseconds reading an inclusion proof takes at ``size`` leaves; each is checked."""
    entries = await asyncio.to_thread(grown, server, size)
    times: list[float] = []
    async with Database(server.app_dsn, size=1) as db:
        for entry in entries:
            async with db.transaction() as tx:
                start = time.perf_counter()
                found = await inclusion(tx, entry)
                times.append(time.perf_counter() - start)
            if found is None:
                raise AssertionError("an entry without a proof")
            head = checkpoint.read(found.signed, SIGNER.public)
            leaf = sha256(found.leaf.to_bytes(8, "big")).digest()
            if not tree.verify_inclusion(found.leaf, head.size, leaf, found.path, head.root):
                raise AssertionError("a proof that proves nothing")
    return round(median(times) * 1000, 2)


async def measured(size: int) -> dict[str, float]:
    async with database() as server:
        found = await asyncio.to_thread(rounds, server)
        found["proof_ms_at_1m" if size == LEAVES else f"proof_ms_at_{size}"] = await proofs(server, size)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--large", action="store_true", help="ten million leaves instead of one")
    asked = parser.parse_args()
    found = asyncio.run(measured(LEAVES * 10 if asked.large else LEAVES))
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key}: {value}")
    within = (
        found["tx_per_s"] >= LIMITS["tx_per_s"]
        and found["vs_bare"] >= LIMITS["vs_bare"]
        and found.get("proof_ms_at_1m", 0) < LIMITS["proof_ms_at_1m"]
    )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
