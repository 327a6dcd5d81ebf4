"""Coming and going: sign in, sign out, and the farewell of who has cancelled. None of it needs a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.edges.web.render import go, page
from troth.edges.web.visit import SESSION, NotOurForm, form, visit
from troth.subjects.accounts import SignInRefused
from troth.subjects.codes import WrongCode
from troth.subjects.passwords import WeakPassword
from troth.subjects.sessions import NotSignedIn
from troth.subjects.tries import TooManyTries
from troth.terms import TrothError

if TYPE_CHECKING:
    from troth.app.wiring import Troth
    from troth.edges.web.visit import Visit

router = APIRouter(include_in_schema=False)
_LONGEST = 254
_PROBLEMS = {WrongCode: "wrong_code", TooManyTries: "too_many", WeakPassword: "weak_password"}
_STATUSES = {"wrong_code": 401, "too_many": 429, "weak_password": 400}


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
            origin=_origin(request),
            known=here.session,
        )
    except TooManyTries:
        return page(here, "sign_in.html", 429, problem="too_many")
    except SignInRefused:
        return page(here, "sign_in.html", 401, problem="wrong_login")
    return _signed_in(here, begun.token)


@router.get("/sign-in/code")
async def code_form(request: Request) -> Response:
    """Ask where the code is to go."""
    return _code(visit(request), "sign-in")


@router.get("/reset")
async def reset_form(request: Request) -> Response:
    """Ask the same of who forgot a password."""
    return _code(visit(request), "reset")


@router.post("/sign-in/code")
async def send_code(request: Request) -> Response:
    """Send a code, where there is someone to send it to, and ask for it; everyone is shown the same."""
    return await _send_code(request, "sign-in")


@router.post("/reset/code")
async def send_reset_code(request: Request) -> Response:
    """Do that for a new password."""
    return await _send_code(request, "reset")


@router.post("/sign-in/by-code")
async def by_code(request: Request) -> Response:
    """Begin a session with a code."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    said, code = fields.get("login", ""), fields.get("code", "")
    try:
        begun = await troth.sign_in_by_code(said, code, origin=_origin(request))
    except (WrongCode, TooManyTries) as refused:
        return _code(here, "sign-in", login=said, problem=_PROBLEMS[type(refused)])
    return _signed_in(here, begun.token)


@router.post("/reset")
async def reset(request: Request) -> Response:
    """Set a new password with a code; every other session ends."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    said, code, new = (fields.get(each, "") for each in ("login", "code", "new"))
    try:
        begun = await troth.reset_password(said, code, new, origin=_origin(request))
    except (WrongCode, TooManyTries, WeakPassword) as refused:
        return _code(here, "reset", login=said, problem=_PROBLEMS[type(refused)])
    return _signed_in(here, begun.token)


async def _send_code(request: Request, way: str) -> Response:
    here = visit(request)
    said = (await form(request, here)).get("login", "").strip()
    if not 0 < len(said) <= _LONGEST:
        raise NotOurForm
    try:
        await system(request).ask_code(said, origin=_origin(request))
    except TooManyTries:
        return _code(here, way, problem="too_many")
    return _code(here, way, login=said)


def _code(here: Visit, way: str, *, login: str = "", problem: str | None = None) -> Response:
    """Show the step that comes next: where the code is to go, or the code itself."""
    status = _STATUSES[problem] if problem else 200
    return page(here, "code.html", status, way=way, login=login, problem=problem)


def _signed_in(here: Visit, token: str) -> Response:
    response = go(here, "/privacy")
    here.remember(response, SESSION, token)
    return response


def _origin(request: Request) -> str | None:
    return request.client.host if request.client else None


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
