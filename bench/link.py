"""From MQTT to sealed, committed rows: messages a second, taken many at a time and one at a time.

``python bench/link.py --json`` prints one object. 500 connections of as many owners send 200-byte messages of
one reading with QoS 1, each with a few unacknowledged at a time; a message counts when its acknowledgement is
heard, which comes after the commit. PostgreSQL (durable), broker, worker processes and sender are all on this
machine, so ``cpu_us`` (per message and kind of process) tells a busy machine from a slow link. ``vs_single``
is the rate with batches to that with one message per transaction, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from devices import Link, Owner, owners, reading

from troth.app.embedded.nats import Nats
from troth.app.embedded.nats_config import BrokerKeys
from troth.app.embedded.postgres import Postgres
from troth.app.prepare import prepare
from troth.app.settings import Settings
from troth.app.supervisor import Supervisor
from troth.app.system import opened
from troth.app.wiring import Troth
from troth.edges.devices import link, worker
from troth.edges.devices.broker import Broker

OWNERS, WINDOW = 500, 8
WORKERS = 1
WARM_S, SECONDS = 1.5, 5.0
LIMIT = 8_000.0
_TICK = os.sysconf("SC_CLK_TCK")


async def work(settings: Settings, most: int) -> None:
    """Be a worker process: the link and the ingest, nothing else."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Troth.open(settings) as troth, asyncio.TaskGroup() as group:
        keys, ready = BrokerKeys.at(settings.keyring), (asyncio.Event(), asyncio.Event())
        way = Broker(
            settings.nats_url or "", keys.worker_seed, keys.callout_seed, keys.system_seed, keys.issuer_seed
        )
        group.create_task(link.serve(troth.door, way, stop, ready[0]))
        group.create_task(worker.serve(troth.door, way, stop, ready=ready[1], most=most))
        for one in ready:
            await one.wait()
        print("ready", flush=True)


async def send(port: int, made: Sequence[Owner]) -> None:
    """Be the sender: keep every connection's window full; print how many were acknowledged in how long."""
    heard, refused = 0, 0
    links: list[Link] = []

    def listener(place: int) -> Callable[[bytes], None]:
        def took(ack: bytes) -> None:
            nonlocal heard, refused
            heard += 1
            refused += b'"stored":1' not in ack
            links[place].send(reading())

        return took

    while len(links) < len(made):
        with suppress(PermissionError):  # not answered in time, on a busy machine: try again
            links.append(await Link.open(port, made[len(links)], listener(len(links))))
    for one in links:
        for _ in range(WINDOW):
            one.send(reading())
    await asyncio.sleep(WARM_S)
    print("warm", flush=True)
    before, began = heard, time.monotonic()
    await asyncio.sleep(SECONDS)
    print(json.dumps([heard - before, time.monotonic() - began, refused]), flush=True)


@asynccontextmanager
async def child(settings: Settings, *words: str) -> AsyncGenerator[Process]:
    """Run this file as another process until the block ends."""
    environment = {
        "TROTH_DATA": str(settings.data),
        "TROTH_DSN": settings.dsn or "",
        "TROTH_NATS_URL": settings.nats_url or "",
        "PATH": os.environ.get("PATH", ""),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *words, stdout=PIPE, env=environment, limit=1 << 20
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def said(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = await process.stdout.readline()
    assert line, "a process of the bench ended"
    return line.decode().strip()


def cpu_s(folder: Path, kinds: Mapping[int, str]) -> Mapping[str, float]:
    """Return the CPU time of processes by kind; the services are found by their folder."""
    found = {"worker": 0.0, "sender": 0.0, "postgres": 0.0, "broker": 0.0}
    stats: dict[int, tuple[int, str, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                rest = (entry / "stat").read_text().rpartition(")")[2].split()
                seconds = (int(rest[11]) + int(rest[12])) / _TICK
                stats[int(entry.name)] = (int(rest[1]), (entry / "cmdline").read_text(), seconds)
    postmasters = {p for p, (_, line, _) in stats.items() if f"{folder}/postgres" in line}
    for pid, (parent, line, seconds) in stats.items():
        ours = pid in postmasters or parent in postmasters
        kind = kinds.get(pid) or ("postgres" if ours else "broker" if f"{folder}/nats" in line else None)
        if kind is not None:
            found[kind] += seconds
    return found


async def rate(settings: Settings, file: Path, most: int, workers: int) -> dict[str, object]:
    """Measure with so many messages in a transaction."""
    async with (
        _workers(settings, most, workers) as running,
        child(settings, "--send", str(settings.mqtt_port), str(file)) as sender,
    ):
        assert await said(sender) == "warm"
        kinds = {one.pid: "worker" for one in running} | {sender.pid: "sender"}
        before = cpu_s(settings.data, kinds)
        n, seconds, refused = json.loads(await said(sender))
        after = cpu_s(settings.data, kinds)
    return {
        "msgs_per_s": round(n / seconds),
        "refused": refused,
        "cpu_us": {kind: round(1e6 * (after[kind] - before[kind]) / max(n, 1)) for kind in before},
    }


@asynccontextmanager
async def _workers(settings: Settings, most: int, n: int) -> AsyncGenerator[list[Process]]:
    if not n:
        yield []
        return
    async with child(settings, "--work", str(most)) as one, _workers(settings, most, n - 1) as others:
        assert await said(one) == "ready"
        yield [one, *others]


async def measured(folder: Path, n: int, workers: int) -> dict[str, object]:
    settings = Settings.from_environ({}, data=folder)
    async with Supervisor() as supervisor:
        postgres = Postgres(folder / "postgres")
        await supervisor.add(postgres.child)
        nats = Nats(folder / "nats", settings.keyring, name="bench", nats_port=0, mqtt_port=0)
        settings = replace(settings, dsn=postgres.app_dsn, owner_dsn=postgres.owner_dsn)
        await supervisor.add(nats.child)
        settings = replace(settings, nats_url=nats.url, mqtt_port=nats.mqtt_port)
        await prepare(settings)
        file = folder / "owners.json"
        async with opened(settings) as system:
            made = await owners(system, n)
        file.write_text(json.dumps([[str(o.subject), str(o.device), o.token, o.secret] for o in made]))
        single = await rate(settings, file, 1, workers)
        many = await rate(settings, file, worker.MOST, workers)
    ratio = float(str(many["msgs_per_s"])) / max(1.0, float(str(single["msgs_per_s"])))
    return {**many, "vs_single": round(ratio, 1), "single": single, "connections": n, "workers": workers}


def measure(n: int = OWNERS, workers: int = WORKERS) -> dict[str, object]:
    """Return the figures of one run, on scratch services that are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    try:
        return asyncio.run(measured(folder, n, workers))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--workers", type=int, default=WORKERS, help="worker processes")
    parser.add_argument("--connections", type=int, default=OWNERS)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--send", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        asyncio.run(work(Settings.from_environ(os.environ), asked.work))
        return 0
    if asked.send:
        rows = json.loads(Path(asked.send[1]).read_text())
        asyncio.run(send(int(asked.send[0]), [Owner(*row) for row in rows]))
        return 0
    found = measure(asked.connections, asked.workers)
    print(json.dumps(found, indent=1))
    return 0 if float(str(found["msgs_per_s"])) >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
