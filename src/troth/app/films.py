"""Films as their owner sees them listed: when each was made, how long it is, by which of their devices.

That lies sealed beside a film, and was said when it was made; the film itself stays closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from troth.terms import LEGAL_TIME, DeviceId, FunctionName, ItemName, RecordId
from troth.vault.label import named

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from troth.vault.media import Opened

    Told = Callable[[date], AsyncGenerator[Opened]]

DAYS = 7
"""Of how many days films are listed at once."""
_A_DAY = timedelta(days=1)
_MARGIN = 2
"""Days more than are listed: the oldest may not be whole, and one tells whether there are older ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmLine:
    """A film, a sound or a picture. ``made`` None: nobody said, and ``day`` is the one on which it came."""

    record: RecordId
    function: FunctionName
    item: ItemName
    day: date
    made: datetime | None
    seconds: float | None
    device: DeviceId | None
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Roll:
    """Films of some days, the newest first; ``before``: ask again with this for older ones."""

    films: tuple[FilmLine, ...]
    before: date | None


async def roll(came: Sequence[date], told: Told, before: date | None) -> Roll:
    """List the newest days with films, or those before a day.

    ``came`` are the days (UTC) on which any came, the newest first; ``told`` returns those that came on a day
    or later. A film comes after it was made, maybe days later; so days are read until enough are whole.
    """
    passed = sum(1 for day in came if before is not None and day >= before - _A_DAY)
    wanted = passed + DAYS + _MARGIN
    while True:
        first = came[wanted - 1] if wanted < len(came) else date.min
        lines = [line(each) async for each in told(first)]
        # What was made on the next day here came on that day in UTC at the earliest.
        whole = date.min if first == date.min else first + _A_DAY
        found = [each for each in lines if each.day >= whole and (before is None or each.day < before)]
        days = sorted({each.day for each in found}, reverse=True)
        if len(days) > DAYS or first == date.min:
            break
        wanted *= 2
    oldest = days[DAYS - 1] if len(days) > DAYS else date.min
    shown = [each for each in found if each.day >= oldest]
    return Roll(tuple(sorted(shown, key=_when, reverse=True)), oldest if len(days) > DAYS else None)


def line(opened: Opened) -> FilmLine:
    """Tell one of them."""
    told, held = opened.told, opened.held
    at, seconds, device = (told.get(name) for name in ("at", "seconds", "device"))
    made = datetime.fromisoformat(at) if isinstance(at, str) else None
    return FilmLine(
        record=held.record,
        function=named(held.function)[1],
        item=held.item,
        day=made.astimezone(LEGAL_TIME).date() if made else held.day,
        made=made,
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        device=DeviceId(UUID(device)) if isinstance(device, str) else None,
        kind=str(told.get("type", "")),
        size=held.size,
    )


def _when(each: FilmLine) -> tuple[date, str, str]:
    return each.day, each.made.astimezone(LEGAL_TIME).isoformat() if each.made else "", str(each.record)
