"""Counting time as the law does: hours and days from the event, everything else by the calendar.

Legal time is that of `terms.LEGAL_TIME`. Which days are off is a value; where it comes from is for others.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from troth.policy.period import Period, Unit
from troth.terms import LEGAL_TIME

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked: ``off`` besides weekends, ``on`` in spite of them, and the years announced.

    A year that is not announced yet could still have any holiday moved: there every day counts, so that the
    deadline is the earlier one.
    """

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    announced: frozenset[int] = frozenset()

    def worked(self, day: date) -> bool:
        """Return whether this day counts."""
        if day.year not in self.announced or day in self.on:
            return True
        return day.weekday() < _SATURDAY and day not in self.off


def end(period: Period, start: datetime, days: WorkingDays) -> datetime:
    """Return when a period is over that an event at ``start`` (aware) began."""
    match period.unit:
        case Unit.HOURS:
            return start + timedelta(hours=period.value)
        case Unit.DAYS:
            return start + timedelta(days=period.value)
        case Unit.WORKING_DAYS:
            return _working_days(period.value, start, days)
        case Unit.MONTHS:
            return _months(period.value, start)
        case Unit.YEARS:
            return _months(12 * period.value, start)


def _working_days(value: int, start: datetime, days: WorkingDays) -> datetime:
    """Count from the day after the event; the last day ends at midnight."""
    day = start.astimezone(LEGAL_TIME).date()
    left = value
    while left:
        day += timedelta(days=1)
        left -= days.worked(day)
    return _midnight_after(day)


def _months(value: int, start: datetime) -> datetime:
    """Find the day of the same number, or the last one of the month; it ends at midnight."""
    local = start.astimezone(LEGAL_TIME).date()
    year, month = divmod(local.year * 12 + local.month - 1 + value, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return _midnight_after(date(year, month + 1, min(local.day, last)))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), LEGAL_TIME)
