"""What is on file of a person, item by item: see it, correct it, add it, take it back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web import fields
from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import go, page
from troth.edges.web.visit import form, visit
from troth.policy.values import VALUES
from troth.terms import Denied, FunctionName, ItemName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from troth.app.looks import Detail
    from troth.app.views import FunctionState
    from troth.edges.web.visit import Visit

router = APIRouter(prefix="/privacy/details", include_in_schema=False)
_REFUSED = ("not_chosen", "withdrawn")
_DONE = {"saved": "done_saved", "deleted": "done_deleted", "unkept": "done_unkept"}


@router.get("")
async def details(request: Request, done: str = "") -> Response:
    """Show everything that is on file, opened."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    found = await troth.details(here.session)
    states = {state.function: state for state in me.functions}
    groups = [
        (function, states[function], _shown(states[function], group))
        for function, group in groupby(found, key=lambda each: each.function)
        if function in states
    ]
    return page(
        here,
        "details.html",
        me=me,
        groups=[each for each in groups if each[2]],
        titles=titles(me, here.words),
        typed=fields.typed,
        said=here.words(_DONE[done]) if done in _DONE else None,
    )


@router.get("/{function}/{item}")
async def change(request: Request, function: str, item: str) -> Response:
    """Show one item as a form."""
    here = visit(request)
    return await _form(request, here, await _detail(request, here, function, item))


@router.post("/{function}/{item}")
async def save(request: Request, function: str, item: str) -> Response:
    """Correct it, or put it on file."""
    here = visit(request)
    said = await form(request, here)
    detail = await _detail(request, here, function, item)
    value = fields.value(detail.item, said, detail.value)
    wrong = VALUES.misfit(detail.item, value)
    if wrong is not None:
        return await _form(request, here, detail, wrong=wrong.field, now=value, status=422)
    try:
        kept = await system(request).give(here.session, detail.function, {detail.item: value})
    except Denied as denied:
        return await _form(request, here, detail, refused=denied.decision.reason.value, now=value, status=403)
    done = "saved" if detail.item in kept.stored else "unkept"
    return go(here, f"/privacy/details?done={done}#{function}")


@router.post("/{function}/{item}/delete")
async def take_back(request: Request, function: str, item: str) -> Response:
    """Delete it: the function no longer has it."""
    here = visit(request)
    await form(request, here)
    await system(request).take_back(here.session, FunctionName(function), ItemName(item))
    return go(here, f"/privacy/details?done=deleted#{function}")


async def _detail(request: Request, here: Visit, function: str, item: str) -> Detail:
    found = await system(request).details(here.session)
    detail = next((each for each in found if (each.function, each.item) == (function, item)), None)
    if detail is None or not detail.may_give or not fields.typed(detail.item, detail.value):
        raise HTTPException(404)
    return detail


async def _form(
    request: Request,
    here: Visit,
    detail: Detail,
    *,
    wrong: str | None = None,
    refused: str | None = None,
    now: Mapping[str, object] | None = None,
    status: int = 200,
) -> Response:
    me = await system(request).me(here.session)
    return page(
        here,
        "detail.html",
        status,
        me=me,
        detail=detail,
        fields=fields.typed(detail.item, detail.value if now is None else now),
        title=titles(me, here.words).get(detail.function, detail.function),
        wrong=wrong,
        refused=refused,
    )


def _shown(state: FunctionState, details: Iterable[Detail]) -> list[Detail]:
    """Return what is on file, and what a function that was asked for could still be given here."""
    asked_for = state.on or state.why not in _REFUSED
    return [each for each in details if each.on_file or (asked_for and each.may_give)]
