"""Who belongs to the staff: inviting, and ending it. For administrators."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, Place, place
from troth.subjects.desk import Invited
from troth.subjects.roles import DUTIES, Duty, Role

router = APIRouter(prefix="/desk/staff", include_in_schema=False, route_class=DeskRoute)
_INVITED = tuple(role for role in Role if role not in {Role.SERVICE, Role.MAKER})
"""Who comes to the desk; programs and the production line have tokens, from the command line."""


@router.get("")
async def everyone(request: Request) -> Response:
    """List who there is, and which role has which duty."""
    return await _shown(place(request))


@router.post("/invite")
async def invite(request: Request) -> Response:
    """Invite someone; the code is shown this once."""
    at = place(request)
    role = (await at.fields()).get("role", "")
    if role not in set(_INVITED):
        raise HTTPException(404)
    return await _shown(at, await at.troth.invite_colleague(at.token, Role(role)))


@router.post("/{colleague}/dismiss")
async def dismiss(request: Request, colleague: str) -> Response:
    """End someone's belonging to the staff."""
    at = place(request)
    await at.fields()
    try:
        found = UUID(colleague)
    except ValueError:
        raise HTTPException(404) from None
    await at.troth.dismiss(at.token, found)
    return at.go("/desk/staff")


async def _shown(at: Place, invited: Invited | None = None) -> Response:
    return at.page(
        "staff",
        await at.staff(),
        everyone=await at.troth.colleagues(at.token),
        roles=_INVITED,
        table=DUTIES,
        every_duty=list(Duty),
        invited=invited,
    )
