"""Routes for media: bytes in as they come, bytes out whole or by range, never all of them in memory.

An upload's body is the object itself; what it is stands in the headers. In the address there is a function,
an item or an opaque id, nothing else.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from troth.app.doors.media import Coming
from troth.app.ranges import ENDINGS, OUTSIDE, part
from troth.edges.api.answers import MediaLine, MediaShown, MediaStored
from troth.edges.api.bodies import OpeningMedia, Using, Word, moment
from troth.edges.api.caller import Prover, System, Token
from troth.edges.api.problems import PROBLEM, problem
from troth.edges.api.records import giving, service_ask
from troth.subjects.media import Arriving
from troth.terms import FunctionName, ItemName, RecordId, TrothError, Verb
from troth.vault.media import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.vault.media import Held, Opened

router = APIRouter(prefix="/v1")
PATIENCE_S = 60.0
"""How long a sender may send nothing in the middle of an upload."""
_LENGTH = re.compile(r"[0-9]{1,18}")
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"*/*": {}}}}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {}}},
    206: {"content": {"*/*": {}}},
    416: {"content": {PROBLEM: {}}},
}


class BrokenOff(TrothError):
    """the upload ended, or stood still, before it was whole: nothing of it is kept; begin it anew"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An upload as its headers announce it, and its body as it comes."""

    kind: str
    measured: datetime | None
    seconds: float | None
    of: RecordId | None
    size: int | None
    content: AsyncIterator[bytes]

    def coming(self, function: str, item: str) -> Coming:
        """Return it in terms."""
        arriving = Arriving(
            item=ItemName(item), kind=self.kind, measured=self.measured, seconds=self.seconds, of=self.of
        )
        return Coming(function=FunctionName(function), arriving=arriving, size=self.size)


def _sending(
    request: Request,
    measured: Annotated[str | None, Header(alias="Troth-Measured")] = None,
    seconds: Annotated[float | None, Header(alias="Troth-Seconds", ge=0, le=86_400)] = None,
    of: Annotated[UUID | None, Query()] = None,
) -> Sending:
    try:
        at = None if measured is None else moment(measured)
    except ValueError:
        raise RequestValidationError([{"type": "moment", "loc": ("header", "Troth-Measured")}]) from None
    size = request.headers.get("content-length", "")
    return Sending(
        kind=request.headers.get("content-type", "").partition(";")[0].strip().lower(),
        measured=at,
        seconds=seconds,
        of=None if of is None else RecordId(of),
        size=int(size) if _LENGTH.fullmatch(size) else None,
        content=_content(request),
    )


Sent = Annotated[Sending, Depends(_sending)]


@router.get("/me/media", tags=["media"], summary="My pictures, sound and films")
async def held(troth: System, token: Token) -> MediaShown:
    """List what is held; nothing is opened."""
    return _shown(await troth.held_media(token))


@router.post(
    "/me/functions/{function}/media/{item}",
    tags=["media"],
    summary="Give a picture, a sound or a film",
    status_code=201,
    openapi_extra=_BODY,
    max_body_size=LARGEST + 1,
)
async def upload(troth: System, token: Token, function: Word, item: Word, sent: Sent) -> MediaStored:
    """Store the body as one object, of the type in `Content-Type`; with `of`, as a thumbnail of another.

    `Troth-Measured` says when it was made, `Troth-Seconds` how long it lasts. The policy is asked before the
    first byte is stored, and again when it is whole.
    """
    coming = sent.coming(function, item)
    return MediaStored(media=await troth.upload_media(token, coming, sent.content))


@router.get("/me/media/{media}", tags=["media"], summary="See one of them", response_class=StreamingResponse,
            responses=_BYTES)  # fmt: skip
async def read(troth: System, token: Token, media: UUID, request: Request) -> Response:
    """Stream an object, whole or the one range of bytes that `Range` names (`If-Range` is honoured)."""
    return _answer(await troth.read_media(token, RecordId(media)), request.headers)


@router.delete("/me/media/{media}", tags=["media"], summary="Delete one of them", status_code=204)
async def forget(troth: System, token: Token, media: UUID) -> None:
    """Delete an object with its thumbnails: nobody opens it from now on, and its bytes are swept."""
    await troth.forget_media(token, RecordId(media))


@router.post(
    "/device/functions/{function}/media/{item}",
    tags=["device"],
    summary="Send what a device made",
    status_code=201,
    openapi_extra=_BODY,
    max_body_size=LARGEST + 1,
)
async def send(troth: System, prover: Prover, function: Word, item: Word, sent: Sent) -> MediaStored:
    """Store the body as one object of the device's owner. The bearer is `TOKEN.SECRET`, as it was bound.

    Otherwise as when a person gives it.
    """
    coming = sent.coming(function, item)
    return MediaStored(media=await troth.upload_from_device(*prover, coming, sent.content))


@router.post("/service/media", tags=["service"], summary="List media of one person")
async def listed(troth: System, token: Token, body: Using) -> MediaShown:
    """List what the policy lets a service, or the maker's people, see for this purpose."""
    return _shown(await troth.media_of(token, service_ask(body, body.items)))


@router.post("/service/media/{media}", tags=["service"], summary="Open media of one person",
             response_class=StreamingResponse, responses=_BYTES)  # fmt: skip
async def hand_out(
    troth: System, token: Token, media: UUID, body: OpeningMedia, request: Request
) -> Response:
    """Stream what the policy lets be used, shared or disclosed; every opening lands in the ledger."""
    opened = await troth.hand_out_media(token, Verb(body.verb), giving(body), RecordId(media))
    return _answer(opened, request.headers)


async def _content(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes. Raises `BrokenOff`."""
    parts = request.stream()
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except (ClientDisconnect, TimeoutError):
            raise BrokenOff from None
        yield part


def _answer(opened: Opened, headers: Mapping[str, str]) -> Response:
    held, kind = opened.held, str(opened.told.get("type", ""))
    if kind not in ENDINGS:
        kind = "application/octet-stream"
    asked = part(held.record, held.size, headers)
    if asked.status == OUTSIDE:
        refused = problem(416, "no byte of it is in this range", reason="range_not_satisfiable")
        refused.headers.update(asked.headers)
        return refused
    name = f"{held.record.hex}{ENDINGS.get(kind, '')}"
    shown = {**asked.headers, "content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(opened.read(asked.first, asked.end), asked.status, shown, media_type=kind)


def _shown(held: tuple[Held, ...]) -> MediaShown:
    return MediaShown(
        media=tuple(
            MediaLine(
                media=one.record,
                function=one.function.partition("/")[2],
                item=one.item,
                day=one.day,
                bytes=one.size,
            )
            for one in held
        )
    )
