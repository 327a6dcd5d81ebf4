"""What is collected and why, with a way to switch each off: functions, optional items, switches, devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.edges.web import called, missing
from troth.edges.web.arrival import system
from troth.edges.web.render import go, page, part
from troth.edges.web.visit import NotOurForm, form, visit
from troth.policy.words import Right
from troth.terms import DeviceId, FunctionName, ItemName, SwitchName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troth.app.views import FunctionState, Me
    from troth.edges.web.visit import Visit
    from troth.edges.web.words import Words

router = APIRouter(prefix="/privacy", include_in_schema=False)
_DONE = {
    "on": "done_on",
    "off": "done_off",
    "paused": "done_paused",
    "resumed": "done_resumed",
    "waits": "done_waits",
    "given_up": "done_given_up",
    "deleted": "done_deleted",
    "asked": "done_asked",
    "noted": "done_noted",
    "saved": "done_saved",
}
_REFUSED = ("not_chosen", "withdrawn")
_OPEN = "open"


@dataclass(frozen=True, slots=True)
class _SwitchRow:
    switch: str
    name: str
    place: str
    clause: str
    device: DeviceId | None
    on: bool
    idle: bool
    """None of its functions is on, so that it holds nothing back."""


@router.get("/uses")
async def uses(request: Request, done: str = "") -> Response:
    """Show every function: what it takes, why, what refusing costs, and the way to switch it off."""
    here = visit(request)
    return await _uses(request, here, _DONE.get(done))


@router.post("/functions/{function}")
async def choose(request: Request, function: str) -> Response:
    """Turn a function, or one optional item of it, on or off."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    item = ItemName(fields["item"]) if fields.get("item") else None
    name = FunctionName(function)
    if fields.get("turn") == "on":
        text_hash = fields.get("hash") or None
        await troth.choose(here.session, name, here.words.language, text_hash, item=item)
        state = _state(await troth.me(here.session), name)
        return await _answer(request, here, "on" if item or (state and state.on) else "waits", function)
    await troth.withdraw(here.session, name, item=item)
    return await _answer(request, here, "off", function)


@router.post("/switches/{switch}")
async def switch(request: Request, switch: str) -> Response:
    """Put a switch on or off: what it holds back is paused, and nothing is lost."""
    here = visit(request)
    fields = await form(request, here)
    on = fields.get("turn") == "on"
    try:
        device = DeviceId(UUID(fields["device"])) if fields.get("device") else None
    except ValueError:
        raise NotOurForm from None
    await system(request).switch(here.session, SwitchName(switch), on=on, device=device)
    return await _answer(request, here, "resumed" if on else "paused", "switches")


@router.post("/devices/{device}/give-up")
async def give_up(request: Request, device: UUID) -> Response:
    """Give a device up: it can send nothing any more; what it measured stays."""
    here = visit(request)
    await form(request, here)
    await system(request).unbind(here.session, DeviceId(device))
    return await _answer(request, here, "given_up", "devices")


@router.post("/delete/{function}")
async def delete(request: Request, function: str) -> Response:
    """Delete all that one function has of this person."""
    here = visit(request)
    await form(request, here)
    line = await system(request).delete_part(here.session, FunctionName(function))
    return await _answer(request, here, "asked" if line.state == _OPEN else "deleted", function)


async def _answer(request: Request, here: Visit, done: str, place: str) -> Response:
    if here.partial:
        return await _uses(request, here, _DONE[done])
    return go(here, f"/privacy/uses?done={done}#{place}")


async def _uses(request: Request, here: Visit, done: str | None) -> Response:
    troth = system(request)
    me = await troth.me(here.session)
    notice = await troth.version(me.policy, me.version, here.words.language)
    rights = {line.right: line for line in await troth.rights(here.session)}
    values: dict[str, Any] = {
        "me": me,
        "hash": notice.text_hash,
        "told": called.clauses(notice),
        "missing": missing.missing,
        "names": called.devices(me, here.words),
        "adds": bool(missing.kinds(me)),
        "functions": _ordered(me),
        "refused": _REFUSED,
        "switches": _switches(me, here.words),
        "paused_by": _paused_by(me),
        "deletes": Right.DELETE in rights and rights[Right.DELETE].here,
    }
    if here.partial:
        return part(here, "parts/uses.html", here.words(done) if done else None, **values)
    return page(here, "uses.html", said=here.words(done) if done else None, **values)


def _state(me: Me, function: FunctionName) -> FunctionState | None:
    return next((state for state in me.functions if state.function == function), None)


def _ordered(me: Me) -> Sequence[FunctionState]:
    """Return what runs first, then what can be chosen, then the rest; a switched-off thing stays in place."""
    return sorted(me.functions, key=lambda state: not state.choosable)


def _paused_by(me: Me) -> Mapping[FunctionName, str]:
    """Return where on the page each function can be held back without losing what it has."""
    return {
        function: f"s-{state.switch}-{next(iter(state.on)) or 'all'}"
        for state in me.switches
        if state.on
        for function in state.functions
    }


def _switches(me: Me, t: Words) -> Sequence[_SwitchRow]:
    refused = {state.function for state in me.functions if state.why in _REFUSED}
    titles = {state.function: t.pick(state.title, state.function) for state in me.functions}
    models = called.devices(me, t)
    rows: list[_SwitchRow] = []
    for state in me.switches:
        name = " · ".join(titles.get(function, function) for function in state.functions)
        for device, on in state.on.items():
            place = models.get(device, str(device)) if device else t("switch_everything")
            idle = refused.issuperset(state.functions)
            rows.append(_SwitchRow(state.switch, name, place, state.clause, device, on, idle))
    return rows
