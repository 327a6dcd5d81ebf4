"""What sealing costs, and what forgetting costs, against plain rows in the same PostgreSQL.

``python bench/vault.py --json`` prints one object. Both sides alternate in one run; figures are medians.
Sealed ingest is what a device worker does with a batch (gate, form, seal, marks, COPY, commit); plain is COPY
of the same readings into one table with a primary key. ``floor_vs_copy`` is what would be left of that ratio
with sealing and storing alone: no gate, no permits, no locks, one key at hand. Access and erasure are
measured at 10^5 and at 10^6 readings (``--large``: 10^7). ``erase_everywhere_p99_ms`` is from the commit of a
refusal until the last of four worker processes, which had read that person's data through the gate over and
over, was refused. Media is written to and read from a folder, in turn with the same bytes unsealed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).parent))

import psycopg
from devices import CROSSING, FLOW, POLICY, Owner, owners
from msgspec import structs
from sides import KEPT, SINCE, Sides, batch, sides

from troth.app.settings import Settings
from troth.app.system import System, opened
from troth.db import Database, binary
from troth.db.partitions import ensure
from troth.policy.forms import FORMS
from troth.policy.period import Period, Unit
from troth.policy.values import Values
from troth.policy.words import Outcome
from troth.subjects.names import ANSWER_REQUEST
from troth.terms import Actor, ActorKind, Ask, Denied, Reading, RecordId, TrothError, Verb
from troth.vault import cipher, growth, intake, keys, marks, stream
from troth.vault.classes import Fixed
from troth.vault.farewell import Farewell
from troth.vault.keyring import EpochKind
from troth.vault.media import Media
from troth.vault.rotation import Rotation
from troth.vault.sql import QUERIES
from troth.vault.stages import Stage

PEOPLE = 300
IN_A_TRANSACTION = {1: 256, 10: 256, 100: 64}
ROUNDS = 7
WARM, INGESTED = 6, 25
WHOLE = 10_000
VICTIMS = 25
OF_A_VICTIM = 1_000
WORKERS = 4
WATCHED = 25
KEYS = 40_000
DROPS = 5
MEDIA_MB = 64
SMALL, USUAL, LARGE = 10**5, 10**6, 10**7
AT_LEAST = {
    "ingest_vs_copy_1": 0.25,
    "ingest_vs_copy_10": 0.5,
    "ingest_vs_copy_100": 1.0,
    "rotate_keys_per_s": 20_000,
    "media_write_mb_s": 200,
    "media_read_mb_s": 200,
}
AT_MOST = {
    "bytes_vs_plain": 0.6,
    "access_ms": 100,
    "access_growth": 1.3,
    "erase_refused_ms": 10,
    "erase_growth": 1.3,
    "erase_everywhere_p99_ms": 1_000,
    "drop_partition_ms": 100,
}
_KEYS_IN = """
COPY vault_key (subject, key, function, class, owner_epoch, kek_epoch, wrapped) FROM STDIN (FORMAT binary)
"""
_BLOCKS_OF_A_DAY = """
INSERT INTO event_block
SELECT subject, function, %(class)s, %(day)s, block, key, version, policy_version, sealed
  FROM event_block WHERE class = 'purpose' LIMIT 10000
