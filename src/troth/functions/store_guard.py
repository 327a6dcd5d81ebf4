"""Store guard: motion outside business hours, as alerts.

Computed on request, from what the camera reported as motion. Motion that goes on is one alert, not hundreds.
It decides when a shop counts as closed; it does not send anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.functions.business_hours import BusinessHours
from troth.terms import ClauseId, FunctionName, ItemName, Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from troth.functions.use import Use
    from troth.terms import Reading

FUNCTION = FunctionName("store_guard")
PURPOSE = Purpose("guard_store")
MOTION = ItemName("motion_event")
BUSINESS_HOURS = ItemName("business_hours")
ITEMS = frozenset({MOTION, BUSINESS_HOURS})
SAME_MOTION = timedelta(seconds=60)
"""Motion at most this long after the previous one belongs to the same alert."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Motion while the shop was closed: from the first to the last reading of one spell."""

    first: datetime
    last: datetime
    readings: int


@dataclass(frozen=True, slots=True)
class Guarded:
    """The alerts of a period, and the clauses that let the guard look."""

    alerts: tuple[Alert, ...]
    because: frozenset[ClauseId]


def alerts(readings: Iterable[Reading], hours: BusinessHours) -> tuple[Alert, ...]:
    """Merge out-of-hours motion into alerts, oldest first, whatever the order of the readings."""
    moments = sorted(r.measured for r in readings if r.item == MOTION and not hours.open_at(r.measured))
    found: list[Alert] = []
    for moment in moments:
        if found and moment - found[-1].last <= SAME_MOTION:
            found[-1] = Alert(found[-1].first, moment, found[-1].readings + 1)
        else:
            found.append(Alert(moment, moment, 1))
    return tuple(found)


async def guard(use: Use, since: datetime, until: datetime) -> Guarded:
    """Answer the owner's question; raises `troth.terms.Denied` or `BadBusinessHours`."""
    papers = await use.documents(FUNCTION, PURPOSE, frozenset({BUSINESS_HOURS}))
    hours = BusinessHours.read(papers.values.get(BUSINESS_HOURS, {}))
    opened = await use.events(FUNCTION, PURPOSE, frozenset({MOTION}), since, until)
    return Guarded(alerts(opened.readings, hours), opened.because | papers.because)
