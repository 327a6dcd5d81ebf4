"""Daily visits: how many visits a store had on each local day. Figures only, as the camera counted them.

A reading is so many visits more. It may say of which day they are; else they are of the day it was measured.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from troth.terms import LEGAL_TIME, ClauseId, FunctionName, ItemName, Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from troth.functions.use import Use
    from troth.terms import Reading

FUNCTION = FunctionName("visits")
PURPOSE = Purpose("record_visits")
VISIT_COUNT = ItemName("visit_count")
ITEMS = frozenset({VISIT_COUNT})


@dataclass(frozen=True, slots=True)
class Visited:
    """Visits by local day, and the clauses that let them be shown; ``left_out`` values were none."""

    days: Mapping[date, int]
    left_out: int
    because: frozenset[ClauseId]


def count(readings: Iterable[Reading], because: frozenset[ClauseId] = frozenset()) -> Visited:
    """Add up the visits of each local day."""
    days: Counter[date] = Counter()
    left_out = 0
    for reading in readings:
        visits = reading.value.get("count")
        if reading.item != VISIT_COUNT or not isinstance(visits, int) or isinstance(visits, bool):
            left_out += 1
            continue
        days[_day(reading)] += max(visits, 0)
    return Visited(dict(sorted(days.items())), left_out, because)


def _day(reading: Reading) -> date:
    said = reading.value.get("day")
    try:
        return date.fromisoformat(said) if isinstance(said, str) else _measured(reading)
    except ValueError:
        return _measured(reading)


def _measured(reading: Reading) -> date:
    return reading.measured.astimezone(LEGAL_TIME).date()


async def visits(use: Use, since: datetime, until: datetime) -> Visited:
    """Answer the owner's question; raises `troth.terms.Denied` when no clause allows it."""
    opened = await use.events(FUNCTION, PURPOSE, ITEMS, since, until)
    return count(opened.readings, opened.because)
