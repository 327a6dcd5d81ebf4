"""One business day before a shop's door, as plain numbers: what the camera measures and what must come of it.

Pure. The figures are invented; the hours are Shanghai time. The owner switches counting off from 13:00
to 14:00.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from troth.terms import ItemName, Reading

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFF_HOUR = 13
NIGHT_MOTION = time(23, 10)
NOON_MOTION = time(12, 5)
ENTERED: Mapping[int, int] = {9: 4, 10: 7, 11: 6, 12: 9, 13: 5, 14: 3, 15: 4, 17: 8, 19: 6, 20: 2}
LINE_CROSSING = ItemName("line_crossing")
MOTION = ItemName("motion_event")


@dataclass(frozen=True, slots=True)
class Day:
    """The day's readings and what a truthful backend makes of them."""

    date: date
    crossings: tuple[Reading, ...]
    motions: tuple[Reading, ...]

    @property
    def while_off(self) -> tuple[Reading, ...]:
        """The crossings measured while the owner had counting switched off."""
        return tuple(r for r in self.crossings if local(r.measured).hour == OFF_HOUR)

    @property
    def counted(self) -> tuple[Reading, ...]:
        """The crossings that may be kept."""
        return tuple(r for r in self.crossings if local(r.measured).hour != OFF_HOUR)

    @property
    def footfall(self) -> Mapping[int, int]:
        """Entries per hour that the owner must see: those of the hour switched off are missing."""
        return {hour: n for hour, n in ENTERED.items() if hour != OFF_HOUR}


def local(moment: datetime) -> datetime:
    """Return ``moment`` on the shop's clock."""
    return moment.astimezone(SHANGHAI)


def at(day: date, clock: time) -> datetime:
    """Return the moment of ``clock`` on ``day`` in the shop."""
    return datetime.combine(day, clock, SHANGHAI)


def business_day(day: date, *, mark: str) -> Day:
    """Return the readings of ``day``. ``mark`` is a planted word that the values carry, for the byte scan."""
    space = uuid5(UUID(int=day.toordinal()), mark)

    def crossing(hour: int, n: int) -> Reading:
        moment = at(day, time(hour)) + timedelta(minutes=3 + 5 * n)
        value = {"line": f"door {mark}", "direction": "in"}
        return Reading(uuid5(space, f"crossing {hour} {n}"), LINE_CROSSING, moment, value)

    def motion(clock: time) -> Reading:
        moment = at(day, clock)
        return Reading(uuid5(space, f"motion {clock}"), MOTION, moment, {"zone": f"till {mark}"})

    crossings = tuple(crossing(hour, n) for hour, total in ENTERED.items() for n in range(total))
    return Day(day, crossings, (motion(NOON_MOTION), motion(NIGHT_MOTION)))


def batches(readings: Iterable[Reading], size: int = 12) -> list[list[Reading]]:
    """Return ``readings`` in messages of at most ``size``, in order."""
    every = list(readings)
    return [every[i : i + size] for i in range(0, len(every), size)]
