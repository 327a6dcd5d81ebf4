"""Route by role by own or other's: every route is classified, and opens to nobody whom its class leaves out.

The callers are everyone there is: nobody, someone who made a token up, another person, each role of the
staff, a device. Whoever is outside a route's class is refused; another person's ids lead nowhere; no answer
to any of them holds a value of the person whose data it is.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, PHONE, SHOP, House, Person, open_house
from tests.flow.test_every_door import EMAIL, Closed, _body, _fill, _routes
from troth.edges.api.app import create_app
from troth.subjects.roles import DUTIES, Duty, Role, may
from troth.subjects.tokens import SECRET_BYTES

PERSON, DEVICE, ANYONE = "person", "device", "anyone"
OTHER = "+8613800138009"
CLASSES: Mapping[str, str | Duty] = {
    "/openapi.json": ANYONE,
    "/healthz": ANYONE,
    "/v1/policies": ANYONE,
    "/v1/ledger/": ANYONE,
    "/v1/keys": ANYONE,
    "/v1/notices": ANYONE,
    "/v1/accounts": ANYONE,  # registering, with what the person says; the code that only they get
    "/v1/sessions": ANYONE,  # signing in, with the password; out, with the session that ends
    "/v1/farewell": ANYONE,  # with the line that only they have
    "/v1/me": PERSON,
    "/v1/device/": DEVICE,
    "/v1/service/": Duty.SERVE,
    "/v1/service/media": Duty.MEDIA,
    "/v1/maker/": Duty.STOCK,
    "/v1/staff/": Duty.OFFICE,
    "/v1/staff/look": Duty.LOOK,
    "/v1/staff/requests": Duty.DESK,
    "/v1/staff/erasures": Duty.DESK,
}
"""By how a route begins; the longest that fits says it."""
_REFUSED = (401, 403)
_NOT_THEIRS = (400, 401, 403, 404, 409, 422)
VALUES = (PHONE, PHONE.removeprefix("+86"), EMAIL, CAMERA["serial"], CAMERA["mac"], SHOP["store_name"])


def class_of(door: str) -> str | Duty:
    path = door.split(" ")[1]
    fits = [start for start in CLASSES if path.startswith(start)]
    assert fits, f"{door} is in no class: say in CLASSES whom it is for"
    return CLASSES[max(fits, key=len)]


DOORS = sorted(_routes(create_app(None)))


@dataclass
class Town:
    closed: Closed
    callers: Mapping[str | Role, Person]


async def _settled(house: House) -> Closed:
    """Return a person with something in every corner, under a policy as it stands."""
    owner = await house.owner(email=EMAIL)
    maker = await house.staff(Role.MAKER)
    for serial in ("SS-0001", "SS-0002"):
        shelf = {"serial": serial, "model": CAMERA["model"], "code": CAMERA["code"]}
        await maker.done("POST", "/v1/maker/devices", shelf)
    device = await owner.done("POST", "/v1/me/devices", CAMERA)
    for function in ("customer_flow", "store_guard"):
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    await owner.done("PUT", "/v1/me/store", SHOP)
    asked = {"right": "access", "text": f"what do you hold of {EMAIL}?"}
    request = (await owner.done("POST", "/v1/me/requests", asked))["request"]
    return Closed(house, owner, maker, device, None, None, request)


@pytest.fixture
async def town(database: Dsns, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_house(database, tmp_path) as house:
        closed = await _settled(house)
        made_up = base64.urlsafe_b64encode(UUID(closed.owner.account).bytes + os.urandom(SECRET_BYTES))
        callers: dict[str | Role, Person] = {
            "nobody": Person(house, "", "", ""),
            "made up": Person(house, "", made_up.decode(), ""),
            PERSON: await house.owner(phone=OTHER),
            DEVICE: closed.camera(),
            **{role: await house.staff(role) for role in Role},
        }
        yield Town(closed, callers)


def _belongs(caller: str | Role, wanted: str | Duty) -> bool:
    if wanted == ANYONE:
        return True
    return may(caller, wanted) if isinstance(caller, Role) and isinstance(wanted, Duty) else caller == wanted


async def test_who_is_not_meant_is_refused_at_every_route_and_sees_nothing(town: Town) -> None:
    wrong: list[str] = []
    tried = 0
    for door in DOORS:
        wanted = class_of(door)
        method, path = door.split(" ")
        body = await _body(door, town.closed)
        for caller, who in town.callers.items():
            if _belongs(caller, wanted):
                continue
            answer = await who.ask(method, _fill(path, town.closed), body)
            tried += 1
            if answer.status_code not in _REFUSED:
                wrong.append(f"{door} answers {caller} with {answer.status_code}")
            wrong += [f"{door} tells {caller} {value}" for value in VALUES if value in answer.text]
    assert not wrong, "\n".join(wrong)
    assert tried > 300


async def test_another_persons_ids_lead_nowhere(town: Town) -> None:
    other, owner = town.callers[PERSON], town.closed.owner
    before = (await owner.done("GET", "/v1/me"), await owner.done("GET", "/v1/me/requests"))
    wrong: list[str] = []
    for door in DOORS:
        method, path = door.split(" ")
        if class_of(door) != PERSON or "cancel" in path:
            continue
        answer = await other.ask(method, _fill(path, town.closed), await _body(door, town.closed))
        named = any(part in path for part in ("{device}", "{request}", "{media}", "{matter}"))
        if named and answer.status_code not in _NOT_THEIRS:
            wrong.append(f"{door} takes another's id: {answer.status_code}")
        if answer.status_code >= 500:
            wrong.append(f"{door} breaks: {answer.status_code}")
        # What one sends oneself may come back: the device and the shop of the example are theirs by then.
        wrong += [f"{door} tells {value}" for value in (PHONE, CAMERA["serial"]) if value in answer.text]
    assert not wrong, "\n".join(wrong)
    assert (await owner.done("GET", "/v1/me"), await owner.done("GET", "/v1/me/requests")) == before


def test_every_route_is_classified_and_every_class_and_role_is_used() -> None:
    used = {class_of(door) for door in DOORS}
    assert used >= {*CLASSES.values()}
    assert set(DUTIES) == set(Role)
    assert {duty for duties in DUTIES.values() for duty in duties} == set(Duty)