"""
Batches = Sequence[tuple[Owner, Sequence[Reading]]]


def say(what: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {what}", file=sys.stderr)


BEGAN = time.monotonic()


async def timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def ingest(both: Sides, people: Sequence[Owner]) -> dict[str, float]:
    """Return the rate of sealed ingest to that of plain rows, by readings in a block."""
    found: dict[str, float] = {}
    for size, at_once in IN_A_TRANSACTION.items():
        sealed: list[float] = []
        plain: list[float] = []
        least: list[float] = []
        for number in range(WARM + INGESTED):
            batches = [(people[n % len(people)], batch(size)) for n in range(at_once)]
            arrivals = both.arrivals(batches)
            again = [(owner, batch(size)) for owner, _ in batches]
            spans = [await timed(w) for w in (both.seal(arrivals), both.copy(batches), floor(both, again))]
            if number >= WARM:  # the server plans a statement anew until it has seen it five times
                for times, took in zip((sealed, plain, least), spans, strict=True):
                    times.append(took)
        readings = size * at_once
        found[f"ingest_vs_copy_{size}"] = round(median(p / s for p, s in zip(plain, sealed, strict=True)), 3)
        found[f"floor_vs_copy_{size}"] = round(median(p / f for p, f in zip(plain, least, strict=True)), 3)
        found[f"ingest_per_s_{size}"] = round(readings / median(sealed))
        found[f"copy_per_s_{size}"] = round(readings / median(plain))
    return found


async def floor(both: Sides, batches: Batches) -> None:
    """Pack, seal, COPY blocks and marks, and commit: what is left when nobody is asked and no row is held."""
    key = keys.DataKey(uuid4(), cipher.new_key())
    function = f"{POLICY}/{FLOW}"
    bundles: list[intake.Bundle] = []
    sent: list[marks.Sent] = []
    for owner, readings in batches:
        days = intake.by_day(readings)
        whose = keys.KeyOwner(subject=owner.subject, function=function, retention="purpose")
        bundles.append(intake.Bundle(whose, key, 1, days))
        sent.append(marks.Sent(owner.subject, function, owner.device, days))
    async with both.system.ingest.transaction() as tx:
        parts = [lambda: binary.pieces(marks.in_order(sent)), lambda: intake.sealed(bundles, _any_form)]
        await tx.conn.fill(QUERIES["store"], parts)


def _any_form(_readings: Sequence[Reading]) -> None:
    """Look at no form."""


async def fill(both: Sides, people: Sequence[Owner], readings: int, *, size: int = 10, days: int = 1) -> None:
    """Store ``readings`` on both sides, evenly among ``people`` and over some days."""
    blocks = [(people[n % len(people)], n // len(people) % days) for n in range(readings // size)]
    at_once = 2560 // size
    for start in range(0, len(blocks), at_once):
        batches = [(owner, batch(size, days_ago=ago)) for owner, ago in blocks[start : start + at_once]]
        await both.seal(both.arrivals(batches))
        await both.copy(batches)


async def access(both: Sides, owner: Owner) -> float:
    """Return how many ms it takes to read, open and decode all that is stored of one person."""
    system, times = both.system, list[float]()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with system.db.transaction() as tx:
            permit = await system.gate.admit(tx, both.ask(owner, Verb.USE, "count_customers"))
            n = 0
            async for _reading in system.vault.events(tx, permit):
                n += 1
        times.append(1000 * (time.perf_counter() - began))
        assert n == WHOLE, n
    return median(times)


async def refuse(both: Sides, owner: Owner) -> tuple[float, float]:
    """Erase a person as far as "refused"; return how long that step took to commit, and when it had."""
    system = both.system
    async with system.eraser.transaction() as tx:
        permit = await system.gate.admit(tx, both.ask(owner, Verb.FORGET, ANSWER_REQUEST, right=True))
        begun = await system.erasure.begin(tx, permit, Farewell())
    began = time.perf_counter()
    async with system.eraser.transaction() as tx:
        reached = await system.erasure.advance(tx, begun.erasure)
    assert reached is Stage.REFUSED
    return 1000 * (time.perf_counter() - began), time.monotonic()


async def forget(both: Sides, victims: Sequence[Owner]) -> tuple[float, float]:
    """Return the ms of a refusal, and its ratio to deleting the same person's plain rows."""
    refused: list[float] = []
    deleted: list[float] = []
    for victim in victims:
        refused.append((await refuse(both, victim))[0])
        began = time.perf_counter()
        async with both.plainly.transaction() as tx:
            gone = await tx.run("DELETE FROM plain WHERE subject = %(s)s", {"s": victim.subject})
        deleted.append(1000 * (time.perf_counter() - began))
        assert gone == OF_A_VICTIM
    return median(refused), median(r / d for r, d in zip(refused, deleted, strict=True))


def reader(settings: Settings, orders: Connection) -> None:
    """Be a worker: read one person's data over and over until refused; say when that was."""

    async def read_on(system: System, ask: Callable[[], Ask]) -> float:
        looked = 0
        while True:
            try:
                async with system.db.transaction() as tx:
                    permit = await system.gate.admit(tx, ask())
                    async for _reading in system.vault.events(tx, permit):
                        pass
            except (Denied, TrothError):
                return time.monotonic()
            looked += 1
            if looked == 2:
                orders.send("reading")

    async def run() -> None:
        async with opened(settings) as system:
            orders.send("open")
            while (asked := await asyncio.to_thread(orders.recv)) is not None:
                orders.send(await read_on(system, lambda one=asked: _now(one, system)))

    asyncio.run(run())


