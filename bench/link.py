"""From MQTT to sealed, committed rows: messages a second, what privacy costs of them, and the system at rest.

``python bench/link.py --json`` prints one object. 1,000 connections of as many owners send 200-byte messages
of one reading with QoS 1, each with a few unacknowledged at a time; a message counts when its acknowledgement
is heard, which comes after the commit. PostgreSQL (durable), broker, one worker process and the sender are
all on this machine, so ``cpu_us`` (per message and kind of process) tells a busy machine from a slow link;
the connections are without TLS.

``privacy_tax`` is the rate of the same pipeline without gate and sealing to that with both: the same worker
process, stream, tokens and acknowledgements, but its readings go as plain rows into one table with a primary
key. Both alternate in one run, over the same connections. ``idle_mib`` is all of `troth serve` at rest, in
proportional set size; ``start_s`` from its start until it is healthy, ``first_start_s`` the same in an empty
folder, where the database is made first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

import psycopg
from devices import Link, Owner, owners, reading
from plain import GRANT, TABLE, PlainDoor
from served import by_kind, ended, served
from services import services

from troth.app import litter
from troth.app.settings import Settings
from troth.app.system import opened
from troth.app.ways import Part
from troth.app.wiring import Troth
from troth.db import Database
from troth.main import process
from troth.main.running import child_environment, ready_sign

CONNECTIONS, WINDOW, ROUNDS = 1_000, 4, 2
LARGE_CONNECTIONS, LARGE_ROUNDS = 5_000, 4
WARM, SECONDS, REST_S = 6, 4.0, 5.0
AT_LEAST = {"msgs_per_s": 8_000}
AT_MOST = {"privacy_tax": 1.3, "idle_mib": 300, "start_s": 5}
SEALED, PLAIN = "sealed", "plain"
_LONGEST_LINE = 1 << 20


async def work(settings: Settings, how: str) -> None:
    """Be a worker process of the system, over its own door or over the plain one."""
    async with Troth.open(settings) as troth:
        litter.settle()
        if how == SEALED:
            await process.worker(troth, 1)
            return
        async with Database(settings.dsn or "", size=4) as db, opened(settings) as system:
            troth.door = PlainDoor(db, system.ingest, system.devices)
            await process.worker(troth, 1)


class Sender:
    """1,000 cameras: while it goes, each sends its next message when it hears of one."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._idle: list[int] = []
        self._going = False
        self._heard = self._refused = self._goal = 0
        self._reached = asyncio.Event()

    async def connect(self, port: int, made: Sequence[Owner]) -> None:
        while (place := len(self._links)) < len(made):
            with suppress(PermissionError):  # not answered in time, on a busy machine: try again
                self._links.append(await Link.open(port, made[place], partial(self._took, place)))
        self._idle += [place for place in range(len(made)) for _ in range(WINDOW)]

    def _took(self, place: int, ack: bytes) -> None:
        self._heard += 1
        self._refused += b'"stored":1' not in ack
        if self._going:
            self._links[place].send(reading())
        else:
            self._idle.append(place)
        if self._heard >= self._goal:
            self._reached.set()

    async def _hear(self, goal: int) -> None:
        self._goal = goal
        self._reached.clear()
        await self._reached.wait()

    async def warm(self) -> None:
        """Begin, and go on until the worker has met everybody."""
        self._going, idle = True, [*self._idle]
        self._idle.clear()
        for place in idle:
            self._links[place].send(reading())
        await self._hear(self._heard + WARM * len(self._links))

    async def count(self, seconds: float) -> tuple[int, float, int]:
        """Return how many messages were heard of, in how long, and how many readings were not stored."""
        before, began = self._heard, time.monotonic()
        await asyncio.sleep(seconds)
        return self._heard - before, time.monotonic() - began, self._refused

    async def rest(self) -> None:
        """Send nothing new, and wait for what is on its way."""
        self._going = False
        await self._hear(self._heard + len(self._links) * WINDOW - len(self._idle))


async def send(port: int, made: Sequence[Owner]) -> None:
    """Be the sender: for each line that comes in, a number of seconds, say what was acknowledged in them."""
    sender = Sender()
    await sender.connect(port, made)
    print("connected", flush=True)
    while asked := await asyncio.to_thread(sys.stdin.readline):
        await sender.warm()
        print("warm", flush=True)
        print(json.dumps(await sender.count(float(asked))), flush=True)
        await sender.rest()
        print("quiet", flush=True)


@asynccontextmanager
async def child(settings: Settings, *words: str) -> AsyncGenerator[Process]:
    """Run this file as another process until the block ends."""
    environment = child_environment(settings, {"PATH": os.environ.get("PATH", "")}, Part.WORKER)
    running_ = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *words, stdin=PIPE, stdout=PIPE, env=environment, limit=_LONGEST_LINE
    )
    try:
        yield running_
    finally:
        await ended(running_)


