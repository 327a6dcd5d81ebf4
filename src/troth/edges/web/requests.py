"""What a person asks for beyond what they can do here by themselves, and until when it is answered."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web.arrival import system
from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, form, visit
from troth.policy.words import Right

router = APIRouter(prefix="/privacy/requests", include_in_schema=False)
_DONE = {"sent": "done_sent", "taken_back": "done_taken_back", "agreed": "done_agreed"}
_LONGEST = 4000
_ELSEWHERE = frozenset({Right.CANCEL, Right.COPY, Right.POLICY_VIEW})
"""Rights that have a page of their own here, where they are used at once."""


@router.get("")
async def requests(request: Request, done: str = "") -> Response:
    """List what was asked, the newest first, and what can be asked."""
    here, troth = visit(request), system(request)
    rights = await troth.rights(here.session)
    me = await troth.me(here.session)
    notice = await troth.version(me.policy, me.version, here.words.language)
    told = {line.clause: line for section in notice.sections for line in section.lines}
    return page(
        here,
        "requests.html",
        me=me,
        requests=list(reversed(await troth.requests(here.session))),
        rights=[one for one in rights if one.right not in _ELSEWHERE],
        told=told,
        said=here.words(_DONE[done]) if done in _DONE else None,
        longest=_LONGEST,
    )


@router.post("")
async def ask(request: Request) -> Response:
    """Ask for something."""
    here = visit(request)
    fields = await form(request, here)
    text = fields.get("text", "").replace("\r\n", "\n").strip()
    if len(text) > _LONGEST or not text:
        raise NotOurForm
    await system(request).request(here.session, fields.get("right", ""), text)
    return go(here, "/privacy/requests?done=sent")


@router.post("/{number}/{step}")
async def step(request: Request, number: UUID, step: str) -> Response:
    """Add to a request, agree to its fee, or take it back."""
    here, troth = visit(request), system(request)
    text = (await form(request, here)).get("text", "").replace("\r\n", "\n").strip()
    match step:
        case "more" if 0 < len(text) <= _LONGEST:
            await troth.tell_more(here.session, number, text)
            done = "sent"
        case "agree":
            await troth.agree_to_fee(here.session, number)
            done = "agreed"
        case "withdraw":
            await troth.revoke_request(here.session, number)
            done = "taken_back"
        case _:
            raise HTTPException(404)
    return go(here, f"/privacy/requests?done={done}")
