"""The first page of a signed-in person: what stands in a few sentences, what needs them, where to go."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.edges.web import called
from troth.edges.web.arrival import system
from troth.edges.web.cancelling import waiting
from troth.edges.web.render import go, page
from troth.edges.web.seen import PAUSED
from troth.edges.web.visit import SESSION, form, visit
from troth.subjects.accounts import SignInRefused
from troth.subjects.passwords import WeakPassword
from troth.subjects.tries import TooManyTries

router = APIRouter(include_in_schema=False)
_DONE = {"taken_back": "done_taken_back", "accepted": "done_accepted", "password": "done_password"}
_PROBLEMS = {SignInRefused: "wrong_password", WeakPassword: "weak_password", TooManyTries: "too_many"}


@router.get("/privacy")
async def home(request: Request, done: str = "") -> Response:
    """Show what stands, and the way to everything else."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    current = troth.notice(me.policy, here.words.language)
    return page(
        here,
        "home.html",
        me=me,
        title=current.title,
        names=called.devices(me, here.words),
        newer=current.version if current.version > me.version else None,
        on=[state for state in me.functions if state.on],
        paused=[state for state in me.functions if state.why == PAUSED],
        off=[state for state in me.functions if not state.on and state.why != PAUSED],
        notices=[one for one in await troth.notices(here.session, here.words.language) if not one.seen],
        outdated=await troth.outdated(here.session),
        waiting=waiting(await troth.requests(here.session)),
        said=here.words(_DONE[done]) if done in _DONE else None,
    )


@router.post("/privacy/notices/{matter}")
async def seen(request: Request, matter: UUID) -> Response:
    """Note that a notice was seen; it is not put before them again."""
    here = visit(request)
    await form(request, here)
    await system(request).see_notice(here.session, matter, here.words.language)
    return go(here, "/privacy")


@router.get("/privacy/password")
async def password_form(request: Request) -> Response:
    """Ask for the password that is and the one that is to be."""
    here = visit(request)
    me = await system(request).me(here.session)
    return page(here, "password.html", me=me, problem=None)


@router.post("/privacy/password")
async def password(request: Request) -> Response:
    """Set another password; every session ends but a new one here."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    me = await troth.me(here.session)
    try:
        begun = await troth.set_password(here.session, fields.get("new", ""), fields.get("password") or None)
    except (SignInRefused, WeakPassword, TooManyTries) as refused:
        return page(here, "password.html", 400, me=me, problem=_PROBLEMS[type(refused)])
    response = go(here, "/privacy?done=password")
    here.remember(response, SESSION, begun.token)
    return response


@router.post("/privacy/sign-out-everywhere")
async def sign_out_everywhere(request: Request) -> Response:
    """End every session of this person, this one too."""
    here = visit(request)
    await form(request, here)
    await system(request).sign_out_everywhere(here.session)
    response = go(here.signed_out(), "/?done=signed_out")
    here.forget(response)
    return response
