"""The copy of everything: a page that says what it is, and the copy itself as one stream, kept nowhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from troth.edges.web.arrival import system
from troth.edges.web.render import page
from troth.edges.web.visit import form, visit

router = APIRouter(prefix="/privacy", include_in_schema=False)


@router.get("/copy")
async def about(request: Request) -> Response:
    """Say what the copy is."""
    here = visit(request)
    return page(here, "copy.html", me=await system(request).me(here.session))


@router.post("/copy")
async def copy(request: Request) -> Response:
    """Stream the copy as a download. Its last line says how many came before: else it was cut short."""
    here = visit(request)
    await form(request, here)
    lines = await system(request).copy(here.session)

    async def encoded() -> AsyncIterator[bytes]:
        async for line in lines:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    disposition = {"content-disposition": 'attachment; filename="my-data.ndjson"'}
    return StreamingResponse(encoded(), 200, disposition, media_type="application/x-ndjson")
