"""Time in a proof: it moves only while nobody is at work, once for all who wait, and takes nobody's limit."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from troth.prove.pace import Pace

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    def __init__(self):
        self.now, self.jumps = START, []

    async def jump(self, moment):
        self.jumps.append(moment)
        self.now = max(self.now, moment)


@pytest.fixture
def clock():
    return Clock()


async def test_many_that_wait_cost_one_jump_and_give_their_places_up(clock):
    pace, seen = Pace(clock.jump, at_once=2), []

    async def waits(days):
        async with pace.trial(5):
            await pace.until(START + days * DAY)
            seen.append((days, clock.now))

    await asyncio.gather(*(waits(days) for days in (7, 1, 7, 7)))
    assert clock.jumps == [START + DAY, START + 7 * DAY]
    assert seen == [(1, START + DAY), *[(7, START + 7 * DAY)] * 3]


async def test_time_stands_still_while_a_trial_is_at_work(clock):
    pace, worked = Pace(clock.jump, at_once=1), []

    async def waits():
        async with pace.trial(5):
            await pace.until(START + DAY)

    async def works():
        async with pace.trial(5):
            for _ in range(20):
                await asyncio.sleep(0)
            worked.append(clock.now)

    await asyncio.gather(waits(), *(works() for _ in range(5)))
    assert worked == [START] * 5
    assert clock.now == START + DAY


async def test_waiting_is_not_counted_and_working_is(clock):
    slow = asyncio.Event()

    async def jump(moment):
        await asyncio.wait_for(slow.wait(), 5)
        await clock.jump(moment)

    pace = Pace(jump)
    async with pace.trial(0.2):
        asyncio.get_running_loop().call_later(0.3, slow.set)
        await pace.until(START + DAY)
    with pytest.raises(TimeoutError):
        async with pace.trial(0.01):
            await asyncio.Event().wait()


async def test_a_clock_that_cannot_jump_fails_those_who_wait_and_nobody_else(clock):
    async def stuck(_moment):
        raise RuntimeError("stuck")

    pace = Pace(stuck)
    with pytest.raises(RuntimeError, match="stuck"):
        async with pace.trial(5):
            await pace.until(START + DAY)
    async with pace.trial(5):
        pass
