"""A till beside a camera, through the doors: bound, linked, audited, flagged; films closed to the maker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, SHOP, House, Person, open_house
from troth.devices.batch import Batch
from troth.functions.rules import REASONS
from troth.subjects.roles import Role
from troth.terms import FunctionName, ItemName, Reading

TILL = {
    "kind": "cash_register",
    "serial": "CR-0001",
    "code": "7741-2280",
    "model": "SUNMI T2",
    "mac": "02:00:5e:00:53:02",
    "ip": "192.0.2.8",
}
STORE = {key: SHOP[key] for key in ("store_name", "store_address")}
AUDIT = FunctionName("cashier_audit")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = "2026-03-02"
ORDER = {"reference": {"ground": "legal_order", "document": str(uuid4())}}


@dataclass
class Shopkeeper:
    """An owner with a camera, and what it proves itself with."""

    person: Person
    house: House
    camera: dict[str, Any]
    till: dict[str, Any]

    async def send(
        self, device: dict[str, Any], item: str, *values: tuple[int, dict[str, Any]], function=AUDIT
    ):
        """Send readings, each so many seconds after noon; return what was acknowledged."""
        readings = tuple(
            Reading(uuid4(), ItemName(item), NOON + timedelta(seconds=after), value)
            for after, value in values
        )
        return await self.house.troth.door.ingest(device["token"], function, Batch(uuid4(), readings))

    async def film(self, content: bytes, after: int, *, kind="video/mp4", seconds: int | None = 60):
        said = {
            "content-type": kind,
            "authorization": f"Bearer {self.camera['token']}.{self.camera['secret']}",
            "troth-measured": (NOON + timedelta(seconds=after)).isoformat(),
        } | ({"troth-seconds": str(seconds)} if seconds is not None else {})
        path = "/v1/device/functions/cloud/media/cloud_video"
        return await self.house.http.post(path, content=content, headers=said)

    async def another_camera(self) -> dict[str, Any]:
        maker = await self.house.staff(Role.MAKER)
        camera = CAMERA | {"serial": "SS-0002", "mac": "02:00:5e:00:53:09"}
        await maker.done(
            "POST", "/v1/maker/devices", {key: camera[key] for key in ("serial", "model", "code")}
        )
        return await self.person.done("POST", "/v1/me/devices", camera)

    async def flags(self) -> list[dict[str, Any]]:
        return (await self.person.done("GET", f"/v1/me/functions/{AUDIT}/flags?day={DAY}"))["flags"]


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop(house: House) -> Shopkeeper:
    """Someone with a camera over a till, both linked to their store, and cloud video."""
    owner, maker = await house.owner(), await house.staff(Role.MAKER)
    for device in (CAMERA, TILL):
        shelf = {key: device[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
    camera = await owner.done("POST", "/v1/me/devices", CAMERA)
    for function in (AUDIT, "cloud", "visits", "store_guard"):
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    await owner.done("PUT", "/v1/me/store", SHOP)
    await owner.done("PUT", f"/v1/me/functions/{AUDIT}/needs/store", {"met": True})
    serial = {"values": {"device_serial": {"value": CAMERA["serial"]}}}
    await owner.done("PUT", "/v1/me/functions/cloud/items", serial)
    till = await owner.done("POST", "/v1/me/devices", TILL | {"store": STORE, "seen_by": camera["device"]})
    house.clock.advance(hours=3)
    return Shopkeeper(owner, house, camera, till)


def sale(**more: Any) -> dict[str, Any]:
    return {"amount": 12, "currency": "CNY", "act": "sale", "number": "0001"} | more


def look(behind: int, before: int, seconds: int = 120) -> dict[str, Any]:
    return {"behind": behind, "before": before, "seconds": seconds}


async def test_a_till_is_linked_by_its_owner_and_sends_its_own_and_nothing_else(shop: Shopkeeper):
    me = await shop.person.done("GET", "/v1/me")
    kinds = {one["kind"]: one for one in me["devices"]}
    assert kinds["cash_register"]["seen_by"] == shop.camera["device"]
    assert me["functions"][AUDIT]["on"], me["functions"][AUDIT]
    assert not me["functions"]["jobbery"]["on"]
    assert (await shop.send(shop.till, "store_transactions", (60, sale()))).stored == 1
    assert (await shop.send(shop.camera, "till_presence", (60, look(1, 1)))).stored == 1
    flag = {"flag": str(uuid4()), "said": "cleared"}
    for device, item, value in (
        (shop.camera, "store_transactions", sale()),
        (shop.till, "till_presence", look(1, 1)),
        (shop.till, "flag_review", flag),
        (shop.camera, "flag_review", flag),
    ):
        acked = await shop.send(device, item, (90, value))
        assert (acked.stored, acked.dropped + acked.denied) == (0, 1), item
    bearer = f"Bearer {shop.till['token']}.{shop.till['secret']}"
    film = {"authorization": bearer, "content-type": "video/mp4"}
    path = "/v1/device/functions/cloud/media/cloud_video"
    refused = await shop.house.http.post(path, content=b"x", headers=film)
    assert (refused.status_code, refused.json()["reason"]) == (403, "item_malformed")
    stated = await shop.person.ask("PUT", f"/v1/me/functions/{AUDIT}/needs/cash_register", {"met": True})
    assert stated.json()["reason"] == "not_yours_to_state"


async def test_without_a_till_the_function_waits_and_says_for_what(house: House):
    owner = await house.owner()
    await owner.done("POST", f"/v1/me/functions/{AUDIT}/choose", {"language": "en"})
    state = (await owner.done("GET", "/v1/me"))["functions"][AUDIT]
    assert (state["on"], state["why"]) == (False, "need_missing")
    unknown = await owner.ask("POST", "/v1/me/devices", TILL | {"kind": "toaster"})
    assert (unknown.status_code, unknown.json()["reason"]) == (422, "unknown_kind")


async def test_a_store_on_file_is_a_store_until_it_is_taken_back(house: House):
    owner, maker = await house.owner(), await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: CAMERA[key] for key in ("serial", "model", "code")})
    await owner.done("POST", "/v1/me/devices", CAMERA)

    async def lacking() -> list[str]:
        state = (await owner.done("GET", "/v1/me"))["functions"][AUDIT]
        return [one["en"] for one in state["lacks"]]

    for function in (AUDIT, "customer_flow"):
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    assert sorted(await lacking()) == ["a cash register of yours", "a store of yours"]
    for _ in range(2):  # linked again, it is noted once
        await owner.done("PUT", "/v1/me/store", SHOP)
        assert await lacking() == ["a cash register of yours"]
    await owner.done("DELETE", "/v1/me/functions/customer_flow/items/store_name")
    assert sorted(await lacking()) == ["a cash register of yours", "a store of yours"]
    await owner.done("PUT", "/v1/me/store", SHOP)
    assert await lacking() == ["a cash register of yours"]
    assert (await house.troth.delete_part(owner.token, FunctionName("customer_flow"))).state == "met"
    assert sorted(await lacking()) == ["a cash register of yours", "a store of yours"]


async def test_what_is_told_of_a_till_tells_of_its_store_as_well(house: House):
    owner, maker = await house.owner(), await house.staff(Role.MAKER)
    for device in (CAMERA, TILL):
        shelf = {key: device[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
    await owner.done("POST", "/v1/me/devices", CAMERA)
    await owner.done("POST", f"/v1/me/functions/{AUDIT}/choose", {"language": "en"})
    without = await owner.ask("POST", "/v1/me/devices", TILL)
    assert (without.status_code, without.json()["reason"]) == (403, "need_missing")
    till = await owner.done("POST", "/v1/me/devices", TILL | {"store": STORE})
    me = await owner.done("GET", "/v1/me")
    assert me["functions"][AUDIT]["on"]
    assert till["device"] not in me["switches"]["store_guard"]  # it sends nothing for that


async def test_what_was_chosen_since_hears_of_the_till_when_it_is_told_again(shop: Shopkeeper):
    await shop.person.done("POST", "/v1/me/functions/jobbery/choose", {"language": "en"})
    await shop.person.done("PUT", "/v1/me/functions/jobbery/needs/store", {"met": True})
    path = f"/v1/me/devices/{shop.till['device']}"
    told = {key: TILL[key] for key in ("serial", "model", "mac", "ip")} | {"store": STORE}
    wrong = await shop.person.ask("PUT", path, told | {"serial": "CR-0002"})
    assert (wrong.status_code, wrong.json()["reason"]) == (403, "wrong_code")
    linked = await shop.person.done("PUT", path, told)
    assert linked == {"functions": [AUDIT, "jobbery"]}
    shop.house.clock.advance(minutes=2)
    late, jobbery = 3 * 3600 + 60, FunctionName("jobbery")
    acked = await shop.send(shop.till, "store_transactions", (late, sale()), function=jobbery)
    assert acked.stored == 1
    await shop.person.done("DELETE", path)
    held = (await shop.person.done("GET", "/v1/me/records"))["functions"]
    assert "register_serial" not in held[AUDIT]
    assert "store_transactions" not in held[AUDIT]
    state = (await shop.person.done("GET", "/v1/me"))["functions"][AUDIT]
    assert (state["on"], state["why"]) == (False, "need_missing")


async def test_each_flag_has_its_reason_and_its_film_and_the_owner_has_the_last_word(shop: Shopkeeper):
    await shop.send(
        shop.till,
        "store_transactions",
        (60, sale()),
        (100, sale(act="void", undoes="0001", number="0002")),
        (600, sale(act="no_sale", amount=0, number="0003")),
        (1200, sale(act="refund", amount=-12, number="0004")),
        (1800, sale(act="void", undoes="0001", number="0005")),
    )
    looks = (0, look(1, 1)), (540, look(0, 0)), (1140, look(1, 0)), (1740, look(1, 1))
    await shop.send(shop.camera, "till_presence", *looks)
    film = (await shop.film(b"a film of ten minutes past", 570)).json()["media"]
    found = await shop.flags()
    assert [flag["reason"] for flag in found] == [
        "drawer_nobody_there",
        "refund_no_customer",
        "void_after_payment",
    ]
    assert {flag["reason"] for flag in found} <= REASONS
    assert all(flag["says"]["zh"] and flag["says"]["en"] for flag in found)
    assert [flag["clip"] and flag["clip"]["media"] for flag in found] == [film, None, None]
    assert found[0]["clip"]["offset_s"] == 10
    path = f"/v1/me/functions/{AUDIT}/flags"
    await shop.person.done("PUT", f"{path}/{found[0]['flag']}", {"day": DAY, "verdict": "confirmed"})
    shop.house.clock.advance(minutes=1)
    await shop.person.done("PUT", f"{path}/{found[0]['flag']}", {"day": DAY, "verdict": "cleared"})
    await shop.person.done("PUT", f"{path}/{found[1]['flag']}", {"day": DAY, "verdict": "confirmed"})
    assert [flag["verdict"] for flag in await shop.flags()] == ["cleared", "confirmed", None]
    nothing = await shop.person.ask("PUT", f"{path}/{uuid4()}", {"day": DAY, "verdict": "cleared"})
    assert (nothing.status_code, nothing.json()["reason"]) == (404, "no_such_flag")
    till = await shop.person.done("GET", f"/v1/me/functions/{AUDIT}/till?day={DAY}")
    assert [(line["rung"]["number"], line["watched"], len(line["flags"])) for line in till["lines"]] == [
        ("0001", True, 0),
        ("0002", True, 0),
        ("0003", True, 1),
        ("0004", True, 1),
        ("0005", True, 1),
    ]
    other = await shop.person.ask("GET", f"/v1/me/functions/customer_flow/till?day={DAY}")
    assert (other.status_code, other.json()["reason"]) == (404, "not_at_tills")
    refused = await shop.person.ask("GET", f"/v1/me/functions/jobbery/flags?day={DAY}")
    assert (refused.status_code, refused.json()["reason"]) == (403, "not_chosen")
    lines = [json.loads(line) for line in (await shop.person.ask("GET", "/v1/me/copy")).text.splitlines()]
    assert "flag_review" in {line.get("item") for line in lines if line["kind"] == "reading"}


async def test_visits_and_alerts_come_with_their_figures_and_pictures(shop: Shopkeeper):
    acked = await shop.send(
        shop.camera, "visit_count", (60, {"count": 3}), (3600, {"count": 4}), function=FunctionName("visits")
    )
    assert acked.stored == 2
    assert (await shop.person.done("GET", f"/v1/me/visits?day={DAY}"))["visits"] == 7
    shop.house.clock.advance(hours=9)
    night = 11 * 3600 + 600  # at ten past eleven in the evening
    guard = FunctionName("store_guard")
    await shop.send(shop.camera, "motion_event", (night, {"zone": "till"}), function=guard)
    letters = len(shop.house.letters.carried)
    assert (await shop.house.troth.alarm(), await shop.house.troth.alarm()) == (1, 0)
    await shop.house.troth.deliver(shop.house.letters)
    (letter,) = shop.house.letters.carried[letters:]
    assert "23:10" in letter.text
    later = night + 300
    shop.house.clock.advance(minutes=6)
    other = await shop.another_camera()
    lie = {"zone": "till", "device": shop.camera["device"]}  # which it was, the system says
    assert (await shop.send(other, "motion_event", (later, lie), function=guard)).stored == 1
    assert await shop.house.troth.alarm() == 1
    still = (await shop.film(b"a still", night + 1, kind="image/jpeg", seconds=None)).json()["media"]
    film = (await shop.film(b"a film", night - 20)).json()["media"]
    alert, unfilmed = (await shop.person.done("GET", f"/v1/me/alerts?day={DAY}"))["alerts"]
    assert (alert["snapshot"], alert["clip"]["media"]) == (still, film)
    assert (alert["device"], alert["cameras"]) == (shop.camera["device"], [shop.camera["device"]])
    assert (unfilmed["device"], unfilmed["snapshot"], unfilmed["clip"]) == (other["device"], None, None)


async def test_a_film_is_closed_to_staff_and_its_owner_sees_each_opening(shop: Shopkeeper):
    film = (await shop.film(b"a film of the till", 0)).json()["media"]
    staff = await shop.house.staff(Role.SUPPORT)
    asked = {
        "subject": shop.person.account,
        "function": "cloud",
        "purpose": "serve_agreed_video",
        "items": ["cloud_video"],
        "verb": "use",
    }
    path = f"/v1/service/media/{film}"
    refused = await staff.ask("POST", path, asked)
    assert (refused.status_code, refused.json()["reason"]) == (403, "closed_to_controller")
    shop.house.clock.advance(minutes=1)
    opened = await staff.ask("POST", path, asked | ORDER)
    assert (opened.status_code, opened.content) == (200, b"a film of the till")
    seen = await shop.person.ask("GET", "/v1/me/openings")
    newest, before = seen.json()[:2]
    assert (newest["opened"], newest["ground"], newest["document"]) == (
        True,
        "legal_order",
        ORDER["reference"]["document"],
    )
    assert (before["opened"], before["reason"]) == (False, "closed_to_controller")
    assert {one["who"] for one in (newest, before)} == {"staff"}
    assert UUID(newest["by"]) == UUID(before["by"])
    assert newest["function"] == "cloud"
    assert (await (await shop.house.owner(phone="+8613800138001")).ask("GET", "/v1/me/openings")).json() == []
    device = {"on": False, "device": shop.camera["device"]}
    await shop.person.done("PUT", "/v1/me/switches/cloud", device)
    off = await shop.film(b"another", 60)
    assert (off.status_code, off.json()["reason"]) == (403, "switched_off")
    assert (await shop.person.ask("GET", f"/v1/me/media/{film}")).content == b"a film of the till"
