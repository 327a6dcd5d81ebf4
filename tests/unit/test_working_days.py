"""The table of days off and of weekends worked for them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from troth.app import policies
from troth.app.working_days import working_days
from troth.policy import deadlines
from troth.policy.calendar import end
from troth.policy.statements import DeadlineClause
from troth.terms import LEGAL_TIME


def test_days_off_are_weekdays_and_days_worked_for_them_are_not():
    days = working_days()
    assert all(day.weekday() < 5 for day in days.off)
    assert all(day.weekday() >= 5 for day in days.on)
    assert {day.year for day in days.off | days.on} == days.announced


def test_the_first_week_of_october():
    days = working_days()
    assert not any(days.worked(date(2026, 10, n)) for n in range(1, 8))
    assert days.worked(date(2026, 10, 10))
    assert not days.worked(date(2026, 10, 11))


def test_a_year_not_announced_counts_every_day():
    days = working_days()
    later = max(days.announced) + 1
    first = date(later, 1, 1)
    assert all(days.worked(first + timedelta(days=n)) for n in range(14))


def test_thirty_working_days_over_the_spring_festival_end_later_than_thirty_days_and_do_not_count():
    """Kaiconn's text says 30 working days; what is kept is never more than 30 days."""
    compiled = policies.compiled("kaiconn")
    start = datetime(2026, 2, 2, 9, tzinfo=LEGAL_TIME)
    due = deadlines.due(compiled, "delete", {"received": start}, working_days())
    assert due == (start + timedelta(days=30), "kaiconn/deadlines/request")
    clause = next(c for c in compiled.all(DeadlineClause) if c.name == "request")
    assert clause.within is not None
    assert end(clause.within, start, working_days()) > start + timedelta(days=30)
