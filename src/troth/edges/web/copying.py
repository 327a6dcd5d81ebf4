"""The copy of everything: a page that says what it is, and the copy itself as one stream, kept nowhere.

For people as a page to read, for programs as lines; both are the same copy, made anew for whoever asks.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from troth.edges.web import called, readable
from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import page
from troth.edges.web.visit import form, visit

if TYPE_CHECKING:
    from troth.app.wiring import Troth
    from troth.edges.web.visit import Visit

router = APIRouter(prefix="/privacy", include_in_schema=False)
_TO_READ = "page"


@router.get("/copy")
async def about(request: Request) -> Response:
    """Say what the copy is."""
    here = visit(request)
    return page(here, "copy.html", me=await system(request).me(here.session))


@router.post("/copy")
async def copy(request: Request) -> Response:
    """Stream the copy as a download. Its last line says how many came before: else it was cut short."""
    here, troth = visit(request), system(request)
    to_read = (await form(request, here)).get("as") == _TO_READ
    if to_read:
        content = readable.pieces(await troth.copy(here.session), here.words, await _called(troth, here))
        return _download(content, "my-data.html", "text/html; charset=utf-8")
    lines = await troth.copy(here.session)
    return _download(_encoded(lines), "my-data.ndjson", "application/x-ndjson")


async def _called(troth: Troth, here: Visit) -> readable.Called:
    """Return what everything that a copy names is called."""
    me, t = await troth.me(here.session), here.words
    return readable.Called(
        functions=titles(me, t),
        recipients={
            each.recipient: t.pick(each.title, each.recipient)
            for each in await troth.may_receive(here.session)
        },
        devices=called.by_id(me, t),
    )


async def _encoded(lines: AsyncIterator[Mapping[str, object]]) -> AsyncIterator[bytes]:
    async for line in lines:
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _download(content: AsyncIterator[bytes], name: str, kind: str) -> Response:
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, 200, disposition, media_type=kind)