async def said(process_: Process) -> str:
    assert process_.stdout is not None
    async with asyncio.timeout(60):
        line = await process_.stdout.readline()
    assert line, "a process of the bench ended"
    return line.decode().strip()


async def one_round(settings: Settings, sender: Process, how: str) -> tuple[float, dict[str, float]]:
    """Return the messages a second through a worker of that kind, and the CPU µs of each by process."""
    sign = ready_sign(settings, 1)
    sign.unlink(missing_ok=True)
    async with child(settings, "--work", how) as worker:
        async with asyncio.timeout(60):
            while not sign.exists():
                assert worker.returncode is None
                await asyncio.sleep(0.02)
        assert sender.stdin is not None
        sender.stdin.write(f"{SECONDS}\n".encode())
        assert await said(sender) == "warm"
        before = by_kind(os.getpid())
        n, seconds, refused = json.loads(await said(sender))
        after = by_kind(os.getpid())
        assert not refused, f"{refused} readings were not stored"
        assert await said(sender) == "quiet"
    spent = {kind: 1e6 * (each.cpu_s - before[kind].cpu_s) / n for kind, each in after.items()}
    return n / seconds, spent


async def rates(data: Path, connections: int, rounds: int) -> dict[str, object]:
    """Measure both pipelines in turn over the same connections."""
    found: dict[str, list[tuple[float, dict[str, float]]]] = {SEALED: [], PLAIN: []}
    async with services(data) as settings:
        with psycopg.connect(settings.owner_dsn or "", autocommit=True) as conn:
            conn.execute(TABLE)
            conn.execute(GRANT)
        file = data / "owners.json"
        async with opened(settings) as system:
            made = await owners(system, connections)
        file.write_text(json.dumps([[str(o.subject), str(o.device), o.token, o.secret] for o in made]))
        async with child(settings, "--send", str(settings.mqtt_port), str(file)) as sender:
            async with child(settings, "--work", SEALED):  # lets the devices in
                assert await said(sender) == "connected"
            for _ in range(rounds):
                for how in (SEALED, PLAIN):
                    found[how].append(await one_round(settings, sender, how))
    sealed, plain = ([rate for rate, _ in found[how]] for how in (SEALED, PLAIN))
    return {
        "msgs_per_s": round(median(sealed)),
        "plain_msgs_per_s": round(median(plain)),
        "privacy_tax": round(median(p / s for p, s in zip(plain, sealed, strict=True)), 2),
        "cpu_us": _each(found[SEALED]),
        "plain_cpu_us": _each(found[PLAIN]),
        "connections": connections,
    }


def _each(rounds: Sequence[tuple[float, dict[str, float]]]) -> dict[str, int]:
    kinds = [kind for kind in rounds[0][1] if kind not in {"bench", "other"}]
    return {kind: round(median(spent[kind] for _, spent in rounds)) for kind in kinds}


async def at_rest(data: Path) -> dict[str, object]:
    """Return how long `troth serve` takes to be healthy, and its memory when nobody asks for anything."""
    async with served(data) as first:
        await asyncio.sleep(REST_S)
        rest = by_kind(first.process.pid)
    async with served(data) as again:
        pass
    return {
        "idle_mib": round(sum(each.mib for each in rest.values()), 1),
        "idle_mib_of": {kind: round(each.mib, 1) for kind, each in sorted(rest.items())},
        "start_s": round(again.start_s, 2),
        "first_start_s": round(first.start_s, 2),
    }


async def measured(folder: Path, *, large: bool) -> dict[str, object]:
    many = (LARGE_CONNECTIONS, LARGE_ROUNDS) if large else (CONNECTIONS, ROUNDS)
    rest = await at_rest(folder / "troth")
    print(json.dumps(rest), file=sys.stderr)
    return {**await rates(folder / "troth", *many), **rest}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--large", action="store_true", help="5,000 connections instead of 1,000")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--send", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        asyncio.run(work(Settings.from_environ(os.environ), asked.work))
        return 0
    if asked.send:
        rows = json.loads(Path(asked.send[1]).read_text())
        asyncio.run(send(int(asked.send[0]), [Owner(*row) for row in rows]))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    try:
        found = asyncio.run(measured(folder, large=asked.large))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=1) if asked.json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    missed = [key for key, limit in AT_LEAST.items() if float(str(found[key])) < limit]
    missed += [key for key, limit in AT_MOST.items() if float(str(found[key])) > limit]
    for key in missed:
        print(f"{key} missed its target", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
