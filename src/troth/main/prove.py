"""`troth prove`: brings up a scratch system, tries every clause of a policy on it, and says what held.

Composes the proof (`prove`) with a running system; decides nothing. The folder is made here and marked, and
nobody else's is emptied.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from troth.app.clock import OffsetClock
from troth.app.places import own_directory
from troth.app.settings import Settings
from troth.main.demo import Hands, scratch_entry
from troth.main.running import running
from troth.prove.story.evidence import Evidence
from troth.prove.story.gateway import Gateway
from troth.prove.world import World

_START = timedelta(hours=1)


@asynccontextmanager
async def scratch(
    data: Path, *, without: tuple[str, ...] = (), workers: int = 1, say: Callable[[str], None]
) -> AsyncGenerator[World]:
    """Bring up a system of the proof's own in ``data`` and hand it over as a world."""
    own_directory(data)
    clock = OffsetClock(data / "clock")
    clock.advance(_START)
    async with Gateway() as gateway:
        settings = replace(
            Settings.from_environ({}, data=data, http_port=0, mqtt_port=0, workers=workers),
            clock=data / "clock",
            outbox_url=gateway.url,
        )
        async with running(settings, entry=scratch_entry(without), say=say) as system:
            hands = Hands(system, clock, without)
            mqtt = ("127.0.0.1", system.settings.mqtt_port)
            yield World(system.base_url, mqtt, Evidence(system.settings.owner_dsn or ""), gateway, hands)
