"""Keeps a handful of child processes running: in order up, in reverse order down, again when one dies.

Starts what it is told and knows nothing of what the children do. Not a general tool: no schedules, no
dependencies but the order, no hang detection. A child is up when its own ``ready`` says so and its
``proof`` raised nothing. When the supervisor itself is killed, the children die with it (`leash`).
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Self

from troth.app.tap import Tap
from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

_LEASH = Path(__file__).with_name("leash.py")


class NotReady(TrothError):
    """a service did not come up"""


async def _nothing() -> None:
    """Do nothing, before a start or after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep: what to run, how to tell that it is up, how to end it.

    ``environment`` is all that it gets. ``before`` runs ahead of every start, ``proof`` after every
    ``ready``: when either raises a `TrothError` at the first start, the start fails with it.
    ``keep`` decides what of its output may reach the disk (None: that line does not).
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    log: Path
    before: Callable[[], Awaitable[None]] = _nothing
    proof: Callable[[], Awaitable[None]] = _nothing
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    keep: Callable[[str], str | None] = str
    identity: Callable[[], str] = lambda: "same"
    hands_on: Callable[[], int | None] = lambda: None
    gone: Callable[[], None] = lambda: None
    stop_signal: Signals = SIGTERM
    death_signal: Signals = SIGKILL
    patience_s: float = 120
    """How long it may take to come up: a loaded machine, or a database that reads its log after a crash."""
    grace_s: float = 10


class State(StrEnum):
    """Where a child stands."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """What `Supervisor.health` says of one child. ``trouble`` is the last reason it was not up."""

    name: str
    state: State
    pid: int | None
    restarts: int
    trouble: str | None


_FOR_THE_INTERPRETER = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Some builds of Python do not find their own library without."""


async def on_leash(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: int | IO[bytes],
    told: int = asyncio.subprocess.DEVNULL,
    identity: str = "same",
    death: Signals = SIGKILL,
    reach: Path | None = None,
    hand_on: Sequence[int] = (),
) -> asyncio.subprocess.Process:
    """Run ``argv`` so that it dies with this process; it reads ``told`` and ``output`` gets what it says.

    With ``reach``, it is not run at all when its identity cannot write to that directory.
    """
    own = {k: v for k, v in os.environ.items() if k in _FOR_THE_INTERPRETER and k not in environment}
    orders = {
        "parent": os.getpid(),
        "death": int(death),
        "identity": identity,
        "reach": str(reach or ""),
        "without": list(own),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(_LEASH), json.dumps(orders), "--", *argv,
        stdin=told,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        env={**own, **environment},
        cwd="/",
        pass_fds=hand_on,
    )  # fmt: skip


class Supervisor:
    """Use as ``async with Supervisor(children) as supervisor``; more can be added while it runs."""

    def __init__(self, children: Sequence[Child] = ()) -> None:
        self._first = tuple(children)
        self._kept: list[_Kept] = []

    async def __aenter__(self) -> Self:
        try:
            for child in self._first:
                await self.add(child)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def add(self, child: Child) -> None:
        """Start ``child`` and return once it is up; raises what kept it from that, with it gone."""
        kept = _Kept(child)
        self._kept.append(kept)
        try:
            await kept.start()
        except BaseException:
            await kept.stop()
            self._kept.remove(kept)
            raise

    async def stop(self) -> None:
        """End every child, the last one first, and return when all are gone."""
        while self._kept:
            await self._kept[-1].stop()
            self._kept.pop()

    def health(self) -> tuple[Health, ...]:
        """Return how each child stands right now, in the order of their start."""
        return tuple(kept.health() for kept in self._kept)


_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 2.0
_STEADY_S = 1.0
"""Whoever was up this long and died is started again at once; who dies sooner waits longer each time."""
_POLL_S = 0.02


class _Kept:
    """One child and the task that keeps it up."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._leaving = asyncio.Event()
        self._up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._tap: Tap | None = None
        self._state = State.STARTING
        self._up_since = math.inf
        self._restarts = 0
        self._trouble: str | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=f"keep {self._child.name}")
        await asyncio.wait({self._task, self._up}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
            raise NotReady(f"{self._child.name} did not start")

    async def stop(self) -> None:
        self._leaving.set()
        if self._task is not None:
            with suppress(Exception):  # it was raised by `start` already, or is told in `health`
                await self._task
        self._state = State.DOWN
        self._child.gone()

    def health(self) -> Health:
        pid = self._process.pid if self._process else None
        return Health(self._child.name, self._state, pid, self._restarts, self._trouble)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        delay = 0.0
        while not self._leaving.is_set():
            self._up_since = math.inf
            self._state = State.STARTING
            try:
                await self._run_once()
            except Exception as error:  # whatever it was, the next attempt may do better
                self._trouble = str(error) or type(error).__name__
                if not self._up.done():
                    raise
            finally:
                await self._end()
            if self._leaving.is_set():
                return
            self._restarts += 1
            steady = loop.time() - self._up_since > _STEADY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), 0 if steady else delay)
            delay = 0.0 if steady else min(max(delay * 2, _FIRST_DELAY_S), _LONGEST_DELAY_S)

    async def _run_once(self) -> None:
        """Start the child, see it up, and return when it has died or is to leave."""
        child = self._child
        await child.before()
        await self._spawn()
        leaving = asyncio.create_task(self._leaving.wait())
        died = asyncio.create_task(self._running().wait())
        try:
            if not await self._until_ready(died, leaving):
                return
            await child.proof()
            self._state = State.UP
            self._up_since = asyncio.get_running_loop().time()
            if not self._up.done():
                self._up.set_result(None)
            await asyncio.wait({died, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                self._trouble = f"{child.name} ended ({_ending(died.result())})"
        finally:
            for task in (died, leaving):
                task.cancel()

    async def _until_ready(self, died: asyncio.Task[int], leaving: asyncio.Task[bool]) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._child.patience_s
        while not leaving.done():
            if await self._child.ready():
                return True
            await asyncio.wait({died, leaving}, timeout=_POLL_S, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise NotReady(self._why(f"ended ({_ending(died.result())}) before it was up"))
            if loop.time() > deadline:
                raise NotReady(self._why(f"was not up within {self._child.patience_s:g} s"))
        return False

    def _why(self, what: str) -> str:
        said = " / ".join(self._tap.last()) if self._tap else ""
        return f"{self._child.name} {what}: {said or 'it said nothing'} (log: {self._child.log})"

    async def _spawn(self) -> None:
        child = self._child
        held = child.hands_on()
        self._tap = Tap(child.log, child.keep)
        try:
            self._process = await on_leash(
                child.argv,
                environment=child.environment,
                output=self._tap.inlet,
                identity=child.identity(),
                death=child.death_signal,
                hand_on=() if held is None else (held,),
            )
        finally:
            self._tap.opened()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise NotReady(f"{self._child.name} is not running")
        return self._process

    async def _end(self) -> None:
        """Make sure that the process is gone, gently first."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self._child.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), self._child.grace_s)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._tap is not None:
            self._tap.close()
            self._tap = None


def _ending(status: int) -> str:
    return f"status {status}" if status >= 0 else Signals(-status).name
