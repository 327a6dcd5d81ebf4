"""Room is made again and again, and a stop waits for what is in hand."""

import asyncio

import pytest

from troth.app.settings import Settings
from troth.main import running

SETTINGS = Settings.from_environ({"HOME": "/home/wang"})


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(running, "_UPKEEP_S", 0)


async def test_a_stop_waits_until_what_is_in_hand_is_done(monkeypatch, at_once):
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def make_room(_settings):
        begun.set()
        await go_on.wait()
        done.append(1)

    monkeypatch.setattr(running, "make_room", make_room)
    stop = asyncio.Event()
    task = asyncio.create_task(running.upkeep_until(stop, SETTINGS))
    await begun.wait()
    stop.set()
    assert not task.done()
    go_on.set()
    await task
    assert done == [1]


async def test_what_fails_is_tried_again(monkeypatch, at_once):
    times = []

    async def make_room(_settings):
        times.append(1)
        if len(times) == 1:
            raise OSError
        stop.set()

    monkeypatch.setattr(running, "make_room", make_room)
    stop = asyncio.Event()
    await running.upkeep_until(stop, SETTINGS)
    assert len(times) == 2


async def test_a_stop_does_not_wait_for_the_hour():
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(running.upkeep_until(stop, SETTINGS), 1)
