"""`troth demo`: brings up a system of its own, tells the story on it, then leaves a page to look at.

Composes the story (`prove.story`) with a running system; decides nothing. Everything lies in one folder,
which is made by the demo, marked as the demo's, and emptied by nobody else.
"""

from __future__ import annotations

import asyncio
import functools
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path

from troth.app.clock import OffsetClock
from troth.app.places import own_directory
from troth.app.settings import Settings
from troth.main.running import System, child_environment, running
from troth.prove.changes import change
from troth.prove.scan import Sighting, scan
from troth.prove.story import business, ending, opening, shop
from troth.prove.story.control import plant
from troth.prove.story.day import SHANGHAI, at
from troth.prove.story.evidence import Evidence
from troth.prove.story.gateway import Gateway
from troth.prove.story.person import trusting
from troth.prove.story.stage import Stage
from troth.prove.story.telling import Line, Telling
from troth.terms import TrothError

MARK = ".troth-demo"
WORKERS = 2
OPENING = time(7)
PARTS = {"opening": opening.tell, "business": business.tell, "shop": shop.tell, "ending": ending.tell}


def scratch_entry(sabotage: Sequence[str]) -> tuple[str, ...]:
    """Return the module and first words of a process of ours that is changed as these names say."""
    if not sabotage:
        return ("troth.main.process",)
    for name in sabotage:
        change(name)  # an unknown name is refused here, not in a process that dies of it
    return ("troth.main.scratch", ",".join(sabotage))


class NotTheDemos(TrothError):
    """that folder is not the demo's"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person at the terminal asked for.

    Without ``tls`` the system speaks plainly, so that a browser on this machine shows the page at once.
    ``without`` names enforcement points to take out; ``parts`` of the story are told in their order.
    """

    data: Path
    http_port: int = 0
    mqtt_port: int = 0
    tls: bool = False
    without: tuple[str, ...] = ()
    parts: tuple[str, ...] = tuple(PARTS)


@dataclass(frozen=True, slots=True)
class Hands:
    """The story's levers on one system."""

    system: System
    clock: OffsetClock
    without: tuple[str, ...] = ()

    def now(self) -> datetime:
        """Return the system's present moment."""
        return self.clock.now()

    def advance_to(self, moment: datetime) -> None:
        """Jump forward to ``moment``; a moment that has passed is left alone."""
        self.clock.advance(max(moment - self.clock.now(), timedelta(0)))

    def hold_workers(self) -> None:
        """Stop the workers where they stand."""
        self.system.signal_workers(signal.SIGSTOP)

    def let_workers_go(self) -> None:
        """Let them run on."""
        self.system.signal_workers(signal.SIGCONT)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run ``troth WORDS`` against the system; return its exit status and what it printed."""
        program = (*scratch_entry(self.without), "command") if self.without else ("troth.main.troth",)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *program,
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(child_environment(self.system.settings, {})) | {"NO_COLOR": "1", "COLUMNS": "200"},
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


def default_folder(environ: Mapping[str, str]) -> Path:
    """Return where the demo lives when nobody says: beside a served system's data, never in it."""
    served = Settings.from_environ({k: v for k, v in environ.items() if not k.startswith("TROTH_")})
    return served.data.with_name("troth-demo")


def folder(data: Path) -> Path:
    """Return ``data`` as an empty folder with the demo's mark. Raises `NotTheDemos` for anyone else's."""
    if data.exists() and any(data.iterdir()):
        if not (data / MARK).exists():
            raise NotTheDemos(f"{data} holds something that no demo made: name an empty folder with --data")
        shutil.rmtree(data)
    own_directory(data)
    (data / MARK).touch()
    return data


@asynccontextmanager
async def staged(
    wishes: Wishes,
    name: str,
    *,
    without: tuple[str, ...],
    workers: int,
    say: Callable[[str], None],
    control: Callable[[], Awaitable[frozenset[Sighting]]],
) -> AsyncGenerator[tuple[Stage, System]]:
    """Bring up a system of the demo's and hand it over as a stage, at seven in the morning in Shanghai."""
    data = own_directory(wishes.data / name)
    clock = OffsetClock(data / "clock")
    tomorrow = clock.now().astimezone(SHANGHAI).date() + timedelta(days=1)
    clock.advance(at(tomorrow, OPENING) - clock.now())
    main = name == "system"
    async with Gateway() as gateway:
        settings = replace(
            Settings.from_environ(
                {}, data=data, http_port=0, mqtt_port=0, workers=workers, tls="on" if wishes.tls else "off"
            ),
            http_port=wishes.http_port if main else 0,
            mqtt_port=wishes.mqtt_port if main else 0,
            clock=data / "clock",
            outbox_url=gateway.url,
        )
        async with running(settings, entry=scratch_entry(without), say=say) as system:
            hands = Hands(system, clock, without)
            stage = Stage(
                base_url=system.base_url,
                mqtt=(system.settings.mqtt_host, system.settings.mqtt_port),
                tls=trusting(system.authority) if system.authority else None,
                evidence=Evidence(system.settings.owner_dsn or ""),
                roots=(data,),
                levers=hands,
                gateway=gateway,
                today=tomorrow,
                control=control,
            )
            yield stage, system


async def _control(wishes: Wishes) -> frozenset[Sighting]:
    """Plant the same values in a system that seals nothing and return what the same scan sees."""

    async def no_control_of_the_control() -> frozenset[Sighting]:
        return frozenset()

    async with staged(
        wishes,
        "control",
        without=("sealing",),
        workers=1,
        say=lambda _what: None,
        control=no_control_of_the_control,
    ) as (stage, _):
        await plant(stage)
        return await asyncio.to_thread(scan, stage.roots, stage.marks.every())


@asynccontextmanager
async def told(
    wishes: Wishes, on_line: Callable[[Line], None], say: Callable[[str], None]
) -> AsyncGenerator[tuple[Telling, Stage, System]]:
    """Tell the whole story on a fresh system, then hand over the telling and what is still running."""
    folder(wishes.data)
    telling = Telling(on_line)
    control: asyncio.Task[frozenset[Sighting]] | None = None

    async def seen_without_sealing() -> frozenset[Sighting]:
        return await control if control is not None else frozenset()  # no control while sabotaged

    async with staged(
        wishes,
        "system",
        without=wishes.without,
        workers=WORKERS,
        say=say,
        control=seen_without_sealing,
    ) as (stage, system):
        if "ending" in wishes.parts and not wishes.without:
            control = asyncio.create_task(_control(wishes))  # beside the story, which waits a lot
        try:
            say("")
            for part in wishes.parts:
                await telling.through(part, functools.partial(PARTS[part], stage, telling))
        finally:
            if control is not None:
                control.cancel()
                await asyncio.wait({control})
        yield telling, stage, system
