"""Routes to a person's own requests: asking, adding, agreeing to a fee, taking back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from troth.app.views import RequestLine
from troth.edges.api.answers import RequestShown
from troth.edges.api.bodies import Empty, Requesting, Telling
from troth.edges.api.caller import System, Token, Under
from troth.edges.api.me import Name
from troth.terms import FunctionName

router = APIRouter(prefix="/v1/me/requests", tags=["requests"])
parts = APIRouter(prefix="/v1/me", tags=["requests"])


@router.get("", summary="What I asked for")
async def requests(troth: System, token: Token) -> list[RequestShown]:
    """List my requests, by when each is answered, and what was answered."""
    return [_shown(one) for one in await troth.requests(token)]


@router.post("", status_code=201, summary="Ask for something")
async def request(troth: System, token: Token, body: Requesting, policy: Under) -> RequestShown:
    """Make a request, through a way that the policy names; cancelling has its own two steps."""
    return _shown(await troth.request(token, body.right, body.text, body.about, policy=policy))


@router.post("/{request}/more", summary="Add what was missing")
async def tell_more(troth: System, token: Token, request: UUID, body: Telling) -> RequestShown:
    """Add to a request, as an answer to what was asked."""
    return _shown(await troth.tell_more(token, request, body.text))


@router.post("/{request}/agree", summary="Agree to a fee")
async def agree(troth: System, token: Token, request: UUID, body: Empty) -> RequestShown:  # noqa: ARG001
    """Agree to what was quoted; without it nothing is done."""
    return _shown(await troth.agree_to_fee(token, request))


@router.post("/{request}/withdraw", summary="Take a request back")
async def withdraw(troth: System, token: Token, request: UUID, body: Empty) -> RequestShown:  # noqa: ARG001
    """Take it back; a cancellation that waits is as if it had never been asked for."""
    return _shown(await troth.revoke_request(token, request))


@parts.post("/functions/{function}/delete", summary="Delete what one function has")
async def delete_part(
    troth: System,
    token: Token,
    function: Name,
    body: Empty,  # noqa: ARG001
) -> RequestShown:
    """Delete all that a function holds of me, at once where the policy asks for no more proof."""
    return _shown(await troth.delete_part(token, FunctionName(function)))


def _shown(line: RequestLine) -> RequestShown:
    return RequestShown.model_validate(line, from_attributes=True)
