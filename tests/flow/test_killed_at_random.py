"""A whole system, shot at while a camera sends: what was acknowledged is there, and nothing is there twice.

``TROTH_KILLS`` says how often (30 for the full claim), ``TROTH_KILLS_SEED`` repeats a run.
"""

import asyncio
import json
import os
import random
import secrets
import sys
from collections import Counter
from contextlib import asynccontextmanager
from statistics import median

import pytest

from troth.functions.store_guard import ALERT_TOLD
from troth.main.demo import Wishes, staged
from troth.prove.killing import VICTIMS, Business, Killer
from troth.prove.story import opening
from troth.prove.story.business import CUSTOMER_FLOW, STORE_GUARD
from troth.prove.story.day import LINE_CROSSING, MOTION
from troth.prove.story.person import Person

KILLS = int(os.environ.get("TROTH_KILLS", "4"))
SEED = int(os.environ.get("TROTH_KILLS_SEED", "0")) or 1 + secrets.randbelow(10**6)
SORTS = ((CUSTOMER_FLOW, LINE_CROSSING), (STORE_GUARD, MOTION))
PATIENCE_S = 120
OK, AWAY = 200, 503


@pytest.fixture
def no_settings(monkeypatch):
    """What steers this test is no setting of the system."""
    for name in [name for name in os.environ if name.startswith("TROTH_")]:
        monkeypatch.delenv(name)


@asynccontextmanager
async def system(folder):
    async def none():
        return frozenset()

    wishes = Wishes(data=folder)
    async with staged(wishes, "system", without=(), workers=2, say=lambda _what: None, control=none) as (
        stage,
        running,
    ):
        await opening.settle(stage)
        yield stage, running.supervisor


@asynccontextmanager
async def looking(stage):
    """The owner looks at their page all the while; yields how often the API answered what."""
    answers, over = Counter(), asyncio.Event()
    owner = Person(stage.base_url, stage.owner.token)

    async def look():
        while not over.is_set():
            answers[(await owner.ask("GET", "/v1/me")).status] += 1
            try:
                await asyncio.wait_for(over.wait(), 0.25)
            except TimeoutError:
                continue

    async with asyncio.TaskGroup() as group:
        group.create_task(look())
        try:
            yield answers
        finally:
            over.set()


async def events(stage):
    """Return the readings that are held, by id: what devices sent, and what the system itself noted."""
    lines = [json.loads(line) for line in await stage.owner.lines("/v1/me/copy")]
    assert lines[-1]["kind"] == "end", "the copy was cut short"
    held = [line for line in lines if line["kind"] == "reading"]
    assert len(held) == len({line["id"] for line in held}), "a reading was stored twice"
    return {line["id"]: line["item"] for line in held}


async def numbered(stage):
    """Wait until the ledger has numbered what was waiting for it."""
    async with asyncio.timeout(PATIENCE_S):
        while await stage.evidence.value("SELECT count(*) FROM ledger_queue"):
            await asyncio.sleep(0.1)


def told(kills, camera, business, answers):
    lines = [f"seed {SEED}: {len(kills)} kills, {len(business.sent)} batches, API answers {dict(answers)}"]
    for kind in sorted({kill.victim.partition("-")[0] for kill in kills}):
        of = [kill for kill in kills if kill.victim.startswith(kind)]
        up, heard = [k.up_s for k in of], [k.heard_s for k in of]
        lines.append(
            f"  {kind}: {len(of)} times; up again after {median(up):.1f} s (at most {max(up):.1f}), "
            f"heard of again after {median(heard):.1f} s (at most {max(heard):.1f})"
        )
    again, twice = camera.sent - len(business.sent), camera.heard - len(camera.acks)
    under_way = median(kill.under_way for kill in kills)
    lines.append(f"  {under_way:g} batches under way at a kill")
    lines.append(f"  {again} resends, {camera.known} readings known, {twice} batches acknowledged again")
    return "\n".join(lines) + "\n"


async def through(stage, supervisor):
    async with stage.camera() as camera, looking(stage) as answers:
        await camera.let_in(within_s=PATIENCE_S)
        async with Business(camera, stage.levers.now, SORTS) as business:
            await camera.hears(within_s=PATIENCE_S)
            killer = Killer(supervisor, camera, random.Random(SEED))  # noqa: S311 - a moment, not a secret
            kills = await killer.run(KILLS)
        acks = await camera.acked(list(business.sent), within_s=PATIENCE_S)
    sys.stdout.write(told(kills, camera, business, answers))

    assert not [ack.refused for ack in acks if ack.refused]
    figures = sum((Counter(ack.figures) for ack in acks), Counter())
    assert set(figures) <= {"stored", "duplicates"}, figures
    stored = await events(stage)
    sent = {each for each, item in stored.items() if item != ALERT_TOLD}
    assert sent == {str(one) for one in business.readings(business.sent)}
    assert await stage.evidence.value("SELECT count(*) FROM reading_seen") == len(stored)
    assert set(answers) <= {OK, AWAY}, answers
    assert (await stage.owner.ask("GET", "/v1/me")).status == OK
    await numbered(stage)
    status, said = await stage.levers.command("ledger", "verify")
    assert status == 0, said
    assert said.startswith("verified: ")
    killed = Counter(kill.victim for kill in kills)
    assert all(health.restarts >= killed[health.name] for health in supervisor.health())
    assert len(VICTIMS) > KILLS or set(killed) == set(VICTIMS)
    assert any(kill.under_way for kill in kills)


@pytest.mark.usefixtures("no_settings")
async def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_is_stored_twice(tmp_path):
    try:
        async with system(tmp_path) as (stage, supervisor):
            await through(stage, supervisor)
    except BaseException as error:
        error.add_note(f"repeat with TROTH_KILLS={KILLS} TROTH_KILLS_SEED={SEED}")
        raise
