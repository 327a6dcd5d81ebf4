"""What a step found, one line each, and the rule by which a line holds.

A line that raised did not hold: the story goes on and tells why, because a reader wants the whole picture.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

PROBLEM_LENGTH = 200
TITLES = {
    "a": "the system comes up",
    "b": "an owner registers; others are refused",
    "c": "a camera is bound, a store linked",
    "d": "a day over MQTT",
    "e": "what the owner sees, and staff don't",
    "f": "a withdrawal in mid-stream",
    "g": "a till beside the camera",
    "h": "what till and camera tell differently",
    "i": "films, closed to the maker",
    "j": "a copy",
    "k": "a cancellation, and what is left of it",
    "l": "the ledger",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one line found: in words, whether it held, and the clause that decided (if one did)."""

    seen: str
    held: bool
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table that the demo prints. ``ms`` is wall time."""

    step: str
    expected: str
    seen: str
    held: bool
    clause: str
    ms: int

    def as_json(self) -> dict[str, object]:
        """Return the line as the documented JSON object."""
        return asdict(self)


class Telling:
    """Collects lines in order and hands each to ``on_line`` as soon as it is known."""

    def __init__(self, on_line: Callable[[Line], None]) -> None:
        self.lines: list[Line] = []
        self._on_line = on_line

    async def through(self, part: str, tell: Callable[[], Awaitable[None]]) -> None:
        """Tell a whole part; if it could not even be told to its end, that is a line that did not hold."""
        try:
            await tell()
        except Exception as problem:  # noqa: BLE001 - as above
            seen = Seen(f"{type(problem).__name__}: {problem}"[:PROBLEM_LENGTH], held=False)

            async def broken() -> Seen:
                return seen

            await self.tell("-", f"the {part} can be told to its end", broken)

    async def tell(self, step: str, expected: str, look: Callable[[], Awaitable[Seen]]) -> bool:
        """Run ``look`` and record what it saw; return whether it held."""
        start = time.perf_counter()
        try:
            seen = await look()
        except Exception as problem:  # noqa: BLE001 - whatever went wrong, the line did not hold
            seen = Seen(f"{type(problem).__name__}: {problem}"[:PROBLEM_LENGTH], held=False)
        ms = round((time.perf_counter() - start) * 1000)
        line = Line(step, expected, seen.seen, seen.held, seen.clause, ms)
        self.lines.append(line)
        self._on_line(line)
        return line.held

    @property
    def held(self) -> bool:
        """Whether there was a story and every line of it held."""
        return bool(self.lines) and all(line.held for line in self.lines)
