"""Store guard: motion outside business hours, as alerts.

Computed on request, or when something moved, from what the camera reported as motion. Motion that goes on is
one alert, not hundreds. It decides when a shop counts as closed and which alert is new; it sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from troth.functions.business_hours import BusinessHours
from troth.terms import ClauseId, DeviceId, FunctionName, ItemName, Purpose, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from troth.functions.use import Use

FUNCTION = FunctionName("store_guard")
PURPOSE = Purpose("guard_store")
MOTION = ItemName("motion_event")
BUSINESS_HOURS = ItemName("business_hours")
ITEMS = frozenset({MOTION, BUSINESS_HOURS})
ALERT_TOLD = ItemName("alert_told")
REMEMBER = Purpose("remember_alerts")
_ALERTS = UUID("8a1f4f0e-3b7d-5c61-9a8e-2f6c0d9b7e15")
SAME_MOTION = timedelta(seconds=60)
"""Motion at most this long after the previous one belongs to the same alert."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Motion while the shop was closed: from the first to the last reading of one spell, and where.

    ``cameras``: which saw it, the first one first.
    """

    first: datetime
    last: datetime
    readings: int
    places: frozenset[str] = frozenset()
    cameras: tuple[DeviceId, ...] = ()


@dataclass(frozen=True, slots=True)
class Guarded:
    """The alerts of a period, and the clauses that let the guard look."""

    alerts: tuple[Alert, ...]
    because: frozenset[ClauseId]


def alerts(readings: Iterable[Reading], hours: BusinessHours) -> tuple[Alert, ...]:
    """Merge out-of-hours motion into alerts, oldest first, whatever the order of the readings."""
    motions = (r for r in readings if r.item == MOTION and not hours.open_at(r.measured))
    found: list[Alert] = []
    for each in sorted(motions, key=lambda r: r.measured):
        alert = _noticed(each)
        if found and alert.first - found[-1].last <= SAME_MOTION:
            last = found.pop()
            cameras = tuple(dict.fromkeys((*last.cameras, *alert.cameras)))
            alert = Alert(last.first, alert.last, last.readings + 1, last.places | alert.places, cameras)
        found.append(alert)
    return tuple(found)


def _noticed(motion: Reading) -> Alert:
    """Return what one reading tells; what a device was not known to be is left out."""
    place, device = motion.value.get("zone"), motion.value.get("device")
    return Alert(
        motion.measured,
        motion.measured,
        1,
        frozenset({place} if isinstance(place, str) else ()),
        (DeviceId(UUID(device)),) if isinstance(device, str) else (),
    )


async def guard(use: Use, since: datetime, until: datetime) -> Guarded:
    """Answer the owner's question; raises `troth.terms.Denied` or `BadBusinessHours`."""
    papers = await use.documents(FUNCTION, PURPOSE, frozenset({BUSINESS_HOURS}))
    hours = BusinessHours.read(papers.values.get(BUSINESS_HOURS, {}))
    opened = await use.events(FUNCTION, PURPOSE, frozenset({MOTION}), since, until)
    return Guarded(alerts(opened.readings, hours), opened.because | papers.because)


async def fresh(use: Use, since: datetime, until: datetime) -> tuple[Alert, ...]:
    """Return the alerts of a period that were not returned before, and remember them. Raises as `guard`."""
    found = await guard(use, since, until)
    return tuple([alert for alert in found.alerts if await use.note(FUNCTION, REMEMBER, _remembered(alert))])


def _remembered(alert: Alert) -> Reading:
    """Return what is kept of an alert: its first moment, under an id that the same alert always gets."""
    return Reading(uuid5(_ALERTS, alert.first.isoformat()), ALERT_TOLD, alert.first, {})
