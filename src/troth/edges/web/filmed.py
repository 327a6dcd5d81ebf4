"""Films, sound and pictures: listed by day with what was seen in them, played by range, deleted.

A list says when each was made, how long it is and by which camera, and what an alert or a till points at. No
film is opened before somebody presses play.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from troth.app.films import line
from troth.app.ranges import ENDINGS, OUTSIDE
from troth.app.ranges import part as part_of
from troth.edges.web import called
from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import go, page
from troth.edges.web.seen import FILMED, running, seen
from troth.edges.web.visit import form, visit
from troth.terms import RecordId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from troth.edges.web.seen import Seen

router = APIRouter(prefix="/privacy/films", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Pointed:
    """What points at a film: an alert or a flag of the till, of which moment, and where it is told."""

    what: str
    at: datetime
    href: str


@router.get("")
async def films(request: Request, before: date | None = None, done: str = "") -> Response:
    """List the newest days with films, or those before one; nothing is opened."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    roll = await troth.films(here.session, before)
    days = [(day, tuple(found)) for day, found in groupby(roll.films, key=lambda each: each.day)]
    asked = running(me) & FILMED
    told = [(day, await seen(troth, here.session, asked, day)) for day, _ in days] if asked else []
    return page(
        here,
        "films.html",
        me=me,
        days=days,
        older=roll.before,
        newest=before is None,
        pointed=_pointed(told),
        names=called.devices(me, here.words),
        titles=titles(me, here.words),
        said=here.words("done_deleted") if done == "deleted" else None,
    )


@router.get("/{media}")
async def film(request: Request, media: UUID) -> Response:
    """Show one of them, to be played."""
    here, troth = visit(request), system(request)
    opened = await troth.read_media(here.session, RecordId(media))
    kind = str(opened.told.get("type", ""))
    me = await troth.me(here.session)
    return page(
        here,
        "film.html",
        me=me,
        film=line(opened),
        kind=kind if kind in ENDINGS else "",
        names=called.devices(me, here.words),
    )


@router.get("/{media}/bytes")
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


@router.post("/{media}/delete")
async def forget(request: Request, media: UUID) -> Response:
    """Delete one of them: nobody opens it from now on."""
    here = visit(request)
    await form(request, here)
    await system(request).forget_media(here.session, RecordId(media))
    return go(here, "/privacy/films?done=deleted")


def _pointed(days: Iterable[tuple[date, Seen]]) -> Mapping[RecordId, list[Pointed]]:
    """Return what points at each film."""
    found: defaultdict[RecordId, list[Pointed]] = defaultdict(list)
    for day, what in days:
        for media, one in _points(day, what):
            if one not in found[media]:
                found[media].append(one)
    return found


def _points(day: date, what: Seen) -> Iterator[tuple[RecordId, Pointed]]:
    for alert in what.alerts.alerts if what.alerts else ():
        one = Pointed("alert", alert.at, f"/privacy/shop?day={day}#alerts")
        yield from ((media, one) for media in (alert.snapshot, alert.clip and alert.clip.media) if media)
    for till in what.tills:
        for flag in till.flags:
            if flag.clip:
                href = f"/privacy/shop/{till.function}?day={day}#f-{flag.flag}"
                yield flag.clip.media, Pointed("till", flag.rung.at, href)
