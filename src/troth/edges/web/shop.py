"""What a shop's functions show their owner, day by day: visitors, visits, alerts, the till and its films.

A film is not opened before somebody presses play.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web import called
from troth.edges.web.arrival import system
from troth.edges.web.charts import Part, bar
from troth.edges.web.collected import titles
from troth.edges.web.render import go, page
from troth.edges.web.seen import running, seen, shows
from troth.edges.web.visit import NotOurForm, form, visit
from troth.functions.audit import CASHIER_AUDIT, FUNCTIONS, Verdict
from troth.functions.registry import PLUGINS
from troth.terms import FunctionName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from troth.app.views import DayFootfall, FunctionState
    from troth.app.wiring import Troth

router = APIRouter(prefix="/privacy/shop", include_in_schema=False)
_DONE = {verdict.value: f"done_{verdict.value}" for verdict in Verdict}
_FIRST, _LAST = date(1970, 1, 2), date(9999, 12, 29)


@dataclass(frozen=True, slots=True)
class _Hour:
    hour: int
    came_in: int
    went_out: int
    bar: Markup


@router.get("")
async def shop(request: Request, day: date | None = None) -> Response:
    """Show one day: today, or the one that was asked for."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    day, today = _within(day or troth.today()), troth.today()
    states = [state for state in me.functions if state.function in PLUGINS]
    found = await seen(troth, here.session, running(me), day)
    return page(
        here,
        "shop.html",
        me=me,
        day=day,
        today=today,
        seen=found,
        hours=_hours(found.flow) if found.flow else (),
        off=[each for each in states if not shows(each)],
        titles=titles(me, here.words),
        names=called.devices(me, here.words),
        last=await _last(troth, here.session, states) if found.nothing else None,
        step=timedelta(days=1),
    )


@router.get("/{function}")
async def till(request: Request, function: str, day: date | None = None, done: str = "") -> Response:
    """Show what till and camera tell differently on a day, each with its film, for the owner to judge."""
    here, troth = visit(request), system(request)
    name = _at_tills(function)
    me = await troth.me(here.session)
    day = _within(day or troth.today())
    found = await troth.flags(here.session, name, day)
    return page(
        here,
        "till.html",
        me=me,
        day=day,
        today=troth.today(),
        function=name,
        flags=found.flags,
        clause=found.clause,
        lines=(await troth.till(here.session, name, day)).lines if name == CASHIER_AUDIT else (),
        titles=titles(me, here.words),
        step=timedelta(days=1),
        said=here.words(_DONE[done]) if done in _DONE else None,
    )


@router.post("/{function}/flags/{flag}")
async def review(request: Request, function: str, flag: UUID) -> Response:
    """Keep what the owner says of a flag."""
    here = visit(request)
    fields = await form(request, here)
    name = _at_tills(function)
    try:
        verdict, day = Verdict(fields.get("verdict", "")), date.fromisoformat(fields.get("day", ""))
    except ValueError:
        raise NotOurForm from None
    await system(request).review(here.session, name, _within(day), flag=flag, verdict=verdict)
    return go(here, f"/privacy/shop/{name}?day={day}&done={verdict}#f-{flag}")


def _at_tills(function: str) -> FunctionName:
    if function not in FUNCTIONS:
        raise HTTPException(404)
    return FunctionName(function)


def _within(day: date) -> date:
    """Return a day that has a midnight before and after it, in every zone."""
    if not _FIRST <= day <= _LAST:
        raise HTTPException(404)
    return day


async def _last(troth: Troth, token: str, states: Sequence[FunctionState]) -> date | None:
    """Return the newest day on which something came in for one of these, to go there from an empty one."""
    ours = {state.function for state in states}
    found = await troth.collected(token)
    return next((each.day for each in found.days if ours & {one.function for one in each.measured}), None)


def _hours(flow: DayFootfall) -> Sequence[_Hour]:
    most = max((each.came_in + each.went_out for each in flow.hours), default=0)
    return [
        _Hour(
            each.hour,
            each.came_in,
            each.went_out,
            bar([Part(each.came_in, "yes"), Part(each.went_out, "out")], most),
        )
        for each in flow.hours
    ]
