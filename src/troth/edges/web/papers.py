"""Receipts of what was agreed to and taken back, and how to check them without asking us."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import page
from troth.edges.web.visit import visit

if TYPE_CHECKING:
    from troth.app.views import Me, ReceiptLine
    from troth.edges.web.words import Words

router = APIRouter(prefix="/privacy", include_in_schema=False)


@router.get("/receipts")
async def receipts(request: Request) -> Response:
    """List what was accepted, chosen and taken back, the newest first."""
    here, troth = visit(request), system(request)
    lines = await troth.receipts(here.session)
    me = await troth.me(here.session)
    told = [(line, _about(line, me, here.words)) for line in reversed(lines)]
    return page(here, "receipts.html", me=me, receipts=told, key=troth.ledger_key())


@router.get("/receipts/{entry}")
async def receipt(request: Request, entry: UUID) -> Response:
    """Hand out one signed text as a file."""
    here = visit(request)
    lines = await system(request).receipts(here.session)
    found = next((line for line in lines if line.entry == entry), None)
    if found is None:
        raise HTTPException(404)
    disposition = {"content-disposition": f'attachment; filename="receipt-{entry}.txt"'}
    return Response(found.receipt, 200, disposition, media_type="text/plain; charset=utf-8")


def _about(line: ReceiptLine, me: Me, t: Words) -> str:
    """Return what a receipt is about, as the pages call it; nothing for the policy as a whole."""
    named = titles(me, t)
    if line.function is not None:
        return named.get(line.function, line.function)
    moved = [function for state in me.switches if state.switch == line.switch for function in state.functions]
    return " · ".join(named.get(function, function) for function in moved)
