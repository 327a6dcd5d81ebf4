"""What was collected, day by day; who got what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web.arrival import system
from troth.edges.web.render import go, page, part
from troth.edges.web.visit import form, visit
from troth.terms import FunctionName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from troth.app.views import Me
    from troth.edges.web.words import Words
    from troth.terms import ItemName

router = APIRouter(prefix="/privacy", include_in_schema=False)
_TURNS = {"allow": True, "deny": False}
_SAID = {"allow": "done_allowed", "deny": "done_forbidden"}


@router.get("/collected")
async def collected(request: Request, before: date | None = None) -> Response:
    """Show the newest days, or those before one."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    line = await troth.collected(here.session, before)
    values: dict[str, Any] = {"me": me, "line": line, "titles": titles(me, here.words), "together": together}
    if here.partial:
        return part(here, "parts/days.html", **values)
    return page(here, "collected.html", older=before is not None, **values)


@router.get("/given")
async def given(request: Request, done: str = "") -> Response:
    """Show who got what, and who may get something."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    may = await troth.may_receive(here.session)
    names = {each.recipient: here.words.pick(each.title, each.recipient) for each in may}
    return page(
        here,
        "given.html",
        me=me,
        given=await troth.given(here.session),
        openings=await troth.openings(here.session),
        kept=await troth.kept_by_law(here.session),
        choices=await troth.receivers_of_mine(here.session),
        said=here.words(_SAID[done]) if done in _SAID else None,
        may=may,
        names=names,
        titles=titles(me, here.words),
    )


@router.post("/receivers/{receiver}")
async def allow(request: Request, receiver: str) -> Response:
    """Let a receiver on the register have something, or no longer, where that is theirs to say."""
    here, troth = visit(request), system(request)
    turn = (await form(request, here)).get("turn")
    lines = await troth.receivers_of_mine(here.session)
    found = next((line for line in lines if line.receiver == receiver and line.asks), None)
    if found is None or turn not in _TURNS:
        raise HTTPException(404)
    await troth.allow_receiver(
        here.session, receiver, found.purpose, allowed=_TURNS[turn], separate=found.separate
    )
    return go(here, f"/privacy/given?done={turn}#r-{receiver}")


def together(
    put: Iterable[tuple[FunctionName, ItemName]],
) -> Sequence[tuple[Sequence[ItemName], Sequence[FunctionName]]]:
    """Say once what was put on file for several functions: items, with all the functions that have them."""
    holders: dict[ItemName, list[FunctionName]] = {}
    for function, item in put:
        holders.setdefault(item, []).append(function)
    alike: dict[tuple[FunctionName, ...], list[ItemName]] = {}
    for item, functions in holders.items():
        alike.setdefault(tuple(functions), []).append(item)
    return [(items, functions) for functions, items in alike.items()]


def titles(me: Me, t: Words) -> dict[FunctionName, str]:
    """Return what each function is called."""
    return {state.function: t.pick(state.title, state.function) for state in me.functions}
