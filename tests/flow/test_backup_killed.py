"""Backups and restores that are shot: what was acknowledged before a backup is in it; nobody comes back.

A life goes on meanwhile: readings are stored, people are erased, epochs turn. ``TROTH_KILLS`` says how often
a process is shot (`make kills`: 200), ``TROTH_KILLS_SEED`` repeats the moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import shutil
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from time import monotonic

import psycopg
import pytest

from tests.conftest import Dsns
from tests.fakes.vault import START, Bench, SetClock, reading
from tests.flow.backup_rig import Safe, unseen
from troth.app.backup import keys, take
from troth.app.backup import restore as steps
from troth.app.backup.bundle import Bundle
from troth.app.system import ERASURES, SPARES
from troth.vault import Erased
from troth.vault.farewell import Farewell
from troth.vault.spares import Spares

KILLS = int(os.environ.get("TROTH_KILLS", "4"))
SEED = int(os.environ.get("TROTH_KILLS_SEED", "0")) or 1 + secrets.randbelow(10**6)
PATIENCE_S = 600
SHOTS = 2
"""How often each backup, and each restore, is shot before one may come to its end."""
PEOPLE = 6
PAUSE_S = 0.02
ERASURES_A_ROUND = 1


@dataclass
class Model:
    """What the life was told: readings stored, by person and in order; who was refused."""

    stored: dict = field(default_factory=dict)
    refused: set = field(default_factory=set)

    def so_far(self):
        """Return what a backup that begins now must hold."""
        return {subject: set(readings) for subject, readings in self.stored.items()}


class Life:
    """Stores, erases and turns epochs in the living system, beside whatever is shot."""

    def __init__(self, bench, chance):
        self.bench, self.chance, self.model = bench, chance, Model()

    async def store(self):
        model, live = self.model, [one for one in self.model.stored if one not in self.model.refused]
        if len(live) < PEOPLE or (len(live) < 2 * PEOPLE and self.chance.random() < 0.5):
            live = [await self.bench.subject()]
        subject = self.chance.choice(live)
        sent = [reading() for _ in range(self.chance.choice((1, 3, 30)))]
        await self.bench.append(subject, sent)
        model.stored.setdefault(subject, set()).update(one.id for one in sent)

    async def erase(self):
        live = [one for one in self.model.stored if one not in self.model.refused]
        if len(live) < PEOPLE:
            return
        subject = self.chance.choice(live)
        begun = await self.bench.begin(subject, Farewell())
        await self.bench.advance(begun.erasure)
        self.model.refused.add(subject)

    async def run(self, over):
        erased = 0
        while not over.is_set():
            await self.store()
            if erased < ERASURES_A_ROUND and self.chance.random() < 0.2:
                await self.erase()
                erased += 1
            if self.chance.random() < 0.02:
                await self.bench.turn()
            await asyncio.sleep(PAUSE_S)


async def worker(*words, kill_after=None, heard=0):
    """Run a process from its first word on (``heard``: one later), for so long or to its end.

    Return what it said, and how long that took.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.flow.backup_worker", *map(str, words)), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        await process.stdout.readline()
        since = monotonic()
        said = b"".join([await process.stdout.readline() for _ in range(heard)])
        took = monotonic() - since
        if kill_after is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), kill_after)  # the moment is the point
            with suppress(ProcessLookupError):
                process.kill()
        said += await process.stdout.read()
        status = await process.wait()
    assert kill_after is not None or status == 0, f"a restore failed; repeat with TROTH_KILLS_SEED={SEED}"
    whole = said[: said.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], took if heard else monotonic() - since


async def examined(bench, model, before):
    """Hold a restored system to what was said: return what became of whom."""
    fates = Counter()
    for subject in model.stored:
        try:
            held = [one.id for one in await bench.events(subject)]
        except Erased:
            held = None
        if subject in model.refused:
            assert held is None, f"resurrected; repeat with TROTH_KILLS_SEED={SEED}"
            fates["erased"] += 1
            continue
        told = before.get(subject, set())
        assert held is not None or not told, f"lost; repeat with TROTH_KILLS_SEED={SEED}"
        there = held or []
        assert len(there) == len(set(there)), f"there twice; repeat with TROTH_KILLS_SEED={SEED}"
        assert told <= set(there), f"lost; repeat with TROTH_KILLS_SEED={SEED}"
        assert set(there) <= model.stored[subject], f"never sent; repeat with TROTH_KILLS_SEED={SEED}"
        fates["kept"] += bool(told)
    with psycopg.connect(bench.owner) as owner:
        for table in ("vault_key", "event_block"):
            left = {row[0] for row in owner.execute(f"SELECT DISTINCT subject FROM {table}")}  # noqa: S608
            assert not left & model.refused, f"resurrected; repeat with TROTH_KILLS_SEED={SEED}"
    return fates


