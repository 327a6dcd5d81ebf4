"""After the story: a second owner with a day at their till, whose camera goes on counting, to be looked at.

The films are a second long and can be played; what happens in them is not what the till says.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from uuid import uuid4

from troth.prove.story import opening, shop
from troth.prove.story.day import LINE_CROSSING, MOTION, SHANGHAI, at
from troth.prove.story.person import Person
from troth.prove.story.stage import Marks, Stage
from troth.prove.story.till import NIGHT, till_day
from troth.terms import FunctionName, Reading

EVERY_S = 3
PHONE = "+8613800138000"
PASSWORD = "lantern-by-the-river"  # noqa: S105 - invented, printed on purpose
_INVENTED = Marks(
    phone=PHONE,
    email="owner@example.com",
    password=PASSWORD,
    store_name="River Lantern Books",
    store_address="1 Example Road, Shanghai",
    serial="DEMO-CAMERA-2",
    mac="02:00:5e:00:00:02",
    ip="192.0.2.2",
    reading="door",
    register="DEMO-TILL-2",
)
_MARK = "A"
_EVENING = timedelta(minutes=5)
"""How long after the alert of the night the page is first looked at."""


@dataclass(slots=True)
class Life:
    """Someone to sign in as, and a camera that sends until it is stopped."""

    stage: Stage

    async def settle(self) -> None:
        """Register the second owner, bind their camera and till, and let a day pass at it."""
        stage = self.stage
        stage.marks, stage.owner = _INVENTED, Person(stage.base_url)
        await opening.settle(stage)
        await shop.link_till(stage)
        await self._day()

    async def _day(self) -> None:
        """Let till and camera tell of a day, with a film of what does not fit and a picture of the night."""
        stage = self.stage
        today = stage.levers.now().astimezone(SHANGHAI).date() + timedelta(days=1)
        day, night = till_day(today, mark=_MARK), at(today, NIGHT)
        await stage.until(night + _EVENING)
        await shop.sent(stage.till, shop.AUDIT, day.rung)
        await shop.sent(stage.way, shop.AUDIT, day.looks)
        moved = Reading(uuid4(), MOTION, night, {"zone": "till"})
        await shop.sent(stage.way, shop.GUARD, (moved,))
        film, still = (
            files("troth.prove.story").joinpath(name).read_bytes() for name in ("second.mp4", "still.jpg")
        )
        for moment, _ in day.flagged:
            (await shop.upload(stage, film, moment)).require()
        (await shop.upload(stage, still, night, kind="image/jpeg", seconds=None)).require()

    async def go_on(self) -> None:
        """Send a crossing every few seconds, for ever."""
        stage = self.stage
        async with stage.camera() as camera:
            while True:
                now = stage.levers.now() - timedelta(seconds=1)
                value = {"line": "door", "direction": random.choice(("in", "out"))}  # noqa: S311 - invented data
                await camera.send(
                    FunctionName("customer_flow"), [Reading(uuid4(), LINE_CROSSING, now, value)]
                )
                await asyncio.sleep(EVERY_S)
