"""Where one adds what a function still lacks: the shop, a device, one's own word.

The forms go through the doors that an app has, and what they may keep is asked there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.app.views import DeviceTold, Store, StoreHours
from troth.devices.names import CAMERA, KINDS
from troth.devices.registry import NotYourDevice
from troth.devices.stock import AlreadyBound, UnfitSerial, WrongCode, WrongSerial
from troth.edges.web import called
from troth.edges.web.arrival import system
from troth.edges.web.missing import kinds
from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, form, visit
from troth.subjects.business_hours import BadBusinessHours
from troth.subjects.tries import TooManyTries
from troth.terms import Denied, DeviceId, FunctionName, TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.views import DeviceLine
    from troth.app.wiring import Troth
    from troth.edges.web.visit import Visit

router = APIRouter(prefix="/privacy", include_in_schema=False)
_LONGEST = {"store_name": 64, "store_address": 512}
_SHOP = ("store_name", "store_address")
_TELLING = ("serial", "model", "mac", "ip")
_PROBLEMS: Mapping[type[TrothError], str] = {
    WrongCode: "device_wrong_code",
    WrongSerial: "device_wrong_serial",
    UnfitSerial: "device_wrong_serial",
    AlreadyBound: "device_bound_already",
    TooManyTries: "too_many",
    NotYourDevice: "device_no_camera",
}


@router.post("/needs/{function}/{need}")
async def state(request: Request, function: str, need: str) -> Response:
    """Note that a need is met, on the person's word."""
    here = visit(request)
    await form(request, here)
    await system(request).state_need(here.session, FunctionName(function), need, met=True)
    return go(here, f"/privacy/uses?done=noted#{function}")


@router.get("/store")
async def store(request: Request) -> Response:
    """Ask for the shop: its name, its address, its hours."""
    here, troth = visit(request), system(request)
    return await _store(request, here, await _shop(troth, here.session))


@router.post("/store")
async def link_store(request: Request) -> Response:
    """Put it on file for every function that takes it and that they asked for."""
    here = visit(request)
    said = await form(request, here)
    try:
        hours = StoreHours(said.get("opens", ""), said.get("closes", ""))
        await system(request).link_store(here.session, Store(*_named(said), hours))
    except BadBusinessHours:
        return await _store(request, here, said, problem="store_hours_wrong", status=422)
    except Denied as denied:
        why = denied.decision.reason.value
        return await _store(request, here, said, problem="store_nobody", why=why, status=403)
    return go(here, "/privacy/uses?done=saved")


@router.get("/devices/add")
async def add(request: Request, kind: str = CAMERA) -> Response:
    """Ask for what is on the label of a new device."""
    here = visit(request)
    return await _form(request, here, kind, await _shop(system(request), here.session))


@router.post("/devices/add")
async def bind(request: Request) -> Response:
    """Make it theirs, and show this once what it proves itself with."""
    here, troth = visit(request), system(request)
    said = await form(request, here)
    kind = said.get("kind", "")
    try:
        bound = await troth.bind(here.session, said.get("code", ""), _told(kind, said))
    except (*_PROBLEMS, Denied) as refused:
        return await _form(request, here, kind, said, refused=refused)
    return page(here, "device_bound.html", me=await troth.me(here.session), bound=bound, kind=kind)


@router.get("/devices/{device}")
async def known(request: Request, device: UUID) -> Response:
    """Ask for the same of a device that is theirs, for functions that they asked for since."""
    here, troth = visit(request), system(request)
    line = await _line(troth, here.session, device)
    now = {"model": line.model, "seen_by": str(line.seen_by or "")}
    return await _form(request, here, line.kind, now | await _shop(troth, here.session), device=line.device)


@router.post("/devices/{device}")
async def tell(request: Request, device: UUID) -> Response:
    """Keep it for them."""
    here, troth = visit(request), system(request)
    said = await form(request, here)
    line = await _line(troth, here.session, device)
    try:
        await troth.link_device(here.session, line.device, _told(line.kind, said))
    except (*_PROBLEMS, Denied) as refused:
        return await _form(request, here, line.kind, said, device=line.device, refused=refused)
    return go(here, "/privacy/uses?done=saved#devices")


async def _line(troth: Troth, token: str, device: UUID) -> DeviceLine:
    found = next((line for line in (await troth.me(token)).devices if line.device == device), None)
    if found is None:
        raise HTTPException(404)
    return found


async def _shop(troth: Troth, token: str) -> dict[str, str]:
    """Return what is on file of the shop for any function, so that nobody types it twice."""
    found: dict[str, str] = {}
    for each in await troth.details(token):
        if each.value is not None and each.item in _SHOP:
            found.setdefault(each.item, str(each.value.get("value", "")))
        elif each.value is not None and each.item == "business_hours":
            found |= {name: str(each.value.get(name, "")) for name in ("opens", "closes")}
    return found


def _named(said: Mapping[str, str]) -> tuple[str, str]:
    name, address = (said.get(each, "").strip()[: _LONGEST[each]] for each in _SHOP)
    return name, address


def _told(kind: str, said: Mapping[str, str]) -> DeviceTold:
    if kind not in KINDS:
        raise NotOurForm
    name, address = _named(said)
    try:
        seen_by = DeviceId(UUID(said["seen_by"])) if said.get("seen_by") else None
    except ValueError:
        raise NotOurForm from None
    told = {each: said.get(each, "").strip() for each in _TELLING}
    return DeviceTold(kind=kind, store_name=name, store_address=address, seen_by=seen_by, **told)


async def _store(
    request: Request,
    here: Visit,
    now: Mapping[str, str],
    *,
    problem: str | None = None,
    why: str | None = None,
    status: int = 200,
) -> Response:
    me = await system(request).me(here.session)
    return page(here, "store.html", status, me=me, now=now, longest=_LONGEST, problem=problem, why=why)


async def _form(
    request: Request,
    here: Visit,
    kind: str,
    now: Mapping[str, str],
    *,
    device: DeviceId | None = None,
    refused: TrothError | None = None,
) -> Response:
    me = await system(request).me(here.session)
    if kind not in {each.name for each in kinds(me)}:
        raise HTTPException(404)
    names = called.devices(me, here.words)
    problem = _PROBLEMS.get(type(refused), "error_denied") if refused else None
    return page(
        here,
        "device.html",
        200 if refused is None else 403,
        me=me,
        kind=kind,
        kinds=kinds(me),
        device=device,
        now=now,
        longest=_LONGEST,
        cameras={line.device: names[line.device] for line in me.devices if line.kind == CAMERA},
        problem=problem,
        why=refused.decision.reason.value if isinstance(refused, Denied) else None,
    )
