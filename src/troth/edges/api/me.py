"""Routes of a signed-in person: what stands, choices, switches, devices, what functions give, rights."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse

from troth.app.views import CancelWaits, DeviceTold, FunctionState, Store, StoreHours, SwitchState
from troth.edges.api.answers import (
    CancelDone,
    CancelOffered,
    DeviceBound,
    DeviceLinked,
    DeviceShown,
    FunctionShown,
    ItemShown,
    MeShown,
    ReceiptGiven,
    ReceiptShown,
)
from troth.edges.api.answers_shop import AlertShown, AlertsShown, FootfallShown, HourShown
from troth.edges.api.bodies import (
    Binding,
    Choosing,
    Confirming,
    DeviceTelling,
    Empty,
    StoreBody,
    Switching,
    Withdrawing,
)
from troth.edges.api.caller import System, Token, Under
from troth.terms import DeviceId, FunctionName, ItemName, SwitchName

router = APIRouter(prefix="/v1/me", tags=["me"])

_FIRST, _LAST = date(1970, 1, 1), date(9999, 12, 30)
"""Days with a midnight before and after them in every zone."""
_AT_ONCE = "cancelling is irreversible: every function stops and everything held about you is erased"
_WAITS = (
    "cancelling can be taken back until it takes effect, and not after: then every function stops and "
    "everything held about you is erased"
)
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _day(day: Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        found = date.min
    if not _FIRST <= found <= _LAST:
        raise RequestValidationError([{"type": "day", "loc": ("query", "day")}])
    return found


class Lines(StreamingResponse):
    """One JSON value a line."""

    media_type = "application/x-ndjson"


Day = Annotated[date, Depends(_day)]


@router.get("", summary="What stands for me")
async def me(troth: System, token: Token, policy: Under) -> MeShown:
    """Return functions with on/off and why, switches and devices."""
    seen = await troth.me(token, policy)
    return MeShown(
        account=seen.account,
        policy=seen.policy,
        version=seen.version,
        functions={state.function: _function(state) for state in seen.functions},
        switches={state.switch: _switch(state) for state in seen.switches},
        devices=tuple(
            DeviceShown(
                device=line.device, model=line.model, bound=line.bound, kind=line.kind, seen_by=line.seen_by
            )
            for line in seen.devices
        ),
    )


def _function(state: FunctionState) -> FunctionShown:
    return FunctionShown(
        on=state.on,
        why=state.why,
        lacks=tuple(one.label for one in state.lacks),
        clause=state.clause,
        starts=state.starts,
        basis=state.basis,
        effect=state.effect,
        items=tuple(
            ItemShown(item=one.item, need=one.need, clause=one.clause, chosen=one.chosen)
            for one in state.items
        ),
    )


def told(body: DeviceTelling, kind: str = "") -> DeviceTold:
    """Return what was told of a device, in terms."""
    return DeviceTold(
        kind=kind,
        model=body.model,
        mac=body.mac,
        serial=body.serial,
        ip=body.ip,
        store_name=body.store.store_name if body.store else "",
        store_address=body.store.store_address if body.store else "",
        seen_by=DeviceId(body.seen_by) if body.seen_by else None,
    )


def _switch(state: SwitchState) -> dict[str, bool]:
    return {str(device) if device else "all": on for device, on in state.on.items()}


@router.post("/functions/{function}/choose", summary="Ask for a function, or consent to it")
async def choose(troth: System, token: Token, function: Name, body: Choosing, policy: Under) -> ReceiptGiven:
    """Turn a function on; the receipt names the text that was shown."""
    item = ItemName(body.item) if body.item else None
    name = FunctionName(function)
    done = await troth.choose(token, name, body.language, body.text_hash, item=item, policy=policy)
    return ReceiptGiven(receipt=done)


@router.post("/functions/{function}/withdraw", summary="Take a choice or a consent back")
async def withdraw(
    troth: System, token: Token, function: Name, body: Withdrawing, policy: Under
) -> ReceiptGiven:
    """Turn a function off; everything else flows on."""
    item = ItemName(body.item) if body.item else None
    done = await troth.withdraw(token, FunctionName(function), item=item, policy=policy)
    return ReceiptGiven(receipt=done)


@router.put("/switches/{switch}", summary="Put a switch on or off")
async def switch(troth: System, token: Token, switch: Name, body: Switching, policy: Under) -> ReceiptGiven:
    """Switch a stream, for one device or for the person."""
    device = DeviceId(body.device) if body.device else None
    done = await troth.switch(token, SwitchName(switch), on=body.on, device=device, policy=policy)
    return ReceiptGiven(receipt=done)


@router.post("/devices", status_code=201, summary="Bind a device")
async def bind(troth: System, token: Token, body: Binding, policy: Under) -> DeviceBound:
    """Bind by serial and code; the secret is shown this once.

    A till says in which store it stands, and which of your cameras sees it.
    """
    bound = await troth.bind(token, body.code, told(body, body.kind), policy=policy)
    return DeviceBound(
        device=bound.device,
        token=bound.token,
        secret=bound.secret,
        up=f"up/{bound.token}/",
        down=f"down/{bound.token}/",
    )


@router.put("/devices/{device}", summary="Tell again of a device")
async def link(troth: System, token: Token, device: UUID, body: DeviceTelling) -> DeviceLinked:
    """Tell what a device is and where it stands, for the functions that you chose since you bound it."""
    having = await troth.link_device(token, DeviceId(device), told(body))
    return DeviceLinked(functions=tuple(sorted(having)))


@router.delete("/devices/{device}", status_code=204, summary="Give a device up")
async def unbind(troth: System, token: Token, device: UUID) -> None:
    """Release a device: its token dies and its identifiers go; what it measured stays."""
    await troth.unbind(token, DeviceId(device))


@router.put("/store", status_code=204, summary="Link the shop")
async def store(troth: System, token: Token, body: StoreBody) -> None:
    """Put the shop's name, address and hours on file, for the functions that need them."""
    hours = StoreHours(body.business_hours.opens, body.business_hours.closes)
    await troth.link_store(token, Store(body.store_name, body.store_address, hours))


