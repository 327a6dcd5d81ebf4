"""What the owner's page says of a function and what the broker lets its devices send are one answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, SHOP, House, Person, open_house
from troth.subjects.roles import Role
from troth.terms import SubjectId

STREAMS = {"customer_flow", "store_guard"}


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


async def said(house: House, owner: Person) -> dict[str, Any]:
    """Return what the person is told, having seen that the broker goes by the same."""
    functions = (await owner.done("GET", "/v1/me"))["functions"]
    at_the_broker = await house.troth.door.functions(SubjectId(UUID(owner.account)))
    open_to_some = {function for one in at_the_broker.values() for function in one}
    assert open_to_some & STREAMS == {f for f in STREAMS if functions[f]["on"]}
    return functions["customer_flow"]


async def test_a_function_is_on_when_its_devices_may_send_and_says_what_is_missing(house: House):
    owner, maker = await house.owner(), await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: CAMERA[key] for key in ("serial", "model", "code")})
    assert (await said(house, owner))["why"] == "not_chosen"
    await owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
    flow = await said(house, owner)
    assert (flow["on"], flow["why"]) == (False, "need_missing")
    assert flow["lacks"][0] == {"en": "a camera of yours", "zh": "您绑定的摄像机"}
    device = await owner.done("POST", "/v1/me/devices", CAMERA)
    flow = await said(house, owner)
    assert (flow["on"], flow["why"]) == (False, "required_item_missing")
    assert {one["zh"] for one in flow["lacks"]} == {"门店名称", "门店地址"}
    await owner.done("PUT", "/v1/me/store", SHOP)
    flow = await said(house, owner)
    assert (flow["on"], flow["why"], flow["lacks"]) == (True, "allowed", [])
    off = {"on": False, "device": device["device"]}
    await owner.done("PUT", "/v1/me/switches/customer_flow", off)
    assert (await said(house, owner))["why"] == "switched_off"
    await owner.done("PUT", "/v1/me/switches/customer_flow", off | {"on": True})
    assert (await said(house, owner))["on"]
    await owner.done("DELETE", f"/v1/me/devices/{device['device']}")
    assert (await said(house, owner))["why"] == "need_missing"