def _now(ask: Ask, system: System) -> Ask:
    return structs.replace(ask, at=system.clock.now())


async def everywhere(both: Sides, watched: Sequence[Owner]) -> list[float]:
    """Return, for each person erased, the ms from the commit until the last worker was refused."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(WORKERS)]
    workers = [context.Process(target=reader, args=(both.system.settings, theirs)) for _, theirs in pipes]
    for worker in workers:
        worker.start()
    ours = [one for one, _ in pipes]
    late: list[float] = []
    try:
        await asyncio.to_thread(_hear, ours)
        for owner in watched:
            for pipe in ours:
                pipe.send(both.ask(owner, Verb.USE, "count_customers"))
            await asyncio.to_thread(_hear, ours)
            _, committed = await refuse(both, owner)
            heard = await asyncio.to_thread(_hear, ours)
            late += [max(0.0, 1000 * (at - committed)) for at in heard]
    finally:
        for pipe in ours:
            pipe.send(None)
        for worker in workers:
            worker.join()
    return late


def _hear(pipes: Sequence[Connection]) -> list[Any]:
    return [pipe.recv() for pipe in pipes]


async def rotate(both: Sides) -> float:
    """Return how many keys a second an epoch's turn moves, over `KEYS` that nobody uses meanwhile."""
    system = both.system
    epoch = system.keyring.current(EpochKind.KEK)
    with psycopg.connect(both.server.owner_dsn) as conn, conn.cursor().copy(_KEYS_IN) as copy:
        copy.set_types(("uuid", "uuid", "text", "text", "int4", "int4", "bytea"))
        for _ in range(KEYS):
            owner = keys.KeyOwner(subject=uuid4(), function=f"{POLICY}/{FLOW}", retention="purpose")
            key = uuid4()
            label = keys.key_label(owner, key, epoch.number)
            wrapped = cipher.wrap(epoch.key, label.aad(), cipher.new_key())
            copy.write_row((owner.subject, key, owner.function, "purpose", 0, epoch.number, wrapped))
    both.settle()
    rates: list[float] = []
    for _ in range(3):
        began, moved = time.perf_counter(), 0
        async for progress in Rotation(system.keeper, system.keyring, system.clock).turn():
            moved = progress.moved
        rates.append(moved / (time.perf_counter() - began))
        assert moved >= KEYS
    return median(rates)


async def drop(both: Sides) -> float:
    """Return the ms until a day's partition of expired blocks is dropped, committed."""
    fixed = Fixed(Period(30, Unit.DAYS), Outcome.DELETE)
    now, times = datetime.now(UTC), list[float]()
    async with Database(both.server.owner_dsn, size=1) as db:
        async with db.transaction() as tx:
            await growth.make_class(tx, fixed)
        for ago in range(50, 50 - DROPS, -1):
            day = now.date() - timedelta(days=ago)
            async with db.transaction() as tx:
                await ensure(tx, growth.growing(fixed), day, day)
                await tx.run(
                    _BLOCKS_OF_A_DAY,
                    {"class": fixed.name(), "day": day},
                )
            began = time.perf_counter()
            async with db.transaction() as tx:
                dropped = await growth.drop_over(tx, fixed, now)
            times.append(1000 * (time.perf_counter() - began))
            assert len(dropped) == 1
    return median(times)


