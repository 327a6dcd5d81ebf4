"""Routes of a signed-in person: what stands, choices, switches, devices, what functions give, rights."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic_core import PydanticCustomError

from troth.app.views import FunctionState, ItemState, Store, StoreHours, SwitchState
from troth.edges.api.bodies import (
    Binding,
    Choosing,
    Confirming,
    Empty,
    StoreBody,
    Switching,
    Withdrawing,
)
from troth.edges.api.caller import System, Token
from troth.terms import DeviceId, FunctionName, ItemName, SwitchName

router = APIRouter(prefix="/v1/me", tags=["me"])

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _day(day: Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        problem = PydanticCustomError("day", "write a day as YYYY-MM-DD")
        raise RequestValidationError([{"type": problem.type, "loc": ("query", "day")}]) from None


Day = Annotated[date, Depends(_day)]


@router.get("", summary="What stands for me")
async def me(troth: System, token: Token) -> dict[str, object]:
    """Return functions with on/off and why, switches and devices."""
    seen = await troth.me(token)
    return {
        "account": str(seen.account),
        "policy": seen.policy,
        "version": seen.version,
        "functions": {state.function: _function(state) for state in seen.functions},
        "switches": {state.switch: _switch(state) for state in seen.switches},
        "devices": [
            {"device": str(line.device), "model": line.model, "bound": line.bound.isoformat()}
            for line in seen.devices
        ],
    }


def _function(state: FunctionState) -> dict[str, object]:
    return {
        "on": state.on,
        "why": state.why,
        "clause": state.clause,
        "starts": state.starts,
        "basis": state.basis,
        "effect": state.effect,
        "items": [_item(item) for item in state.items],
    }


def _item(state: ItemState) -> dict[str, object]:
    told: dict[str, object] = {"item": state.item, "need": state.need, "clause": state.clause}
    return told if state.chosen is None else told | {"chosen": state.chosen}


def _switch(state: SwitchState) -> dict[str, bool]:
    return {str(device) if device else "all": on for device, on in state.on.items()}


@router.post("/functions/{function}/choose", summary="Ask for a function, or consent to it")
async def choose(troth: System, token: Token, function: Name, body: Choosing) -> dict[str, str]:
    """Turn a function on; the receipt names the text that was shown."""
    item = ItemName(body.item) if body.item else None
    name = FunctionName(function)
    return {"receipt": await troth.choose(token, name, body.language, body.text_hash, item=item)}


@router.post("/functions/{function}/withdraw", summary="Take a choice or a consent back")
async def withdraw(troth: System, token: Token, function: Name, body: Withdrawing) -> dict[str, str]:
    """Turn a function off; everything else flows on."""
    item = ItemName(body.item) if body.item else None
    return {"receipt": await troth.withdraw(token, FunctionName(function), item=item)}


@router.put("/switches/{switch}", summary="Put a switch on or off")
async def switch(troth: System, token: Token, switch: Name, body: Switching) -> dict[str, str]:
    """Switch a stream, for one device or for the person."""
    device = DeviceId(body.device) if body.device else None
    return {"receipt": await troth.switch(token, SwitchName(switch), on=body.on, device=device)}


@router.post("/devices", status_code=201, summary="Bind a device")
async def bind(troth: System, token: Token, body: Binding) -> dict[str, str]:
    """Bind by serial and code; the secret is shown this once."""
    bound = await troth.bind(
        token, serial=body.serial, code=body.code, mac=body.mac, model=body.model, ip=body.ip
    )
    return {
        "device": str(bound.device),
        "token": bound.token,
        "secret": bound.secret,
        "up": f"up/{bound.token}/",
        "down": f"down/{bound.token}/",
    }


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
async def footfall(troth: System, token: Token, day: Day) -> dict[str, object]:
    """Count line crossings of one local day."""
    seen = await troth.footfall(token, day)
    hours = [{"hour": h.hour, "in": h.came_in, "out": h.went_out} for h in seen.hours]
    return {"day": seen.day.isoformat(), "clause": seen.clause, "hours": hours}


@router.get("/alerts", summary="Motion outside business hours")
async def alerts(troth: System, token: Token, day: Day) -> dict[str, object]:
    """List alerts of one local day."""
    seen = await troth.alerts(token, day)
    lines = [
        {"at": alert.at.isoformat(), "device": str(alert.device) if alert.device else None}
        for alert in seen.alerts
    ]
    return {"day": seen.day.isoformat(), "clause": seen.clause, "alerts": lines}


@router.get("/copy", summary="Everything that is held about me")
async def copy(troth: System, token: Token) -> StreamingResponse:
    """Stream a complete copy, one JSON value a line, without writing it anywhere."""
    lines = await troth.copy(token)

    async def encoded() -> AsyncIterator[bytes]:
        async for line in lines:
            yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return StreamingResponse(
        encoded(),
        media_type="application/x-ndjson",
        headers={"content-disposition": 'attachment; filename="copy.ndjson"'},
    )


@router.post("/cancel", summary="Begin to cancel")
async def cancel(troth: System, token: Token, body: Empty) -> dict[str, str]:  # noqa: ARG001
    """Offer the second step; nothing happens yet."""
    offer = await troth.cancel(token)
    warning = "cancelling is irreversible: every function stops and everything held about you is erased"
    return {"confirm": offer.confirm, "warning": warning, "clause": offer.clause or ""}


@router.post("/cancel/confirm", summary="Cancel for good")
async def confirm(troth: System, token: Token, body: Confirming) -> dict[str, str]:
    """Cancel; from now on everything about this account is refused."""
    done = await troth.confirm_cancel(token, body.confirm)
    return {"erasure": str(done.erasure), "farewell": done.farewell}


@router.get("/receipts", summary="My receipts")
async def receipts(troth: System, token: Token) -> list[dict[str, str]]:
    """List the receipts of everything I accepted, chose or took back."""
    return [
        {"entry": str(r.entry), "kind": r.kind, "at": r.at.isoformat(), "receipt": r.receipt}
        for r in await troth.receipts(token)
    ]
