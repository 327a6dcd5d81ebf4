"""What a deadline means: by when a right is answered, given what has happened. To be read from top to bottom.

Says one moment, or that no clock runs yet. Does not say who answers, and does not remind anyone.

# INVARIANT: of several deadlines the earliest binds.
# INVARIANT: a clock does not run before its event.
# INVARIANT: one more deadline never gives more time.
# INVARIANT: an event that comes later never gives less time.
# INVARIANT: what can be taken back takes effect only when the time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from troth.policy.calendar import WorkingDays
from troth.policy.clauses import Policy, RightClause
from troth.policy.period import Period, Unit
from troth.policy.statements import DeadlineClause
from troth.terms import LEGAL_TIME


def due(policy: Policy, right: str, events: Mapping[str, datetime], days: WorkingDays) -> datetime | None:
    """Return by when ``right`` is answered, ``events`` having happened; None while no clock runs."""
    found: list[datetime] = []
    for clause in policy.clauses:
        if isinstance(clause, RightClause) and clause.right == right and clause.deadline_days is not None:
            period, event = Period(clause.deadline_days, Unit.DAYS), clause.counted_from
        elif isinstance(clause, DeadlineClause) and right in clause.of and clause.within is not None:
            period, event = clause.within, clause.counted_from
        else:
            continue
        if event in events:
            found.append(over(period, events[event], days))
            if isinstance(clause, DeadlineClause) and clause.at_most is not None:
                found.append(over(clause.at_most, events[event], days))
    return min(found, default=None)


def revocable_until(
    policy: Policy, right: str, events: Mapping[str, datetime], days: WorkingDays
) -> datetime | None:
    """Return until when a request can be taken back; it takes effect at that very moment, not before."""
    ends = [
        over(clause.within, events[clause.counted_from], days)
        for clause in policy.clauses
        if isinstance(clause, DeadlineClause)
        and clause.revocable
        and right in clause.of
        and clause.within is not None
        and clause.counted_from in events
    ]
    return min(ends, default=None)


def over(period: Period, start: datetime, days: WorkingDays) -> datetime:
    """Return when a period ends. Hours and days run from the event; the others end at midnight."""
    if period.unit is Unit.HOURS:
        return start + timedelta(hours=period.value)
    if period.unit is Unit.DAYS:
        return start + period.value * timedelta(hours=24)
    first = start.astimezone(LEGAL_TIME).date()
    last = first
    if period.unit is Unit.WORKING_DAYS:
        counted = 0
        while counted < period.value:
            last = last + timedelta(days=1)
            counted += 1 if counts(last, days) else 0
    else:
        last = months_later(first, period.value * (12 if period.unit is Unit.YEARS else 1))
    following = last + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=LEGAL_TIME)


def counts(day: date, days: WorkingDays) -> bool:
    """Return whether a day is worked. Of a year not announced yet every day counts: the earlier deadline."""
    if day.year not in days.announced:
        return True
    return day in days.on or (day.isoweekday() not in {6, 7} and day not in days.off)


def months_later(day: date, months: int) -> date:
    """Return the day of the same number, or the last day of a month that has no such day."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 - December
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1