@router.get("/footfall", summary="Who came and went, per hour")
async def footfall(troth: System, token: Token, day: Day) -> FootfallShown:
    """Count line crossings of one local day."""
    seen = await troth.footfall(token, day)
    hours = tuple(
        HourShown.model_validate({"hour": hour.hour, "in": hour.came_in, "out": hour.went_out})
        for hour in seen.hours
    )
    return FootfallShown(day=seen.day, clause=seen.clause, hours=hours)


@router.get("/alerts", summary="Motion outside business hours")
async def alerts(troth: System, token: Token, day: Day) -> AlertsShown:
    """List alerts of one local day."""
    seen = await troth.alerts(token, day)
    lines = tuple(AlertShown.model_validate(asdict(alert)) for alert in seen.alerts)
    return AlertsShown(day=seen.day, clause=seen.clause, alerts=lines)


@router.get("/copy", summary="Everything that is held about me", response_class=Lines)
async def copy(troth: System, token: Token) -> StreamingResponse:
    """Stream a complete copy, one JSON value a line, without writing it anywhere."""
    lines = await troth.copy(token)

    async def encoded() -> AsyncIterator[bytes]:
        async for line in lines:
            yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return Lines(encoded(), headers={"content-disposition": 'attachment; filename="copy.ndjson"'})


@router.post("/cancel", summary="Begin to cancel")
async def cancel(troth: System, token: Token, body: Empty) -> CancelOffered:  # noqa: ARG001
    """Offer the second step; nothing happens yet."""
    offer = await troth.cancel(token)
    warning = _WAITS if offer.revocable else _AT_ONCE
    return CancelOffered(
        confirm=offer.confirm, warning=warning, clause=offer.clause, revocable=offer.revocable
    )


@router.post("/cancel/confirm", summary="Cancel for good")
async def confirm(troth: System, token: Token, body: Confirming) -> CancelDone:
    """Cancel; from now on everything about this account is refused, or it waits as the policy says."""
    done = await troth.confirm_cancel(token, body.confirm)
    if isinstance(done, CancelWaits):
        return CancelDone(request=done.request, takes_effect=done.until, clause=done.clause)
    return CancelDone(erasure=done.erasure, farewell=done.farewell)


@router.get("/receipts", summary="My receipts")
async def receipts(troth: System, token: Token) -> list[ReceiptShown]:
    """List the receipts of everything I accepted, chose or took back."""
    return [
        ReceiptShown(entry=one.entry, kind=one.kind, at=one.at, receipt=one.receipt)
        for one in await troth.receipts(token)
    ]
