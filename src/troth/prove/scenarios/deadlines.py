"""Deadlines: every request says when it is answered, never later than the policy says; late is marked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth.policy.clauses import RightClause
from troth.policy.period import Period, Unit
from troth.policy.requests import AT_THE_DESK
from troth.policy.statements import DeadlineClause
from troth.policy.words import Moment, Right
from troth.prove import desk
from troth.prove.case import Case, NotTried
from troth.prove.seen import lasting
from troth.prove.trial import Scenario, Trial
from troth.terms import LEGAL_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.prove.world import World

_SATURDAY = 5
_FEASTS = timedelta(days=16)
"""More than all holidays of half a year: a bound that needs no calendar."""
_AT_MOST: Mapping[Unit, timedelta] = {
    Unit.HOURS: timedelta(hours=1),
    Unit.DAYS: timedelta(days=1),
    Unit.MONTHS: timedelta(days=31),
    Unit.YEARS: timedelta(days=366),
}
_MOMENT = timedelta(seconds=2)


async def in_time(world: World, case: Case, trial: Trial) -> None:
    """Show that a request shows by when it is answered: never later than the policy says."""
    right, way, within, start = _clock(case)
    before = world.levers.now()
    who = await world.person(case)
    made = await desk.ask(world, who, right, way)
    started, shown = world.levers.now(), made
    if start is Moment.IDENTITY_VERIFIED:
        request = str(made.require()["request"])
        if made.body.get("state") == "received":
            shown = await desk.step(world, request, "proof", proofs=desk.proofs(case, right))
        started = world.levers.now()
    due = datetime.fromisoformat(str(shown.body["due"])) if shown.body.get("due") else None
    latest = min(_latest(each, started) for each in within)
    trial.control(
        f"ask for {right} by {way}",
        f"通过 {way} 请求 {right}",
        f"{shown.status} {shown.reason}, due {due}",
        held=shown.ok and due is not None,
    )
    trial.attempt(
        f"be told a later day than {within[0]} after it was {start.replace('_', ' ')}",
        f"被告知晚于 {lasting(within[0])} 的期限",
        f"due {due}, at the latest {latest.isoformat(timespec='seconds')}",
        held=due is not None and before < due <= latest,
    )


async def late_is_marked(world: World, case: Case, trial: Trial) -> None:
    """Show that a request without an answer is marked late when its time is over, and not before."""
    right, way, within, start = _clock(case)
    if start is not Moment.RECEIVED or way not in AT_THE_DESK:
        await _waited_for(world, case, trial, right)
        return
    now = world.levers.now()
    age = max(_latest(each, now) - now for each in within) + timedelta(days=1)
    fresh = await desk.enter(world, await world.person(case), right, way)
    old = await desk.enter(
        world, await world.person(case), right, way, received=(now - age).isoformat(timespec="seconds")
    )
    _marked(trial, fresh.require(), old.require())


async def _waited_for(world: World, case: Case, trial: Trial, right: str) -> None:
    asked = await desk.opened(world, case, await world.person(case), right)
    fresh = (await desk.seen(world, asked.request)).require()
    if not fresh.get("due"):
        raise NotTried("no_clock", right=right)
    await world.pace.until(datetime.fromisoformat(str(fresh["due"])) + _MOMENT)
    _marked(trial, fresh, (await desk.seen(world, asked.request)).require())


def _marked(trial: Trial, fresh: Mapping[str, object], old: Mapping[str, object]) -> None:
    trial.control(
        "a request within its time is not late",
        "未到期的请求不算逾期",
        f"due {fresh.get('due')}, {'late' if fresh.get('overdue') else 'not late'}",
        held=fresh.get("overdue") is False,
    )
    trial.attempt(
        "let a request without an answer pass as in time after its last day",
        "到期未答复的请求仍显示为未逾期",
        f"due {old.get('due')}, {'late' if old.get('overdue') else 'not late'}",
        held=old.get("overdue") is True,
    )


def _clock(case: Case) -> tuple[str, str, tuple[Period, ...], Moment]:
    """Return a right that this clause times, a way to ask for it, how long, and from when it is counted.

    A way to the desk comes first: there nothing but the request itself has happened yet. Raises `NotTried`.
    """
    clause: RightClause | DeadlineClause = case.said(RightClause, DeadlineClause)
    start = Moment(clause.counted_from)
    if isinstance(clause, RightClause):
        of = (clause.right,)
        within = (Period(clause.deadline_days or 0, Unit.DAYS),)
    else:
        of = tuple(each for each in clause.of if each in case.compiled.rights)
        within = tuple(each for each in (clause.within, clause.at_most) if each is not None)
    if start not in {Moment.RECEIVED, Moment.IDENTITY_VERIFIED}:
        raise NotTried("another_clock", start=start)
    for right in of:
        ways = sorted(case.compiled.rights[right].by, key=lambda way: way not in AT_THE_DESK)
        if ways and Right(right) is not Right.CANCEL:
            return right, ways[0], within, start
    raise NotTried("no_way_tried", right=", ".join(of))


def _latest(period: Period, start: datetime) -> datetime:
    """Return a moment that the end of this period never passes, counted without the code under test."""
    if period.unit is not Unit.WORKING_DAYS:
        exact = period.unit in {Unit.HOURS, Unit.DAYS}
        return start + period.value * _AT_MOST[period.unit] + (timedelta(0) if exact else timedelta(days=1))
    day, left = start.astimezone(LEGAL_TIME), period.value
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return day + _FEASTS


def _timed(case: Case) -> bool:
    clause: RightClause | DeadlineClause = case.said(RightClause, DeadlineClause)
    if isinstance(clause, RightClause):
        return clause.deadline_days is not None and Right(clause.right) is not Right.CANCEL
    return clause.within is not None and not clause.revocable


SCENARIOS = (
    Scenario("in time", DeadlineClause, in_time, _timed),
    Scenario("in time", RightClause, in_time, _timed),
    Scenario("late is marked", DeadlineClause, late_is_marked, _timed),
    Scenario("late is marked", RightClause, late_is_marked, _timed),
)
