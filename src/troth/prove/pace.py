"""Time in a proof: trials share one clock, and it moves only while none of them is at work.

A trial that needs days to pass says until when it waits, and gives up its place meanwhile. Once every trial
that has begun waits or is done, the clock jumps to the earliest of these moments, for all of them at once: a
hundred trials that wait a week cost one jump, and time moves under nobody's hands. Decides nothing else.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime

_LIMIT: ContextVar[asyncio.Timeout] = ContextVar("_LIMIT")
_Waiting = tuple[datetime, int, asyncio.Future[None]]


class Pace:
    """How many trials run at once, and when the clock jumps; ``jump`` lets it, however long that takes."""

    def __init__(self, jump: Callable[[datetime], Awaitable[None]], at_once: int = 6) -> None:
        self._jump_to = jump
        self._places = asyncio.Semaphore(at_once)
        self._at_work = 0
        self._waiting: list[_Waiting] = []
        self._order = itertools.count()
        self._jumping: asyncio.Task[None] | None = None

    def at_once(self, trials: int) -> None:
        """Let so many trials run at once from now on. Only while none runs."""
        self._places = asyncio.Semaphore(trials)

    @asynccontextmanager
    async def trial(self, limit_s: float) -> AsyncGenerator[None]:
        """Be a trial: wait for a place, then have so long, not counting what `until` waits."""
        self._at_work += 1
        try:
            async with self._places, asyncio.timeout(limit_s) as limit:
                token = _LIMIT.set(limit)
                try:
                    yield
                finally:
                    _LIMIT.reset(token)
        finally:
            self._at_work -= 1
            self._look()

    async def until(self, moment: datetime) -> None:
        """Wait until the clock stands at ``moment`` or later. Only inside a trial."""
        limit, loop = _LIMIT.get(), asyncio.get_running_loop()
        left = (limit.when() or loop.time()) - loop.time()
        limit.reschedule(None)
        ready: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (moment, next(self._order), ready))
        self._places.release()
        self._at_work -= 1
        self._look()
        try:
            await ready
        finally:
            if not ready.done() or ready.cancelled():  # nobody woke it: the trial itself is ending
                self._at_work += 1
            await self._places.acquire()
            limit.reschedule(loop.time() + left)

    def _look(self) -> None:
        if not self._at_work and self._waiting and self._jumping is None:
            self._jumping = asyncio.create_task(self._jump())

    async def _jump(self) -> None:
        """Jump to the earliest moment that is waited for, unless a trial has begun meanwhile."""
        try:
            await asyncio.sleep(0)  # whoever goes on to another trial at once has begun it by then
            if self._at_work:
                return
            moment = self._waiting[0][0]
            await self._jump_to(moment)
            while self._waiting and self._waiting[0][0] <= moment:
                _, _, ready = heapq.heappop(self._waiting)
                if not ready.done():
                    self._at_work += 1
                    ready.set_result(None)
        except Exception as problem:  # noqa: BLE001 - told to those who wait, each of whom fails of it
            for _, _, ready in self._waiting:
                if not ready.done():
                    self._at_work += 1
                    ready.set_exception(problem)
            self._waiting.clear()
        finally:
            self._jumping = None
            self._look()
