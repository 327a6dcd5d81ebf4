"""After the story: a second owner whose camera goes on counting, so that the page has something to show."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from troth.prove.story import opening
from troth.prove.story.day import LINE_CROSSING
from troth.prove.story.person import Person
from troth.prove.story.stage import Marks, Stage
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
)


@dataclass(slots=True)
class Life:
    """Someone to sign in as, and a camera that sends until it is stopped."""

    stage: Stage

    async def settle(self) -> None:
        """Register the second owner and bind their camera."""
        stage = self.stage
        stage.marks, stage.owner = _INVENTED, Person(stage.base_url)
        await opening.settle(stage)

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
