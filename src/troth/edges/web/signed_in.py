"""Where somebody is signed in: since when, and a way to end each of them, or all."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.edges.web.arrival import system
from troth.edges.web.render import go, page
from troth.edges.web.visit import form, visit
from troth.subjects.sessions import NoSuchSession

router = APIRouter(prefix="/privacy/sessions", include_in_schema=False)


@router.get("")
async def sessions(request: Request, done: str = "") -> Response:
    """List them, the newest first; which of them this browser has is marked."""
    here, troth = visit(request), system(request)
    found = await troth.signed_in(here.session)
    me = await troth.me(here.session)
    said = here.words("done_ended_there") if done == "ended" else None
    return page(here, "sessions.html", me=me, sessions=found, said=said)


@router.post("/{session}/end")
async def end(request: Request, session: UUID) -> Response:
    """End one of them."""
    here, troth = visit(request), system(request)
    await form(request, here)
    with suppress(NoSuchSession):  # ended already: that is what was wanted
        await troth.sign_out_there(here.session, session)
    return go(here, "/privacy/sessions?done=ended")
