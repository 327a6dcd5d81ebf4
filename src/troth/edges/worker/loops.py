"""One loop per chore, each on its own: a chore that fails waits a little longer and is tried again.

A database outage, a broken tree or a gateway that is away ends no loop and never turns one hot. Errors are
logged by class only, once per kind: their text could carry a value.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from troth.app.views import Late
from troth.edges.worker.gateway import Gateway

if TYPE_CHECKING:
    from troth.app.wiring import Troth

LOG = logging.getLogger("troth.worker")
LONGEST_S = 5.0
_FIRST_S = 0.2
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again: ``run`` says how much it did.

    After nothing it rests ``idle_s``, after something ``rest_s``: what costs the same for one as for many
    waits for more.
    """

    name: str
    run: Callable[[], Awaitable[int]]
    idle_s: float
    rest_s: float = 0


class Watch:
    """Says in the log what is late, by opaque ids, whenever that changes."""

    def __init__(self, troth: Troth) -> None:
        self._troth = troth
        self._known = Late()

    async def look(self) -> int:
        """Look once. Nothing is done about it here, so it rests as if there had been nothing."""
        late = await self._troth.late()
        if late != self._known:
            self._known = late
            LOG.warning(
                "late: %d requests [%s], %d erasures [%s], %d steps [%s]",
                len(late.requests),
                _some(late.requests),
                len(late.erasures),
                _some(late.erasures),
                len(late.steps),
                _some(late.steps),
            )
        return 0


def _some(ids: Sequence[UUID | str]) -> str:
    return " ".join(str(one) for one in ids[:_LISTED]) + (" ..." if len(ids) > _LISTED else "")


def chores(troth: Troth, gateway: Gateway | None) -> Sequence[Chore]:
    """Return everything that is due now and then. Without a gateway letters wait."""
    found = [
        Chore("sequence", troth.sequence, 0.1, rest_s=0.1),
        Chore("tell", troth.tell, 0.25),
        Chore("erase", troth.erase, 0.25),
        Chore("epoch", troth.turn_epoch, 1.0),
        Chore("retain", troth.retain, 1.0),
        Chore("rekey", troth.rekey, 1.0),
        Chore("sweep media", troth.sweep_media, 1.0),
        Chore("purge", troth.purge, 10.0),
        Chore("tidy", troth.tidy, 60.0),
        Chore("notify", troth.notify, 1.0),
        Chore("alarm", troth.alarm, 0.5),
        Chore("take effect", troth.take_effect, 1.0),
        Chore("late", Watch(troth).look, 60.0),
    ]
    if gateway is not None:

        async def deliver() -> int:
            return await troth.deliver(gateway)

        found.append(Chore("deliver", deliver, 0.1))
    return found


async def serve(troth: Troth, stop: asyncio.Event) -> None:
    """Run every chore until ``stop``; each finishes what it has in hand."""
    async with AsyncExitStack() as stack:
        url = troth.settings.outbox_url
        gateway = await stack.enter_async_context(Gateway(url)) if url else None
        async with asyncio.TaskGroup() as group:
            for chore in chores(troth, gateway):
                group.create_task(again_and_again(chore, stop), name=chore.name)


async def again_and_again(chore: Chore, stop: asyncio.Event) -> None:
    """Run one chore until ``stop``."""
    pause, known = chore.idle_s, ""
    while not stop.is_set():
        try:
            done = await chore.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop lives on
            if known != type(error).__name__:
                known = type(error).__name__
                LOG.warning("%s failed: %s; trying again", chore.name, known)
            pause = min(LONGEST_S, max(_FIRST_S, pause * 2))
        else:
            if known:
                LOG.warning("%s works again", chore.name)
            pause, known = (chore.rest_s if done else chore.idle_s), ""
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
