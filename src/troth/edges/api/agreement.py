"""Routes to the agreement itself: a new version is accepted, or a person goes on without accepting it."""

from __future__ import annotations

from fastapi import APIRouter

from troth.edges.api.answers import ReceiptGiven
from troth.edges.api.bodies import Agreeing
from troth.edges.api.caller import System, Token
from troth.terms import PolicyName

router = APIRouter(prefix="/v1/me/policies", tags=["me"])


@router.post("/{name}/accept", summary="Accept the version in force")
async def accept(troth: System, token: Token, name: str, body: Agreeing) -> ReceiptGiven:
    """Agree to the very text that was shown; what it newly offers waits to be chosen."""
    done = await troth.accept(token, PolicyName(name), body.version, body.language, body.text_hash)
    return ReceiptGiven(receipt=done)


@router.post("/{name}/continue", summary="Go on after a new version was shown")
async def go_on(troth: System, token: Token, name: str, body: Agreeing) -> ReceiptGiven:
    """Go on without accepting, where the accepted version says what that means: both bind, nothing widens."""
    done = await troth.go_on(token, PolicyName(name), body.version, body.language, body.text_hash)
    return ReceiptGiven(receipt=done)