async def media(both: Sides, owner: Owner) -> dict[str, float]:
    """Return the MB/s at which an object is sealed into a folder and read back, and the ratios to plain."""
    system, data = both.system, secrets.token_bytes(MEDIA_MB * 1_000_000)
    parts = [data[at : at + stream.SEGMENT] for at in range(0, len(data), stream.SEGMENT)]
    device = Actor(ActorKind.DEVICE, str(owner.device))
    collect = structs.replace(
        both.ask(owner, Verb.COLLECT, "count_on_camera"), actor=device, device=owner.device
    )

    film = Values({CROSSING: FORMS["film"]}, FORMS["letter"])
    sealed = Media(system.db, system.keyring, system.clock, system.media.objects, values=film)

    async def write() -> RecordId:
        async with system.db.transaction() as tx:
            permit = await system.gate.admit(tx, collect)
            upload = await sealed.begin(tx, permit, CROSSING, told={"type": "video/mp4"})
        for part in parts:
            await upload.write(part)
        await upload.close()
        async with system.db.transaction() as tx:
            return await sealed.finish(tx, await system.gate.admit(tx, collect), upload)

    async def read(record: RecordId) -> int:
        async with system.db.transaction() as tx:
            permit = await system.gate.admit(tx, both.ask(owner, Verb.USE, "count_customers"))
            opened = await sealed.open(tx, permit, record)
        return sum([len(part) async for part in opened.read()])

    async def write_plainly(of: UUID) -> None:
        for number, part in enumerate(parts):
            await system.media.objects.put(of, number, part)

    async def read_plainly(of: UUID) -> int:
        got = [await system.media.objects.get(of, n, 0, len(part)) for n, part in enumerate(parts)]
        return sum(map(len, got))

    rates: dict[str, list[float]] = {"write": [], "read": [], "write_plainly": [], "read_plainly": []}
    for _ in range(3):
        plain, began = uuid4(), time.perf_counter()
        record = await write()
        written = time.perf_counter()
        assert await read(record) == len(data)
        done = time.perf_counter()
        await write_plainly(plain)
        plainly = time.perf_counter()
        assert await read_plainly(plain) == len(data)
        spans = (written - began, done - written, plainly - done, time.perf_counter() - plainly)
        for name, took in zip(("write", "read", "write_plainly", "read_plainly"), spans, strict=True):
            rates[name].append(MEDIA_MB / took)
    middle = {name: median(found) for name, found in rates.items()}
    return {
        "media_write_mb_s": round(middle["write"]),
        "media_read_mb_s": round(middle["read"]),
        "media_write_vs_plain": round(middle["write"] / middle["write_plainly"], 2),
        "media_read_vs_plain": round(middle["read"] / middle["read_plainly"], 2),
    }


async def measured(large: int) -> dict[str, float]:
    found: dict[str, float] = {}
    async with sides() as both:
        people = await owners(both.system, PEOPLE, ago=SINCE)
        say(f"{PEOPLE} people")
        found |= await ingest(both, people)
        say("ingest")
        both.empty()
        whole, victims = people[0], people[1 : 1 + 2 * VICTIMS]
        watched = people[1 + 2 * VICTIMS : 1 + 2 * VICTIMS + WATCHED]
        rest = people[1 + 2 * VICTIMS + WATCHED :]
        await fill(both, [whole], WHOLE, days=10)
        await fill(both, victims, 2 * VICTIMS * OF_A_VICTIM)
        await fill(both, watched, WATCHED * 100)
        await fill(both, rest, SMALL - WHOLE - 2 * VICTIMS * OF_A_VICTIM - WATCHED * 100)
        say(f"{SMALL} readings")
        found["bytes_vs_plain"] = round(both.size(*KEPT) / both.size("plain"), 3)
        both.settle()
        small = await access(both, whole), *await forget(both, victims[:VICTIMS])
        say("measured")
        await fill(both, rest, large - SMALL, size=100)
        say(f"{large} readings")
        both.settle()
        grown = await access(both, whole), *await forget(both, victims[VICTIMS:])
        found["access_ms"], found["access_growth"] = round(grown[0], 1), round(grown[0] / small[0], 2)
        found["erase_refused_ms"], found["erase_growth"] = round(grown[1], 2), round(grown[1] / small[1], 2)
        found["erase_vs_delete"] = round(grown[2], 2)
        late = await everywhere(both, watched)
        found["erase_everywhere_p99_ms"] = round(quantiles(late, n=100)[98], 1)
        say("everywhere")
        found["drop_partition_ms"] = round(await drop(both), 1)
        found |= await media(both, whole)
        found["rotate_keys_per_s"] = round(await rotate(both))
        say("rotated")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--large", action="store_true", help="ten million readings instead of one")
    asked = parser.parse_args()
    found = asyncio.run(measured(LARGE if asked.large else USUAL))
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key}: {value}")
    missed = [key for key, limit in AT_LEAST.items() if found.get(key, limit) < limit]
    missed += [key for key, limit in AT_MOST.items() if found.get(key, limit) > limit]
    for key in missed:
        say(f"{key} missed its target")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
