"""Deadlines: the invariants of `spec/deadlines.py` by name, and the fast code against it."""

# ruff: noqa: E501, PERF401 - clauses are drawn one by one
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spec import deadlines as spec
from tests.spec import generate
from troth.policy import deadlines as fast
from troth.policy.calendar import WorkingDays, end
from troth.policy.clauses import AcceptanceClause, RightClause
from troth.policy.period import Period, Unit
from troth.policy.statements import DeadlineClause
from troth.terms import LEGAL_TIME

EVENTS = ["received", "identity_verified", "checked", "applied"]
RIGHTS = ["access", "cancel"]
PERIODS = st.builds(Period, st.integers(1, 60), st.sampled_from(Unit))
MOMENTS = st.integers(0, 40_000).map(lambda hours: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
HAPPENED = st.dictionaries(st.sampled_from(EVENTS), MOMENTS)
DAYS = st.builds(
    WorkingDays,
    off=st.frozensets(st.dates(date(2023, 1, 1), date(2027, 12, 31)), max_size=9),
    on=st.frozensets(st.dates(date(2023, 1, 1), date(2027, 12, 31)), max_size=9),
    announced=st.frozensets(st.sampled_from([2023, 2024, 2025, 2026, 2027])),
)


@st.composite
def clauses(draw):
    made = [generate.clause(AcceptanceClause, "acceptance", shown_first=True)]
    for right in RIGHTS:
        if draw(st.booleans()):
            made.append(
                generate.clause(
                    RightClause, f"rights/{right}", right=right, by=("phone",),
                    deadline_days=draw(st.none() | st.integers(1, 40)), counted_from=draw(st.sampled_from(EVENTS)),
                )
            )  # fmt: skip
    for n in range(draw(st.integers(0, 4))):
        made.append(
            generate.clause(
                DeadlineClause, f"deadlines/d{n}", name=f"d{n}",
                of=tuple(draw(st.lists(st.sampled_from(RIGHTS), min_size=1, unique=True))),
                within=draw(PERIODS), at_most=draw(st.none() | PERIODS), counted_from=draw(st.sampled_from(EVENTS)),
                revocable=draw(st.none() | st.booleans()),
            )
        )  # fmt: skip
    return made


def policy(made):
    return generate.policy_of(made)


@given(clauses(), st.sampled_from(RIGHTS), HAPPENED, DAYS)
def test_deadlines_agree_with_the_specification(made, right, events, days):
    compiled = generate.compiled(policy(made))
    due = fast.due(compiled, right, events, days)
    assert (due and due[0]) == spec.due(policy(made), right, events, days)
    assert due is None or due[1] in compiled.clauses
    assert fast.revocable_until(compiled, right, events, days) == spec.revocable_until(
        policy(made), right, events, days
    )


@given(PERIODS, MOMENTS, DAYS)
def test_counting_agrees_with_the_specification(period, start, days):
    assert end(period, start, days) == spec.over(period, start, days)
    assert end(period, start, days) > start


@given(clauses(), st.sampled_from(RIGHTS), HAPPENED, DAYS)
def test_of_several_deadlines_the_earliest_binds(made, right, events, days):
    whole = spec.due(policy(made), right, events, days)
    each = [spec.due(policy([one]), right, events, days) for one in made]
    assert whole == min((due for due in each if due is not None), default=None)


@given(clauses(), st.sampled_from(RIGHTS), DAYS)
def test_a_clock_does_not_run_before_its_event(made, right, days):
    assert spec.due(policy(made), right, {}, days) is None


@given(clauses(), clauses(), st.sampled_from(RIGHTS), HAPPENED, DAYS)
def test_one_more_deadline_never_gives_more_time(made, more, right, events, days):
    before, after = (spec.due(policy(rows), right, events, days) for rows in (made, made + more))
    assert before is None or (after is not None and after <= before)


@given(
    clauses(), st.sampled_from(RIGHTS), HAPPENED, st.tuples(st.sampled_from(EVENTS), st.integers(0, 90)), DAYS
)
def test_an_event_that_comes_later_never_gives_less_time(made, right, events, later, days):
    event, hours = later
    before = spec.due(policy(made), right, events, days)
    moved = {**events, event: events[event] + timedelta(hours=hours)} if event in events else events
    after = spec.due(policy(made), right, moved, days)
    assert before is None or (after is not None and after >= before)


@given(clauses(), st.sampled_from(RIGHTS), HAPPENED, DAYS)
def test_what_can_be_taken_back_takes_effect_only_when_the_time_is_over(made, right, events, days):
    until = spec.revocable_until(policy(made), right, events, days)
    ends = [
        spec.over(c.within, events[c.counted_from], days)
        for c in made
        if isinstance(c, DeadlineClause) and c.revocable and right in c.of and c.counted_from in events
    ]
    assert until == min(ends, default=None)
    assert until is None or until > min(events.values())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_TIME)


KNOWN = WorkingDays(
    off=frozenset({date(2026, 10, n) for n in range(1, 8)}), on=frozenset({date(2026, 10, 10)}),
    announced=frozenset({2026}),
)  # fmt: skip


def test_days_are_24_hours_each():
    assert spec.over(Period(15, Unit.DAYS), at("2026-03-02T09:30"), KNOWN) == at("2026-03-17T09:30")
    assert spec.over(Period(72, Unit.HOURS), at("2026-03-02T09:30"), KNOWN) == at("2026-03-05T09:30")


def test_working_days_skip_weekends_and_holidays_but_not_the_saturdays_worked_for_them():
    # From Wednesday 30 September: 8 and 9 October, then Saturday the 10th is worked.
    assert spec.over(Period(3, Unit.WORKING_DAYS), at("2026-09-30T17:00"), KNOWN) == at("2026-10-11T00:00")
    assert spec.over(Period(1, Unit.WORKING_DAYS), at("2026-03-06T09:00"), KNOWN) == at("2026-03-10T00:00")


def test_a_year_not_announced_gives_the_earlier_deadline():
    unknown = WorkingDays()
    assert spec.over(Period(3, Unit.WORKING_DAYS), at("2026-09-30T17:00"), unknown) == at("2026-10-04T00:00")


def test_months_are_not_30_days():
    assert spec.over(Period(1, Unit.MONTHS), at("2026-01-31T12:00"), KNOWN) == at("2026-03-01T00:00")
    assert spec.over(Period(1, Unit.MONTHS), at("2028-01-31T12:00"), KNOWN) == at("2028-03-01T00:00")
    assert spec.over(Period(2, Unit.MONTHS), at("2026-12-15T12:00"), KNOWN) == at("2027-02-16T00:00")


def test_legal_time_decides_which_day_it_is():
    late = datetime(2026, 3, 2, 17, tzinfo=UTC)  # 01:00 on the 3rd in Shanghai
    assert spec.over(Period(1, Unit.WORKING_DAYS), late, KNOWN) == at("2026-03-05T00:00")
