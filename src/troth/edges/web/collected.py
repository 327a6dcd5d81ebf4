"""What was collected, day by day; films and pictures, played by range; who got what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from troth.app.ranges import ENDINGS, OUTSIDE
from troth.app.ranges import part as part_of
from troth.edges.web.arrival import system
from troth.edges.web.render import go, page, part
from troth.edges.web.visit import form, visit
from troth.terms import FunctionName, RecordId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from troth.app.views import Me
    from troth.edges.web.words import Words
    from troth.terms import ItemName

router = APIRouter(prefix="/privacy", include_in_schema=False)
_TURNS = {"allow": True, "deny": False}
_SAID = {"allow": "done_allowed", "deny": "done_forbidden"}


@router.get("/collected")
async def collected(request: Request, before: date | None = None) -> Response:
    """Show the newest days, or those before one."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    line = await troth.collected(here.session, before)
    values: dict[str, Any] = {"me": me, "line": line, "titles": titles(me, here.words), "together": together}
    if here.partial:
        return part(here, "parts/days.html", **values)
    return page(here, "collected.html", older=before is not None, **values)


@router.get("/films")
async def films(request: Request, done: str = "") -> Response:
    """List films, sound and pictures; nothing is opened."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    held = sorted(await troth.held_media(here.session), key=lambda each: each.day, reverse=True)
    said = here.words("done_deleted") if done == "deleted" else None
    return page(here, "films.html", me=me, held=held, titles=titles(me, here.words), said=said)


@router.get("/films/{media}")
async def film(request: Request, media: UUID) -> Response:
    """Show one of them, to be played."""
    here, troth = visit(request), system(request)
    opened = await troth.read_media(here.session, RecordId(media))
    kind = str(opened.told.get("type", ""))
    me = await troth.me(here.session)
    return page(here, "film.html", me=me, held=opened.held, kind=kind if kind in ENDINGS else "")


@router.get("/films/{media}/bytes")
async def film_bytes(request: Request, media: UUID) -> Response:
    """Stream it, or the range of it that the player wants."""
    here = visit(request)
    opened = await system(request).read_media(here.session, RecordId(media))
    kind = str(opened.told.get("type", ""))
    known = kind in ENDINGS
    asked = part_of(media, opened.held.size, request.headers)
    headers = dict(asked.headers)
    if asked.status == OUTSIDE:
        return Response(b"", OUTSIDE, headers)
    name = f"{media.hex}{ENDINGS.get(kind, '')}"
    headers["content-disposition"] = f'{"inline" if known else "attachment"}; filename="{name}"'
    content = opened.read(asked.first, asked.end)
    return StreamingResponse(
        content, asked.status, headers, media_type=kind if known else "application/octet-stream"
    )


@router.post("/films/{media}/delete")
async def forget(request: Request, media: UUID) -> Response:
    """Delete one of them: nobody opens it from now on."""
    here = visit(request)
    await form(request, here)
    await system(request).forget_media(here.session, RecordId(media))
    return go(here, "/privacy/films?done=deleted")


@router.get("/given")
async def given(request: Request, done: str = "") -> Response:
    """Show who got what, and who may get something."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    may = await troth.may_receive(here.session)
    names = {each.recipient: here.words.pick(each.title, each.recipient) for each in may}
    return page(
        here,
        "given.html",
        me=me,
        given=await troth.given(here.session),
        openings=await troth.openings(here.session),
        kept=await troth.kept_by_law(here.session),
        choices=await troth.receivers_of_mine(here.session),
        said=here.words(_SAID[done]) if done in _SAID else None,
        may=may,
        names=names,
        titles=titles(me, here.words),
    )


@router.post("/receivers/{receiver}")
async def allow(request: Request, receiver: str) -> Response:
    """Let a receiver on the register have something, or no longer, where that is theirs to say."""
    here, troth = visit(request), system(request)
    turn = (await form(request, here)).get("turn")
    lines = await troth.receivers_of_mine(here.session)
    found = next((line for line in lines if line.receiver == receiver and line.asks), None)
    if found is None or turn not in _TURNS:
        raise HTTPException(404)
    await troth.allow_receiver(
        here.session, receiver, found.purpose, allowed=_TURNS[turn], separate=found.separate
    )
    return go(here, f"/privacy/given?done={turn}#r-{receiver}")


def together(
    put: Iterable[tuple[FunctionName, ItemName]],
) -> Sequence[tuple[Sequence[ItemName], Sequence[FunctionName]]]:
    """Say once what was put on file for several functions: items, with all the functions that have them."""
    holders: dict[ItemName, list[FunctionName]] = {}
    for function, item in put:
        holders.setdefault(item, []).append(function)
    alike: dict[tuple[FunctionName, ...], list[ItemName]] = {}
    for item, functions in holders.items():
        alike.setdefault(tuple(functions), []).append(item)
    return [(items, functions) for functions, items in alike.items()]


def titles(me: Me, t: Words) -> dict[FunctionName, str]:
    """Return what each function is called."""
    return {state.function: t.pick(state.title, state.function) for state in me.functions}
