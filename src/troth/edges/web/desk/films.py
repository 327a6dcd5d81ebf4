"""Films that are closed to us: opened on a ground that a clause names alone, with its paper, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from troth.app.ranges import ENDINGS
from troth.edges.web.desk.place import DeskRoute, Place, number, paper, place
from troth.terms import RecordId, Reference, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.doors.records import ServiceAsk
    from troth.app.views import ClosedItem

router = APIRouter(prefix="/desk/films", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def blank(request: Request) -> Response:
    """Ask whose, and on which paper."""
    at = place(request)
    return at.page("films", await at.staff(), closed=await _closed(at), found=None, said_of={}, paper="")


@router.post("")
async def listed(request: Request) -> Response:
    """List them, or with the number of one hand it out."""
    at = place(request)
    fields = await at.fields()
    closed = await _closed(at)
    item, ground = _asked(closed, fields)
    document = str(paper(fields.get("document", "")))
    contact = fields.get("contact", "").strip()
    wanted = await at.troth.closed_ask(at.token, contact, item, Reference(ground, document))
    if fields.get("film"):
        return await _handed(at, wanted, RecordId(number(fields["film"])))
    found = await at.troth.media_of(at.token, wanted)
    said = {name: fields.get(name, "") for name in ("contact", "what")}
    return at.page("films", await at.staff(), closed=closed, found=found, said_of=said, paper=document)


async def _handed(at: Place, wanted: ServiceAsk, film: RecordId) -> Response:
    opened = await at.troth.hand_out_media(at.token, Verb.USE, wanted, film)
    kind = str(opened.told.get("type", ""))
    said = {"content-disposition": f'attachment; filename="{film.hex}{ENDINGS.get(kind, "")}"'}
    content = opened.read(0, opened.held.size)
    return StreamingResponse(content, 200, said, media_type="application/octet-stream")


async def _closed(at: Place) -> Mapping[str, tuple[ClosedItem, str]]:
    """Return each item that is closed, by each ground that opens it."""
    found = await at.troth.closed_items(at.token)
    return {
        f"{each.policy} {each.function} {each.item} {ground}": (each, ground)
        for each in found
        for ground in each.grounds
    }


def _asked(closed: Mapping[str, tuple[ClosedItem, str]], fields: Mapping[str, str]) -> tuple[ClosedItem, str]:
    found = closed.get(fields.get("what", ""))
    if found is None:
        raise HTTPException(404)
    return found