class Range:
    """One living system, its backups, and places to restore them into."""

    def __init__(self, server, safe, folder):
        self.server, self.safe, self.folder = server, safe, folder
        self.chance = random.Random(SEED)  # noqa: S311 - moments, not secrets
        self.at = START
        self.span = {"backup": 1.0, "restore": 3.0}
        self.killed, self.ran, self.taking = Counter(), [], []

    def told(self, database, home):
        return json.dumps({"TROTH_DATA": str(home), **database.environ})

    async def back_up(self, life):
        """Shoot backups while the life goes on; return one that was finished, and what it must hold."""
        safe, before = self.safe, {}
        words = (self.told(safe.database, safe.home), safe.data, safe.keys)
        for shot in range(SHOTS + 1):
            known = {one.name for one in steps.backups(safe.data)}
            at_least, over = life.model.so_far(), asyncio.Event()
            living = asyncio.create_task(life.run(over))
            moment = self.chance.uniform(0, self.span["backup"])
            last = shot == SHOTS  # it may finish one, and is shot at the next
            said, took = await worker(*words, self.at.isoformat(), kill_after=moment, heard=int(last))
            if last:
                self.taking.append(took)
                self.span["backup"] = median(self.taking)
            over.set()
            await living
            self.at += timedelta(minutes=1)
            self.killed["backup"] += 1
            whole = {one.name for one in steps.backups(safe.data)}
            assert {word["taken"] for word in said} <= whole, f"lost; repeat with TROTH_KILLS_SEED={SEED}"
            before |= dict.fromkeys(whole - known, at_least)
        return before

    async def restored(self, name, folder, *, outside=None):
        """Restore a backup into a new place, shot on the way; return the place."""
        safe, number = self.safe, f"again_{len(self.ran)}_{secrets.token_hex(2)}"
        self.server.make(number, empty=True)
        database, home = Dsns(self.server, number), folder / number
        home.mkdir(mode=0o700)
        known = outside or safe.home
        words = (self.told(database, home), safe.data / name, safe.keys, self.at.isoformat(), known)
        for _ in range(SHOTS):
            moment = self.chance.uniform(0, self.span["restore"])
            said, _ = await worker(*words, kill_after=moment)
            if said:
                break  # it had come to its end
            self.killed["restore"] += 1
        else:
            said, took = await worker(*words)
            self.ran.append(took)
            self.span["restore"] = max(0.5, median(self.ran))
        assert [word["restored"] for word in said] == [name]
        assert not (home / steps.MARK).exists()
        return database, home

    async def look(self, place, model, before):
        database, home = place
        async with Bench(database, home, clock=SetClock(self.at)) as bench:
            return await examined(bench, model, before)

    def leave(self, place):
        self.server.drop(place[0].name)


async def rounds(field, house, bench, folder, kills):
    life, fates = Life(bench, field.chance), Counter()
    for _ in range(20):
        await life.store()
    while field.killed.total() < kills:
        made = await field.back_up(life)
        await house.troth.sequence()
        copies = {one.name for one in Spares(field.safe.home / SPARES).left()}
        for one in steps.backups(field.safe.data):  # what has its signature is whole
            Bundle.read(one, bench.signer.public, take.KIND).check(unseen)
            Bundle.read(field.safe.keys / one.name, bench.signer.public, keys.KIND).check(unseen)
            assert one.name in copies, "erasures don't wait for this copy of the keys"
        await life.erase()  # after the backup: only what lies outside knows
        await house.troth.sequence()
        name = field.chance.choice(sorted(made))
        place = await field.restored(name, folder)
        found = await field.look(place, life.model, made[name])
        fates += found
        sys.stdout.write(f"seed {SEED}: {dict(field.killed)} kills so far, restored {dict(found)}\n")
        sys.stdout.flush()
        field.leave(place)
    return life, fates


@asynccontextmanager
async def living(server, database, folder):
    """A system that lives, with its vault in reach."""
    field = Range(server, Safe(database, folder), folder)
    async with field.safe.house() as house, Bench(database, field.safe.home) as bench:
        yield field, house, bench


async def test_what_is_shot_while_it_backs_up_or_restores_loses_nothing_and_brings_nobody_back(
    server, database, tmp_path
):
    async with living(server, database, tmp_path) as (field, house, bench):
        life, fates = await rounds(field, house, bench, tmp_path, KILLS)
    stored = sum(map(len, life.model.stored.values()))
    sys.stdout.write(
        f"seed {SEED}: {dict(field.killed)} kills, {stored} readings of {len(life.model.stored)} people, "
        f"{len(life.model.refused)} erased, restored {dict(fates)}, "
        f"a backup in {field.span['backup']:.1f} s, a restore in {field.span['restore']:.1f} s\n"
    )
    assert fates["kept"]
    assert fates["erased"]


@pytest.mark.parametrize("planted", ["lost", "resurrected"])
async def test_control_the_check_finds_what_was_lost_and_who_came_back(server, database, tmp_path, planted):
    async with living(server, database, tmp_path) as (field, house, bench):
        life, known = Life(bench, field.chance), tmp_path / "outside"
        for _ in range(20):
            await life.store()
        await house.troth.sequence()
        before, made = life.model.so_far(), await field.safe.take(house)
        await life.erase()
        await house.troth.sequence()
        shutil.copytree(field.safe.home, known)
        if planted == "resurrected":
            (known / ERASURES).unlink()
        place = await field.restored(made.name, tmp_path, outside=known)
        if planted == "lost":
            kept = next(iter(life.model.stored.keys() - life.model.refused))
            with psycopg.connect(place[0].owner) as owner:
                gone = owner.execute("DELETE FROM event_block WHERE subject = %s", (kept,)).rowcount
            assert gone
        with pytest.raises(AssertionError, match=planted):
            await field.look(place, life.model, before)
        field.leave(place)
