"""A process that takes backups, or restores one, until it is killed; it says what it came to, in JSON.

``python -m tests.flow.backup_worker SETTINGS DATA KEYS AT [OUTSIDE]``: with ``OUTSIDE`` it restores, once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tests.flow.api_people import MovingClock
from troth.app.backup import restore as steps
from troth.app.backup.settle import settle
from troth.app.backup.take import take
from troth.app.settings import Settings


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def unseen(*_what):
    """Show nothing."""


async def taking(settings, data, keys, at):
    while True:
        at += timedelta(seconds=1)  # backups of one second have no order
        taken = await take(settings, data, keys, at, unseen)
        say(taken=taken.name)


async def restoring(settings, wanted, at):
    plan = await steps.checked(settings, wanted, unseen)
    steps.begin(plan)
    plan = await steps.load(plan, settings.owner_dsn, unseen)
    done = await settle(plan, settings, unseen, MovingClock(at))
    steps.end(plan)
    say(restored=plan.name, erased=done.erased)


async def main(told, data, keys, at, *outside):
    settings, moment = Settings.from_environ(json.loads(told)), datetime.fromisoformat(at)
    say(ready=True)
    if not outside:
        await taking(settings, Path(data), Path(keys), moment)
        return
    known = tuple(Path(one) for one in outside)
    wanted = steps.Wanted(data=Path(data), keys=Path(keys), outside=known, outside_lost=False)
    await restoring(settings, wanted, moment)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
