"""By when a right is answered, from a compiled policy. Means what `spec/deadlines.py` says; no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from troth.policy.calendar import WorkingDays, end
from troth.policy.compiled import Compiled
from troth.policy.period import Period, Unit
from troth.policy.statements import DeadlineClause
from troth.terms import ClauseId


def due(
    compiled: Compiled, right: str, events: Mapping[str, datetime], days: WorkingDays
) -> tuple[datetime, ClauseId] | None:
    """Return the earliest end and the clause that set it; None while no clock runs."""
    return min(_running(compiled, right, events, days), default=None)


def revocable_until(
    compiled: Compiled, right: str, events: Mapping[str, datetime], days: WorkingDays
) -> datetime | None:
    """Return until when a request can be taken back, and at which moment it takes effect."""
    ends = (
        end(each.within, events[each.counted_from], days)
        for each in compiled.all(DeadlineClause)
        if each.revocable and right in each.of and each.within and each.counted_from in events
    )
    return min(ends, default=None)


def _running(
    compiled: Compiled, right: str, events: Mapping[str, datetime], days: WorkingDays
) -> Iterator[tuple[datetime, ClauseId]]:
    own = compiled.rights.get(right)
    if own is not None and own.deadline_days is not None and own.counted_from in events:
        yield end(Period(own.deadline_days, Unit.DAYS), events[own.counted_from], days), own.id
    for each in compiled.all(DeadlineClause):
        if right in each.of and each.within is not None and each.counted_from in events:
            yield end(each.within, events[each.counted_from], days), each.id
            if each.at_most is not None:
                yield end(each.at_most, events[each.counted_from], days), each.id
