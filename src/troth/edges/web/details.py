"""What is on file of a person, said once with the functions that have it: see, correct, add, take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.devices.names import KINDS
from troth.edges.web import fields
from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import go, page
from troth.edges.web.visit import form, visit
from troth.policy.values import VALUES
from troth.policy.vocabulary import VOCABULARY
from troth.subjects.names import REGISTER
from troth.terms import Denied, FunctionName, ItemName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from troth.app.looks import Detail
    from troth.app.views import FunctionState
    from troth.edges.web.visit import Visit
    from troth.edges.web.words import Words

router = APIRouter(prefix="/privacy/details", include_in_schema=False)
_REFUSED = ("not_chosen", "withdrawn")
_DONE = {"saved": "done_saved", "deleted": "done_deleted", "unkept": "done_unkept"}


@dataclass(frozen=True, slots=True)
class OnFile:
    """One thing that is on file, or could be, with every function that has it."""

    of: tuple[Detail, ...]

    @property
    def first(self) -> Detail:
        """Return it as one function has it: one that lets it be changed, if any does."""
        return next((each for each in self.of if each.may_give), self.of[0])

    @property
    def functions(self) -> tuple[FunctionName, ...]:
        """Return the functions that have it."""
        return tuple(each.function for each in self.of)

    @property
    def taken_back_from(self) -> tuple[FunctionName, ...]:
        """Return those from which it can be taken."""
        return tuple(each.function for each in self.of if each.may_take_back)


@router.get("")
async def details(request: Request, done: str = "") -> Response:
    """Show everything that is on file, opened."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    states = {state.function: state for state in me.functions}
    shown = sorted(_shown(states, await troth.details(here.session)), key=lambda each: not each.on_file)
    return page(
        here,
        "details.html",
        me=me,
        parts=_parts(once(shown), here.words),
        states=states,
        titles=titles(me, here.words),
        typed=fields.typed,
        said=here.words(_DONE[done]) if done in _DONE else None,
    )


@router.get("/{function}/{item}")
async def change(request: Request, function: str, item: str) -> Response:
    """Show one item as a form."""
    here = visit(request)
    return await _form(request, here, *await _detail(request, here, function, item))


@router.post("/{function}/{item}")
async def save(request: Request, function: str, item: str) -> Response:
    """Correct it, or put it on file."""
    here = visit(request)
    said = await form(request, here)
    detail, holders = await _detail(request, here, function, item)
    value = fields.value(detail.item, said, detail.value)
    wrong = VALUES.misfit(detail.item, value)
    if wrong is not None:
        return await _form(request, here, detail, holders, wrong=wrong.field, now=value, status=422)
    try:
        kept = await system(request).give(here.session, detail.function, {detail.item: value})
    except Denied as denied:
        why = denied.decision.reason.value
        return await _form(request, here, detail, holders, refused=why, now=value, status=403)
    done = "saved" if detail.item in kept.stored else "unkept"
    return go(here, f"/privacy/details?done={done}#{item}")


@router.post("/{function}/{item}/delete")
async def take_back(request: Request, function: str, item: str) -> Response:
    """Delete it: the function no longer has it."""
    here = visit(request)
    await form(request, here)
    await system(request).take_back(here.session, FunctionName(function), ItemName(item))
    return go(here, f"/privacy/details?done=deleted#{item}")


async def _detail(
    request: Request, here: Visit, function: str, item: str
) -> tuple[Detail, Sequence[FunctionName]]:
    """Return it as this function has it, and every function for which it changes."""
    for each in once(await system(request).details(here.session)):
        for detail in each.of:
            if (detail.function, detail.item) == (function, item):
                if not detail.may_give or not fields.typed(detail.item, detail.value):
                    raise HTTPException(404)
                return detail, each.functions
    raise HTTPException(404)


async def _form(
    request: Request,
    here: Visit,
    detail: Detail,
    holders: Sequence[FunctionName],
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
        holders=holders,
        fields=fields.typed(detail.item, detail.value if now is None else now),
        titles=titles(me, here.words),
        wrong=wrong,
        refused=refused,
    )


def once(details: Iterable[Detail]) -> Sequence[OnFile]:
    """Put together what several functions have alike: a document that they share is one, also to its person.

    What is not there yet is given to one function, so it stands by itself.
    """
    alike: dict[str, list[Detail]] = {}
    for each in details:
        key = [each.item, repr(each.value)] if each.on_file else [each.item, "", each.function]
        alike.setdefault("|".join(key), []).append(each)
    return [OnFile(tuple(of)) for of in alike.values()]


def _parts(found: Iterable[OnFile], t: Words) -> Mapping[str, Sequence[OnFile]]:
    """Return what is on file by what it is about, the account first."""
    parts: dict[str, list[OnFile]] = {}
    for each in found:
        parts.setdefault(_about(each, t), []).append(each)
    return parts


def _about(each: OnFile, t: Words) -> str:
    item = each.first.item
    if REGISTER in each.functions:
        return t("details_account")
    kind = next((kind for kind in KINDS.values() if item in kind.items), None)
    return t(f"device.{kind.name}") if kind else t.phrase(f"category.{VOCABULARY[item].category.value}")


def _shown(states: Mapping[FunctionName, FunctionState], details: Iterable[Detail]) -> Iterable[Detail]:
    """Yield what is on file, and what a function that was asked for could still be given here."""
    for each in details:
        state = states.get(each.function)
        if state is not None and (each.on_file or (each.may_give and _asked_for(state))):
            yield each


def _asked_for(state: FunctionState) -> bool:
    return state.on or state.why not in _REFUSED
