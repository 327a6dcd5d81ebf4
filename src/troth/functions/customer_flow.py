"""Customer flow: how many people came in and went out, per local hour.

Counts only, from line crossings that the camera itself counted; no face, no path, no visitor is looked at
(the catalogue's `gap.video_vs_stats`). A value that is not a crossing is left out and said so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.terms import LEGAL_TIME, ClauseId, FunctionName, ItemName, Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from troth.functions.use import Use
    from troth.terms import Reading

FUNCTION = FunctionName("customer_flow")
PURPOSE = Purpose("count_customers")
LINE_CROSSING = ItemName("line_crossing")
ITEMS = frozenset({LINE_CROSSING})


@dataclass(frozen=True, slots=True)
class Hour:
    """One local hour, by its start."""

    starts: datetime
    came_in: int
    went_out: int


@dataclass(frozen=True, slots=True)
class Footfall:
    """Hours in which someone crossed, in order; ``left_out`` values could not be read as a crossing."""

    hours: tuple[Hour, ...]
    left_out: int
    because: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Crossing:
    """People crossing the line in one direction, as one reading reports them."""

    inwards: bool
    people: int


def crossing(reading: Reading) -> Crossing | None:
    """Read one value: ``{"direction": "in" | "out", "count": 1}``; ``count`` may be missing."""
    people = reading.value.get("count", 1)
    if not isinstance(people, int) or isinstance(people, bool) or people < 1:
        return None
    match reading.value.get("direction"):
        case "in":
            return Crossing(inwards=True, people=people)
        case "out":
            return Crossing(inwards=False, people=people)
        case _:
            return None


def count(readings: Iterable[Reading], because: frozenset[ClauseId] = frozenset()) -> Footfall:
    """Count crossings per local hour."""
    ins: Counter[datetime] = Counter()
    outs: Counter[datetime] = Counter()
    left_out = 0
    for reading in readings:
        seen = crossing(reading) if reading.item == LINE_CROSSING else None
        if seen is None:
            left_out += 1
            continue
        hour = reading.measured.astimezone(LEGAL_TIME).replace(minute=0, second=0, microsecond=0)
        (ins if seen.inwards else outs)[hour] += seen.people
    hours = tuple(Hour(hour, ins[hour], outs[hour]) for hour in sorted(ins.keys() | outs.keys()))
    return Footfall(hours, left_out, because)


async def footfall(use: Use, since: datetime, until: datetime) -> Footfall:
    """Answer the owner's question; raises `troth.terms.Denied` when no clause allows it."""
    opened = await use.events(FUNCTION, PURPOSE, ITEMS, since, until)
    return count(opened.readings, opened.because)
