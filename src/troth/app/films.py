"""Films as their owner sees them listed: when each was made, how long it is, by which of their devices.

That lies sealed beside a film, and was said when it was made; the film itself stays closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth.terms import LEGAL_TIME, DeviceId, FunctionName, ItemName, RecordId
from troth.vault.label import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troth.vault.media import Opened

DAYS = 7
"""Of how many days films are listed at once."""


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


def roll(opened: Iterable[Opened], before: date | None) -> Roll:
    """List the newest days with films, or those before a day."""
    lines = sorted((line(each) for each in opened), key=_when, reverse=True)
    lines = [each for each in lines if before is None or each.day < before]
    days = sorted({each.day for each in lines}, reverse=True)
    first = days[DAYS - 1] if len(days) > DAYS else date.min
    return Roll(tuple(each for each in lines if each.day >= first), first if len(days) > DAYS else None)


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
