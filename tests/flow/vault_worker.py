"""A process that stores, edits, erases, ends keys and turns epochs over one vault until it is killed.

``python -m tests.flow.vault_worker APP_DSN OWNER_DSN FOLDER SEED``. Says on stdout, a line of JSON each, what
was committed; and before an erasure or an edit, whose it will be: what came of that one is unknown to whoever
listens.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace

from tests.fakes.vault import Bench, reading
from troth.vault.farewell import Farewell

_AT_ONCE = 12


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def store(bench, chance, live):
    while True:
        if len(live) < _AT_ONCE:
            live.append(await bench.subject())
        subject = chance.choice(live)
        live.remove(subject)  # one hand at a time
        sent = [reading() for _ in range(chance.choice((1, 3, 90)))]
        await bench.append(subject, sent)
        say(stored=str(subject), readings=[str(one.id) for one in sent])
        await edit(bench, chance, subject, sent)
        live.append(subject)


async def edit(bench, chance, subject, sent):
    """Correct one reading, delete another: keys are owed an end for it."""
    if len(sent) == 1:
        return
    wrong, gone = chance.sample(sent, 2)
    await bench.correct(subject, replace(wrong, value={"n": "mended"}))
    say(corrected=str(wrong.id))
    say(deleting=str(gone.id))
    await bench.delete(subject, gone.id)
    say(deleted=str(gone.id))


async def rekey(bench):
    while True:
        ended = await bench.rekey(20)
        if ended:
            say(rekeyed=ended)
        await asyncio.sleep(0.005)  # somebody has to edit first


async def erase(bench, chance, live):
    while True:
        await asyncio.sleep(chance.uniform(0, 0.1))  # somebody has to be there first
        if len(live) < _AT_ONCE // 2:
            continue
        subject = live.pop(0)
        say(erasing=str(subject))
        begun = await bench.begin(subject, Farewell())
        await bench.advance(begun.erasure)
        say(refused=str(subject))


async def turn(bench):
    while True:
        done = await bench.turn()
        say(turned=done[-1].moved)


async def main(app, owner, folder, seed):
    chance, live = Random(int(seed)), []  # noqa: S311 - moments, not secrets
    async with Bench(SimpleNamespace(app=app, owner=owner), Path(folder)) as bench:
        await asyncio.gather(
            store(bench, chance, live), erase(bench, chance, live), rekey(bench), turn(bench)
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
