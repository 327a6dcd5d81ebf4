"""What the backups' tests stand on: a house, backups of it, and restores into databases of their own."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.flow.api_people import House, MovingClock, open_house
from troth.app.backup import restore as steps
from troth.app.backup.settle import settle
from troth.app.backup.take import take
from troth.app.settings import Settings
from troth.app.wiring import Troth
from troth.edges.api.app import create_app


def unseen(*_what):
    """Show nothing."""


@dataclass
class Safe:
    """Where backups go, and what makes them: the living system's ``database``, its ``home``, its settings."""

    database: object
    folder: object
    more: dict[str, str] = field(default_factory=dict)

    @property
    def home(self):
        return self.folder / "home"

    @property
    def data(self):
        return self.folder / "backups"

    @property
    def keys(self):
        return self.folder / "keys"

    @asynccontextmanager
    async def house(self):
        self.home.mkdir(mode=0o700, exist_ok=True)
        async with open_house(self.database, self.home, **self.more) as house:
            yield house

    def settings(self, database=None, home=None, **more):
        ways = (database or self.database).environ
        return Settings.from_environ({"TROTH_DATA": str(home or self.home), **ways, **self.more, **more})

    async def take(self, house):
        return await take(self.settings(), self.data, self.keys, house.clock.now(), unseen)

    def wanted(self, taken, *, keys=True, outside=True, lost=False):
        return steps.Wanted(
            data=taken.data,
            keys=self.keys if keys else None,
            outside=(self.home,) if outside else (),
            outside_lost=lost,
        )

    async def check(self, taken, database, home, **told):
        return await steps.checked(self.settings(database, home), self.wanted(taken, **told), unseen)

    async def restore(self, taken, database, home, at, **told):
        """Restore to the end, at the time ``at``; return what was repeated."""
        home.mkdir(mode=0o700, exist_ok=True)
        settings = self.settings(database, home)
        plan = await steps.checked(settings, self.wanted(taken, **told), unseen)
        steps.begin(plan)
        plan = await steps.load(plan, settings.owner_dsn, unseen)
        done = await settle(plan, settings, unseen, MovingClock(at))
        steps.end(plan)
        return done

    @asynccontextmanager
    async def again(self, database, home, at):
        """Open what was restored."""
        clock = MovingClock(at)
        async with Troth.open(self.settings(database, home), clock) as troth:
            transport = httpx.ASGITransport(create_app(troth))
            async with httpx.AsyncClient(transport=transport, base_url="http://troth.test") as http:
                yield House(troth, http, clock)


def spoil(file):
    """Flip one bit in the middle of ``file``."""
    text = bytearray(file.read_bytes())
    text[len(text) // 2] ^= 1
    file.write_bytes(text)


def copied(folder, to):
    shutil.copytree(folder, to)
    return to
