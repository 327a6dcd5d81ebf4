"""Cancelling: what becomes of each thing by when, the last word, and the way back while there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from troth.app.views import CancelWaits
from troth.edges.web import called
from troth.edges.web.arrival import system
from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, form, visit
from troth.policy.words import Right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.app.views import RequestLine

router = APIRouter(prefix="/privacy", include_in_schema=False)
_WAITS = "applied"


@router.get("/cancel")
async def about(request: Request) -> Response:
    """Say what cancelling means under this policy, or that one waits; nothing happens yet."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    waits = waiting(await troth.requests(here.session))
    if waits is not None:
        return page(here, "cancel_waits.html", me=me, until=waits.takes_effect, request=waits.request)
    others = {one.recipient: here.words.pick(one.title) for one in await troth.may_receive(here.session)}
    notice = await troth.version(me.policy, me.version, here.words.language)
    return page(
        here,
        "cancel.html",
        me=me,
        told=called.clauses(notice),
        leaving=await troth.leaving(here.session),
        names=called.devices(me, here.words),
        others=others,
    )


def waiting(requests: Sequence[RequestLine]) -> RequestLine | None:
    """Return the cancellation that can still be taken back, if there is one."""
    found = (each for each in requests if each.right == Right.CANCEL and each.state == _WAITS)
    return next(found, None)


@router.post("/cancel/take-back")
async def take_back(request: Request) -> Response:
    """Take a cancellation back that waits."""
    here = visit(request)
    try:
        number = UUID((await form(request, here)).get("request", ""))
    except ValueError:
        raise NotOurForm from None
    await system(request).revoke_request(here.session, number)
    return go(here, "/privacy?done=taken_back")


@router.post("/cancel")
async def cancel(request: Request) -> Response:
    """Cancel for good and show the first stage of the erasure, or say until when it can be taken back."""
    here, troth = visit(request), system(request)
    if (await form(request, here)).get("understood") != "yes":
        raise NotOurForm
    offer = await troth.cancel(here.session)
    done = await troth.confirm_cancel(here.session, offer.confirm)
    if isinstance(done, CancelWaits):
        me = await troth.me(here.session)
        return page(here, "cancel_waits.html", me=me, until=done.until, request=done.request)
    progress = await troth.farewell(done.farewell)
    gone = here.signed_out()
    response = page(
        gone, "farewell.html", problem=None, progress=progress, farewell=done.farewell, fresh=True
    )
    gone.forget(response)
    return response
