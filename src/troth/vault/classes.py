"""Retention classes of events, named after the time they are kept: a class says when its blocks are over.

``purpose`` is kept as long as its purpose lasts; ``for_30_days`` no longer than that from the moment of
measuring, in partitions by day that are dropped whole. ``_anonymised`` at the end: counted before. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from troth.policy import keeping
from troth.policy.period import Period, Unit
from troth.policy.words import Outcome
from troth.terms import Reading

_NAME = re.compile(r"for_(?P<value>\d{1,5})_(?P<unit>[a-z_]+?)(?P<counted>_anonymised)?")


@dataclass(frozen=True, slots=True)
class Fixed:
    """For how long something is kept from its collection, and what becomes of it then."""

    period: Period
    then: Outcome

    def name(self) -> str:
        """Return the class of what is kept so."""
        counted = "_anonymised" if self.then is Outcome.ANONYMISE else ""
        return f"for_{self.period.value}_{self.period.unit.value}{counted}"

    def ends(self, collected: datetime) -> keeping.Fate:
        """Return when the time of something collected then is over, and what happens."""
        return keeping.Fate(keeping.until(self.period, collected), self.then)

    def over(self, collected: datetime, now: datetime) -> bool:
        """Return whether the time of something collected then is over."""
        return keeping.until(self.period, collected) <= now

    def not_over(self, readings: Sequence[Reading], now: datetime) -> Sequence[Reading]:
        """Return the readings whose time is not over: what comes too late is not stored."""
        return [reading for reading in readings if not self.over(reading.measured, now)]

    def first_kept(self, now: datetime) -> date:
        """Return the first day (UTC) that may still have something in it: all before are over altogether."""
        day = now.astimezone(UTC).date()
        while not self.over(datetime.combine(day, time(), UTC) - timedelta(microseconds=1), now):
            day -= timedelta(days=_step(self.period))
        # ``day`` is over; now the day after the last that is.
        while self.over(
            datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1), now
        ):
            day += timedelta(days=1)
        return day


def of(name: str) -> Fixed | None:
    """Return what a class is called after; None for one that is not of a fixed time."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    then = Outcome.ANONYMISE if found["counted"] else Outcome.DELETE
    return Fixed(Period(int(found["value"]), Unit(found["unit"])), then)


def _step(period: Period) -> int:
    days = {Unit.HOURS: 1, Unit.DAYS: 1, Unit.WORKING_DAYS: 2, Unit.MONTHS: 31, Unit.YEARS: 366}
    return max(1, period.value * days[period.unit] // (24 if period.unit is Unit.HOURS else 1))
