"""The control of the byte scan: the same values, planted in a system whose vault seals nothing.

A scan that finds nothing proves something only when it would have found it.
"""

from __future__ import annotations

from datetime import time

from troth.prove.story import opening, shop, till
from troth.prove.story.day import at, business_day
from troth.prove.story.stage import Stage
from troth.terms import FunctionName


async def plant(stage: Stage) -> None:
    """Let the owner register, bind, link a store and count, on a system without sealing.

    Raises `RuntimeError` when the planting itself did not work: then the control says nothing.
    """
    await opening.settle(stage)
    await shop.link_till(stage)
    await stage.until(at(stage.today, time(12, 1)))
    made = at(stage.today, time(12))
    (await shop.upload(stage, till.film(stage.marks.film, time(12)), made)).require()
    day = business_day(stage.today, mark=stage.marks.reading)
    async with stage.camera() as camera:
        await camera.acked([await camera.send(FunctionName("customer_flow"), day.crossings[:6])])
    await stage.evidence.checkpoint()
