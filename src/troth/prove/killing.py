"""Kills processes of a running system, one after another, at random moments, while a camera sends on and on.

Decides who is killed and when, from a seed, and measures what came of it. Whether that was right is for the
caller to judge.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from signal import SIGKILL
from typing import Self
from uuid import UUID, uuid4

from troth.app.supervisor import Health, State, Supervisor
from troth.prove.simulator import Camera, end
from troth.prove.story.day import LINE_CROSSING, MOTION
from troth.terms import FunctionName, ItemName, Reading

_VALUES = {LINE_CROSSING: {"line": "door", "direction": "in"}, MOTION: {"zone": "till"}}
VICTIMS = ("worker-1", "worker-2", "postgresql", "nats")
PATIENCE_S = 60.0
_LOOK_S = 0.02
_MOMENT_S = 1.5
_IN_PEACE = 0.7
"""How often the system has come to itself before the next kill; else it may still be on its knees."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Who was killed with how many batches under way; when a successor was up and the camera heard again."""

    victim: str
    under_way: int
    up_s: float
    heard_s: float


class Killer:
    """Sends SIGKILL to one of ``victims`` at a time."""

    def __init__(
        self, supervisor: Supervisor, camera: Camera, chance: Random, victims: Sequence[str] = VICTIMS
    ) -> None:
        self._supervisor = supervisor
        self._camera = camera
        self._chance = chance
        self._victims = victims
        self._killed: dict[str, int] = {}

    async def run(self, times: int) -> list[Kill]:
        """Kill ``times`` times, every victim as often as the others; return once all is up and heard of.

        Raises `TimeoutError` when something does not come back.
        """
        async with asyncio.TaskGroup() as group:
            watching: list[asyncio.Task[Kill]] = []
            for victim in self._order(times):
                if self._chance.random() < _IN_PEACE:
                    await asyncio.gather(*watching)
                    await self._camera.hears(within_s=PATIENCE_S)
                await asyncio.sleep(self._chance.uniform(0, _MOMENT_S))  # the moment is the point
                watching.append(group.create_task(self._watch(victim, await self._strike(victim))))
        return [kill.result() for kill in watching]

    def _order(self, times: int) -> list[str]:
        order: list[str] = []
        while len(order) < times:
            order += self._chance.sample(self._victims, len(self._victims))
        return order[:times]

    async def _strike(self, victim: str) -> int:
        """Kill ``victim``, as soon as there is one that was not killed yet; return its pid."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                pid = self._health(victim).pid
                if pid not in (None, self._killed.get(victim)):
                    try:
                        os.kill(pid, SIGKILL)
                    except ProcessLookupError:
                        pass  # it died by itself: its successor will do
                    else:
                        self._killed[victim] = pid
                        return pid
                await asyncio.sleep(_LOOK_S)

    async def _watch(self, victim: str, killed: int) -> Kill:
        loop = asyncio.get_running_loop()
        begun, under_way = loop.time(), len(self._camera.waiting)
        async with asyncio.timeout(PATIENCE_S):
            while not self._succeeded(victim, killed):  # noqa: ASYNC110 - the supervisor tells nobody
                await asyncio.sleep(_LOOK_S)
        up_s = loop.time() - begun
        await self._camera.hears(within_s=PATIENCE_S)
        return Kill(victim, under_way, up_s, loop.time() - begun)

    def _succeeded(self, victim: str, killed: int) -> bool:
        health = self._health(victim)
        return health.state is State.UP and health.pid not in (None, killed)

    def _health(self, victim: str) -> Health:
        return next(health for health in self._supervisor.health() if health.name == victim)


class Business:
    """A camera that sends on and on, with never more than ``ahead`` batches unacknowledged.

    Use as an async context manager; leaving it stops the sending and waits for nothing.
    """

    def __init__(
        self,
        camera: Camera,
        now: Callable[[], datetime],
        sorts: Sequence[tuple[FunctionName, ItemName]],
        *,
        ahead: int = 24,
        size: int = 6,
    ) -> None:
        self._camera = camera
        self._now = now
        self._sorts = sorts
        self._ahead = ahead
        self._size = size
        self._task: asyncio.Task[None] | None = None
        self.sent: dict[UUID, tuple[Reading, ...]] = {}
        """Every batch that the camera kept, by its id."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._task is not None:
            await end(self._task)

    def readings(self, batches: Iterable[UUID]) -> frozenset[UUID]:
        """Return the ids of the readings in ``batches``."""
        return frozenset(reading.id for batch in batches for reading in self.sent[batch])

    async def _go_on(self) -> None:
        while True:
            for function, item in self._sorts:
                await self._camera.owes_less_than(self._ahead)
                value = _VALUES[item]
                readings = [Reading(uuid4(), item, self._now(), value) for _ in range(self._size)]
                batch = uuid4()
                self.sent[batch] = tuple(readings)
                await self._camera.send(function, readings, batch=batch)
