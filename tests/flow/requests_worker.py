"""A worker that ends an account and stops midway, to be killed. ``TROTH_*`` say where; argument: the time."""

import asyncio
import os
import sys
from datetime import datetime
from unittest.mock import patch

from troth.app.settings import Settings
from troth.app.wiring import Troth
from troth.vault.erasure import Erasure


class Set:
    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


async def hang(*_args):
    """Stand between the plan, which is written, and the refusal, which is not."""
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def main(at):
    settings = Settings.from_environ(os.environ)
    with patch.object(Erasure, "advance", hang):
        async with Troth.open(settings, Set(datetime.fromisoformat(at))) as troth:
            await troth.take_effect()


asyncio.run(main(*sys.argv[1:]))
