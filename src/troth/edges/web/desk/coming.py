"""Coming to the desk: with a passkey, or for the first time with a setup code; and leaving it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, Place, place, site
from troth.subjects.desk import LASTS, NotInvited
from troth.subjects.passkeys import PasskeyRefused
from troth.subjects.roles import DUTIES, Duty
from troth.subjects.staff import NotStaff

router = APIRouter(prefix="/desk", include_in_schema=False, route_class=DeskRoute)
_FIRST = {Duty.DESK: "/desk/requests", Duty.WATCH: "/desk/system"}
"""Where a role begins its day: the first duty that it has."""


@router.get("")
async def door(request: Request) -> Response:
    """Ask for a passkey, or lead who has come in to where their work is."""
    at = place(request)
    try:
        who = await at.staff()
    except NotStaff:
        return _ask(at)
    way = next((to for duty, to in _FIRST.items() if duty in DUTIES[who.role]), None)
    return at.go(way) if way else at.page("nothing", who)


@router.post("")
async def enter(request: Request) -> Response:
    """Begin a session for whose passkey this is."""
    at, here = place(request), site(request)
    fields = await at.fields()
    if here is None:
        return _ask(at)
    try:
        begun = await at.troth.enter_desk(at.here.visit, here, fields.get("answer", ""))
    except PasskeyRefused:
        return _ask(at, 401, problem="desk_wrong_passkey")
    return at.remember(at.go("/desk"), begun.token, LASTS)


@router.get("/join")
async def invited(request: Request) -> Response:
    """Ask for the setup code."""
    return _join(place(request))


@router.post("/join")
async def join(request: Request) -> Response:
    """Ask who was invited for a passkey, and make them one of the staff."""
    at, here = place(request), site(request)
    fields = await at.fields()
    code, answer = fields.get("code", ""), fields.get("answer", "")
    if here is None:
        return _join(at)
    try:
        if not answer:  # the code first: a passkey that was made in vain stays in the authenticator for ever
            await at.troth.demand_invited(code)
            return _join(at, code=code)
        begun = await at.troth.join_staff(at.here.visit, here, code, answer)
    except (NotInvited, PasskeyRefused) as refused:
        said = "desk_not_invited" if isinstance(refused, NotInvited) else "desk_wrong_passkey"
        return _join(at, 401, problem=said)
    return at.remember(at.go("/desk"), begun.token, LASTS)


@router.post("/leave")
async def leave(request: Request) -> Response:
    """End the session, here or everywhere."""
    at = place(request)
    everywhere = (await at.fields()).get("everywhere") == "yes"
    await at.troth.leave_desk(at.token, everywhere=everywhere)
    return at.forget(at.go("/desk"))


def _ask(at: Place, status: int = 200, problem: str | None = None) -> Response:
    here = site(at.request)
    options = at.troth.passkey_to_show(at.here.visit, here) if here else None
    return at.page("enter", None, status, options=options, problem=problem)


def _join(at: Place, status: int = 200, problem: str | None = None, code: str = "") -> Response:
    here = site(at.request)
    options = at.troth.passkey_to_make(at.here.visit, here) if here and code else None
    return at.page("join", None, status, named=here is not None, options=options, code=code, problem=problem)
