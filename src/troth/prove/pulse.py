"""How quick a scratch system is just now, so that a busy machine is never taken for a broken promise.

Every registration brings a letter, carried by a worker's loop: how long the last ones took says how much
longer everything else may take. Decides how long to wait, and whether a wait that was in vain says anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

_USUAL_S = 1.0
"""A letter comes within this on a machine that is not busy, with trials running beside."""
_MOST = 6.0
_REMEMBERED = 8
_PROMPT_S = 5.0
"""An idle system answers and numbers its ledger within this; where it does not, what is late may come."""


@dataclass(slots=True)
class Waits:
    """What became of the waits of one trial. ``vain``: one of them was."""

    vain: bool = False


WAITS: ContextVar[Waits] = ContextVar("WAITS")
"""Of the trial that is being made."""


def ran_out() -> None:
    """Note that something was waited for in vain: it may never come, or only be slow."""
    waits = WAITS.get(None)
    if waits is not None:
        waits.vain = True


class Pulse:
    """Kept by a world; `beat` is told how long each letter took."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_REMEMBERED)

    def beat(self, took_s: float) -> None:
        """Note how long something took that always comes."""
        self._last.append(took_s)

    def patience(self, usual_s: float) -> float:
        """Return how long to wait for what comes within ``usual_s`` on a machine that is not busy."""
        return usual_s * min(_MOST, max(1.0, max(self._last, default=0.0) / _USUAL_S))


async def prompt(*probes: Callable[[], Awaitable[object]]) -> bool:
    """Return whether all of ``probes`` end in good time, and without failing."""
    try:
        async with asyncio.timeout(_PROMPT_S):
            await asyncio.gather(*(probe() for probe in probes))
    except Exception:  # noqa: BLE001 - whatever it is, nothing can be told of this system now
        return False
    return True
