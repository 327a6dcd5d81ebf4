"""A look at one person: for a purpose that a clause names for staff, or a request of theirs; on record."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, place
from troth.terms import FunctionName, Purpose, Reference

router = APIRouter(prefix="/desk/look", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def blank(request: Request) -> Response:
    """Ask at whom, and what for."""
    at = place(request)
    purposes = await at.troth.staff_purposes(at.token)
    return at.page("look", await at.staff(), purposes=purposes, seen=None)


@router.post("")
async def look(request: Request) -> Response:
    """Show what the purpose opens. The words of the form go into the ledger, its contact doesn't."""
    at = place(request)
    fields = await at.fields()
    function, _, purpose = fields.get("purpose", "").partition(" ")
    right, document = fields.get("right", ""), fields.get("request", "").strip()
    reference = Reference(right, document) if document and right else None
    purposes = await at.troth.staff_purposes(at.token)
    seen = await at.troth.look_up(
        at.token, fields.get("contact", "").strip(), FunctionName(function), Purpose(purpose), reference
    )
    return at.page("look", await at.staff(), purposes=purposes, seen=seen)
