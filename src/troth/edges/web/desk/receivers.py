"""Who else has something: the register with its papers, what was handed on, and who owes a deletion."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, number, place
from troth.terms import PolicyName

router = APIRouter(prefix="/desk/receivers", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def receivers(request: Request) -> Response:
    """Show it all; people by opaque id."""
    at = place(request)
    return at.page(
        "receivers",
        await at.staff(),
        register=await at.troth.receivers(at.token),
        handed=await at.troth.handed_on(at.token),
        told=await at.troth.told_to_delete(at.token),
    )


@router.post("/acknowledged")
async def acknowledged(request: Request) -> Response:
    """Note that somebody has deleted what they had."""
    at = place(request)
    fields = await at.fields()
    await at.troth.acknowledge(at.token, number(fields.get("erasure", "")), fields.get("recipient", ""))
    return at.go("/desk/receivers#told")


@router.post("/{policy}/{receiver}/end")
async def end(request: Request, policy: str, receiver: str) -> Response:
    """Let nothing go to a receiver any more."""
    at = place(request)
    await at.fields()
    await at.troth.end_receiver(at.token, (PolicyName(policy), receiver))
    return at.go("/desk/receivers")
