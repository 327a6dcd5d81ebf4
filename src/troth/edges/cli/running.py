"""A running system for one command: its database and keyring, found as `serve` finds them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from troth.terms import TrothError

if TYPE_CHECKING:
    from troth.app.settings import Settings
    from troth.app.wiring import Troth

Answer = TypeVar("Answer")


class NotUp(TrothError):
    """the system does not run: start troth serve, then say this again"""


def settings(*, up: bool = False) -> Settings:
    """Return the settings of the system; an embedded database is found by its socket.

    With ``up`` it must run: raises `NotUp`. A database of your own says itself what is wrong.
    """
    from troth.app.embedded.postgres import Postgres
    from troth.app.settings import BadSetting, Settings

    told = Settings.from_environ(os.environ)
    if told.dsn is None:
        if not (told.data / "postgres").exists():
            raise BadSetting(
                f"there is no system in {told.data}: start troth serve, or say where it is with TROTH_DATA"
            )
        database = Postgres(told.data / "postgres")
        if up and not database.answers():
            raise NotUp(f"the system in {told.data} does not run: start troth serve, then say this again")
        told = told.with_database(database.dsn)
    return replace(told, nats_url=None)  # a command tells no process anything


def signs(told: Settings) -> Sequence[Path]:
    """Return the file of each worker by which it says that it is at work."""
    return [told.data / "run" / f"worker-{number}.ready" for number in range(1, told.workers + 1)]


def with_system(work: Callable[[Troth], Awaitable[Answer]]) -> Answer:
    """Open the system, do ``work`` with it, close it. Raises `NotUp`."""
    from troth.app.wiring import Troth

    told = settings(up=True)

    async def run() -> Answer:
        async with Troth.open(told) as troth:
            return await work(troth)

    return asyncio.run(run())
