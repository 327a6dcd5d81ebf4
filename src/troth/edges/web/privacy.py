"""Pages of a signed-in person: what is collected and why, choices, switches, copy, receipts, cancel."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from troth.app.views import CancelWaits
from troth.edges.web.arrival import system
from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, form, visit
from troth.terms import DeviceId, FunctionName, ItemName, SwitchName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.app.views import Me, ReceiptLine
    from troth.edges.web.words import Words

router = APIRouter(prefix="/privacy", include_in_schema=False)
_NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DONE = {"on": "done_on", "off": "done_off"}


@dataclass(frozen=True, slots=True)
class _SwitchRow:
    switch: str
    name: str
    place: str
    clause: str
    device: DeviceId | None
    on: bool


@router.get("")
async def privacy(request: Request, done: str = "") -> Response:
    """Show everything that stands for this person."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    notice = troth.notice(me.policy, here.words.language)
    return page(
        here,
        "privacy.html",
        me=me,
        title=notice.title,
        hash=notice.text_hash,
        switches=_switches(me, here.words),
        notices=[one for one in await troth.notices(here.session, here.words.language) if not one.seen],
        done=_DONE.get(done),
    )


def _switches(me: Me, t: Words) -> Sequence[_SwitchRow]:
    titles = {state.function: t.pick(state.title, state.function) for state in me.functions}
    models = {line.device: line.model for line in me.devices}
    rows: list[_SwitchRow] = []
    for state in me.switches:
        name = " · ".join(titles.get(function, function) for function in state.functions)
        for device, on in state.on.items():
            place = models.get(device, str(device)) if device else t("switch_everything")
            rows.append(_SwitchRow(state.switch, name, place, state.clause, device, on))
    return rows


@router.post("/functions/{function}")
async def choose(request: Request, function: str) -> Response:
    """Turn a function, or one optional item of it, on or off."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    item = ItemName(fields["item"]) if fields.get("item") else None
    name = FunctionName(function)
    if fields.get("turn") == "on":
        text_hash = fields.get("hash") or None
        await troth.choose(here.session, name, here.words.language, text_hash, item=item)
        return go(here, "/privacy?done=on")
    await troth.withdraw(here.session, name, item=item)
    return go(here, "/privacy?done=off")


@router.post("/switches/{switch}")
async def switch(request: Request, switch: str) -> Response:
    """Put a switch on or off."""
    here = visit(request)
    fields = await form(request, here)
    on = fields.get("turn") == "on"
    try:
        device = DeviceId(UUID(fields["device"])) if fields.get("device") else None
    except ValueError:
        raise NotOurForm from None
    await system(request).switch(here.session, SwitchName(switch), on=on, device=device)
    return go(here, "/privacy?done=" + ("on" if on else "off"))


@router.post("/notices/{matter}")
async def seen(request: Request, matter: UUID) -> Response:
    """Note that a notice was seen; it is not put before them again."""
    here = visit(request)
    await form(request, here)
    await system(request).see_notice(here.session, matter, here.words.language)
    return go(here, "/privacy")


@router.post("/copy")
async def copy(request: Request) -> Response:
    """Stream the copy as a download."""
    here = visit(request)
    await form(request, here)
    lines = await system(request).copy(here.session)

    async def encoded() -> AsyncIterator[bytes]:
        async for line in lines:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    disposition = {"content-disposition": 'attachment; filename="my-data.ndjson"'}
    return StreamingResponse(encoded(), 200, disposition, media_type="application/x-ndjson")


@router.get("/receipts")
async def receipts(request: Request) -> Response:
    """List what was accepted, chosen and taken back, with the signed texts."""
    here, troth = visit(request), system(request)
    lines = await troth.receipts(here.session)
    me = await troth.me(here.session)
    return page(here, "receipts.html", receipts=[(line, _about(line, me, here.words)) for line in lines])


def _about(line: ReceiptLine, me: Me, t: Words) -> str:
    """Return what a receipt is about, as the privacy page calls it; nothing for the policy as a whole."""
    titles = {state.function: t.pick(state.title, state.function) for state in me.functions}
    if line.function is not None:
        return titles.get(line.function, line.function)
    moved = [function for state in me.switches if state.switch == line.switch for function in state.functions]
    return " · ".join(titles.get(function, function) for function in moved)


@router.get("/cancel")
async def cancel_form(request: Request) -> Response:
    """Say what cancelling means; nothing happens yet."""
    here = visit(request)
    await system(request).me(here.session)
    return page(here, "cancel.html")


@router.post("/cancel/take-back")
async def take_back(request: Request) -> Response:
    """Take a cancellation back that waits."""
    here = visit(request)
    number = (await form(request, here)).get("request", "")
    if not _NUMBER.fullmatch(number):
        raise NotOurForm
    await system(request).revoke_request(here.session, UUID(number))
    return go(here, "/privacy")


@router.post("/cancel")
async def cancel(request: Request) -> Response:
    """Cancel for good and show the first stage of the erasure."""
    here, troth = visit(request), system(request)
    if (await form(request, here)).get("understood") != "yes":
        raise NotOurForm
    offer = await troth.cancel(here.session)
    done = await troth.confirm_cancel(here.session, offer.confirm)
    if isinstance(done, CancelWaits):
        return page(here, "cancel_waits.html", until=done.until, request=done.request)
    progress = await troth.farewell(done.farewell)
    gone = here.signed_out()
    response = page(
        gone, "farewell.html", problem=None, progress=progress, farewell=done.farewell, fresh=True
    )
    gone.forget(response)
    return response
