"""A vault whose process is shot while it stores, edits, erases, ends keys and epochs: what it said is true.

``TROTH_KILLS`` says how often (`make kills`: 200), ``TROTH_KILLS_SEED`` repeats the moments.
"""

import asyncio
import json
import os
import random
import secrets
import sys
from collections import Counter, defaultdict
from uuid import UUID

import psycopg
import pytest

from tests.fakes.vault import Bench, reading
from troth.terms import SubjectId
from troth.vault import Erased
from troth.vault.farewell import Farewell
from troth.vault.keyring import TURNED

KILLS = int(os.environ.get("TROTH_KILLS", "4"))
SEED = int(os.environ.get("TROTH_KILLS_SEED", "0")) or 1 + secrets.randbelow(10**6)
PATIENCE_S = 600
LONGEST_S = 1.0
MANY = 20


async def shot(database, folder, seed, after_s):
    """Let a process work for a while from its first word on, kill it, and return what it had said."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.flow.vault_worker", database.app, database.owner, folder, str(seed)),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    async with asyncio.timeout(PATIENCE_S):
        said = await worker.stdout.readline()
        await asyncio.sleep(after_s)  # the moment is the point
        worker.kill()
        said += await worker.stdout.read()
        await worker.wait()
    whole = said[: said.rfind(b"\n") + 1]  # the last word may be cut short
    return [json.loads(line) for line in whole.splitlines()]


def heard(words):
    """Return the readings said to be stored, by subject; the refused; those begun only; turns."""
    stored, refused, begun, turned = defaultdict(set), set(), set(), 0
    for word in words:
        if "stored" in word:
            stored[word["stored"]].update(word["readings"])
        refused |= {word["refused"]} if "refused" in word else set()
        begun |= {word["erasing"]} if "erasing" in word else set()
        turned += "turned" in word
    return stored, refused, begun - refused, turned


def edits(words):
    """Return the readings said to be corrected; said to be deleted; of which that was only begun; steps."""
    said = {
        name: {word[name] for word in words if name in word} for name in ("corrected", "deleting", "deleted")
    }
    steps = sum(word.get("rekeyed", 0) for word in words)
    return said["corrected"], said["deleted"], said["deleting"] - said["deleted"], steps


async def examined(bench, words):
    """Hold the vault to what was said of it: return what became of whom."""
    stored, refused, unknown, _ = heard(words)
    corrected, deleted, deleting, _ = edits(words)
    await bench.rekey(100_000)
    async for _ in bench.rotation.resume():  # what was cut short is finished
        pass
    assert all(len(bench.keyring.epochs(kind)) == 1 for kind in TURNED)
    roll = {str(line.subject) for line in bench.roll.read()}
    fates = Counter()
    for subject, readings in stored.items():
        try:
            values = [(str(one.id), one.value) for one in await bench.events(SubjectId(UUID(subject)))]
        except Erased:
            fates["erased"] += 1
            assert subject in refused | unknown, f"lost; repeat with TROTH_KILLS_SEED={SEED}"
            assert subject in roll
            continue
        fates["kept"] += 1
        held = [one for one, _ in values]
        assert subject not in refused, f"resurrected; repeat with TROTH_KILLS_SEED={SEED}"
        assert len(held) == len(set(held)), f"stored twice; repeat with TROTH_KILLS_SEED={SEED}"
        assert readings - deleted - deleting <= set(held), f"lost; repeat with TROTH_KILLS_SEED={SEED}"
        assert deleted.isdisjoint(held), f"resurrected; repeat with TROTH_KILLS_SEED={SEED}"
        assert all(value == {"n": "mended"} for one, value in values if one in corrected), "resurrected"
    with psycopg.connect(bench.owner) as owner:
        keys = {str(row[0]) for row in owner.execute("SELECT DISTINCT subject FROM vault_key")}
        aside = owner.execute("SELECT count(*) FROM vault_key WHERE owner_epoch < 0").fetchone()
        due = owner.execute("SELECT count(*) FROM rekey_due").fetchone()
    assert not keys & refused, f"resurrected; repeat with TROTH_KILLS_SEED={SEED}"
    assert (aside, due) == ((0,), (0,)), f"not ended; repeat with TROTH_KILLS_SEED={SEED}"
    return fates


TABLES = ("subject", "vault_key")
PLANTS = {
    # A block whose commit was acknowledged is gone, as after a disk that lied about a flush.
    "lost": ["DELETE FROM event_block WHERE subject = %(kept)s"],
    # Rows come back as they were, as from a page that an older backup had.
    "resurrected": [
        "UPDATE subject s SET state = o.state FROM old_subject o WHERE s.subject = o.subject",
        "INSERT INTO vault_key SELECT * FROM old_vault_key",
    ],
}


@pytest.mark.parametrize("planted", ["lost", "resurrected"])
async def test_control_the_check_finds_what_is_planted(database, tmp_path, planted):
    async with Bench(database, tmp_path) as bench:
        kept, gone = await bench.subject(), await bench.subject()
        words = []
        for subject in (kept, gone):
            sent = [reading() for _ in range(3)]
            await bench.append(subject, sent)
            words.append({"stored": str(subject), "readings": [str(one.id) for one in sent]})
        for table in TABLES:
            await bench.meddle(f"CREATE TABLE old_{table} AS SELECT * FROM {table} WHERE subject = '{gone}'")  # noqa: S608
        begun = await bench.begin(gone, Farewell())
        await bench.advance(begun.erasure)
        words.append({"refused": str(gone)})
        assert await examined(bench, words) == {"kept": 1, "erased": 1}
        who = {"kept": kept, "gone": gone}
        for query in PLANTS[planted]:
            assert await bench.meddle(query, **{name: who[name] for name in who if f"%({name})s" in query})
        with pytest.raises(AssertionError, match=planted):
            await examined(bench, words)


async def test_what_a_killed_vault_said_is_true_of_storing_editing_erasing_and_turning(database, tmp_path):
    chance = random.Random(SEED)  # noqa: S311 - moments, not secrets
    words = []
    for number in range(KILLS):
        words += await shot(database, tmp_path, SEED + number, chance.uniform(0, LONGEST_S))
    async with Bench(database, tmp_path) as bench:
        fates = await examined(bench, words)
    _, _, unknown, turned = heard(words)
    corrected, deleted, _, steps = edits(words)
    assert fates["kept"]
    sys.stdout.write(
        f"seed {SEED}: {KILLS} kills, {dict(fates)}, {len(corrected)} corrected, {len(deleted)} deleted, "
        f"{steps} steps of ending keys, {turned} epochs turned, {len(unknown)} unknown\n"
    )
    assert KILLS < MANY or (fates["erased"] and turned and corrected and deleted and steps)
