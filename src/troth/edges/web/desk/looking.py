"""A look at one person: for a purpose that a clause names for staff, or a request of theirs; on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, Place, place
from troth.terms import FunctionName, Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.app.views import StaffPurpose

router = APIRouter(prefix="/desk/look", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def blank(request: Request) -> Response:
    """Ask at whom, and what for."""
    at = place(request)
    return at.page("look", await at.staff(), purposes=await _purposes(at), seen=None)


@router.post("")
async def look(request: Request) -> Response:
    """Show what the purpose opens. The words of the form go into the ledger, its contact doesn't."""
    at = place(request)
    fields = await at.fields()
    function, _, purpose = fields.get("purpose", "").partition(" ")
    seen = await at.troth.look_up(
        at.token, fields.get("contact", "").strip(), FunctionName(function), Purpose(purpose)
    )
    return at.page("look", await at.staff(), purposes=await _purposes(at), seen=seen)


async def _purposes(at: Place) -> Sequence[StaffPurpose]:
    """Return the purposes that need no request of the person's: those are on the request's page."""
    return [each for each in await at.troth.staff_purposes(at.token) if not each.on_request]
