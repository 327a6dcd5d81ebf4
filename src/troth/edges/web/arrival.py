"""Coming and going: sign in, sign out, and the farewell of who has cancelled. None of it needs a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.edges.web.render import go, page
from troth.edges.web.visit import SESSION, form, visit
from troth.subjects.accounts import SignInRefused
from troth.subjects.sessions import NotSignedIn
from troth.subjects.tries import TooManyTries
from troth.terms import TrothError

if TYPE_CHECKING:
    from troth.app.wiring import Troth

router = APIRouter(include_in_schema=False)


def system(request: Request) -> Troth:
    """Return the system that these pages were made for."""
    return cast("Troth", request.app.state.troth)


@router.get("/")
async def home(request: Request, done: str = "") -> Response:
    """Show the sign-in page, or lead who is signed in to their privacy page."""
    here = visit(request)
    if here.session:
        try:
            await system(request).me(here.session)
        except NotSignedIn:
            gone = here.signed_out()  # so that the form is one of a browser without that session
            response = page(gone, "sign_in.html", problem=None)
            gone.forget(response)
            return response
        return go(here, "/privacy")
    said = here.words("done_signed_out") if done == "signed_out" else None
    return page(here, "sign_in.html", problem=None, said=said)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session; always a new one, whatever cookie came along."""
    here = visit(request)
    fields = await form(request, here)
    try:
        begun = await system(request).sign_in(
            fields.get("login", "").strip(),
            fields.get("password", ""),
            origin=request.client.host if request.client else None,
            known=here.session,
        )
    except TooManyTries:
        return page(here, "sign_in.html", 429, problem="too_many")
    except SignInRefused:
        return page(here, "sign_in.html", 401, problem="wrong_login")
    response = go(here, "/privacy")
    here.remember(response, SESSION, begun.token)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    here = visit(request)
    await form(request, here)
    response = go(here, "/")
    here.forget(response)
    await system(request).sign_out(here.session)
    return response


@router.get("/farewell")
async def farewell_form(request: Request) -> Response:
    """Ask for the farewell line."""
    return page(visit(request), "farewell.html", problem=None, progress=None, farewell="", fresh=False)


@router.post("/farewell")
async def farewell(request: Request) -> Response:
    """Show how far the erasure is."""
    here = visit(request)
    line = (await form(request, here)).get("farewell", "").strip()
    try:
        progress = await system(request).farewell(line)
    except TrothError:
        return page(
            here, "farewell.html", 404, problem="farewell_unknown", progress=None, farewell="", fresh=False
        )
    return page(here, "farewell.html", problem=None, progress=progress, farewell=line, fresh=False)
