"""What a person deleted one by one since a backup stays deleted after a restore; nobody else loses it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID, uuid4

from tests.flow.api_people import CAMERA, PASSWORD, PHONE, SHOP
from tests.flow.backup_rig import Safe
from tests.flow.test_backup_owed import SECOND, back, due
from tests.flow.test_backup_restore import OTHER, settled, with_a_camera
from tests.flow.test_media_doors import stored
from tests.flow.test_single_readings import AT, GUARD, motion, send
from troth.ledger.verify import Verified
from troth.subjects.roles import Role

UNTIL = "2027-01-01T00:00:00Z"
CLOUD = "/v1/me/functions/cloud"
SERIAL = {"values": {"device_serial": {"value": CAMERA["serial"]}}}


async def with_everything(house, owner, camera=CAMERA):
    """Give them readings, two films, and a document of a function's own; return the readings' ids."""
    device = await with_a_camera(house, owner, camera)
    house.clock.advance(minutes=1)
    sent = [motion(house.clock.now() - timedelta(seconds=n), zone) for n, zone in enumerate("abc")]
    assert (await send(house, device["token"], *sent)).stored == 3
    await owner.done("POST", f"{CLOUD}/choose", {"language": "en"})
    await owner.done("PUT", f"{CLOUD}/items", SERIAL)
    for _ in range(2):
        await stored(house, owner.token, b"film" * 3000)
    return [str(one.id) for one in sent]


async def held(owner):
    """Return what a copy has: readings' zones, how many films, and the items on file."""
    lines = [json.loads(line) for line in (await owner.ask("GET", "/v1/me/copy")).text.splitlines()]
    zones = {line["value"]["zone"] for line in lines if line["kind"] == "reading"}
    films = sum(line["kind"] == "media" for line in lines)
    return zones, films, await on_file(owner)


async def on_file(owner):
    functions = (await owner.done("GET", "/v1/me/records"))["functions"]
    return {(function, item) for function, items in functions.items() for item in items}


async def has_store(owner):
    states = (await owner.done("GET", "/v1/me"))["functions"].values()
    return all(lack["en"] != "a store of yours" for each in states for lack in each["lacks"])


async def test_a_reading_a_film_and_a_document_that_were_deleted_do_not_come_back(
    database, make_empty, tmp_path
):
    safe = Safe(database, tmp_path)
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        _first, wrong, gone = await with_everything(house, owner)
        await with_everything(house, other, SECOND)
        for each in (owner, other):
            await each.done("POST", "/v1/me/functions/jobbery/choose", {"language": "en"})
        everything = await held(owner)
        assert everything[:2] == ({"a", "b", "c"}, 2)
        taken = await safe.take(house)
        await owner.done("DELETE", f"{AT}/{gone}")
        await owner.done("PUT", f"{AT}/{wrong}", {"value": {"zone": "mended"}})
        film = (await owner.done("GET", "/v1/me/media"))["media"][0]["media"]
        await owner.done("DELETE", f"/v1/me/media/{film}")
        await owner.done("DELETE", f"{CLOUD}/items/device_serial")
        shop = {(function, item) for function, item in everything[2] if item == "store_address"}
        for function, item in sorted(shop):
            await owner.done("DELETE", f"/v1/me/functions/{function}/items/{item}")
        assert not await has_store(owner)  # one needs none of those who still have theirs
        await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert (done.deleted, done.taken_back) == (4 + len(shop), 0)
    async with safe.again(database, home, at) as house:
        await back(house, owner, PHONE)
        # The new value of the corrected one is lost, and its old one was wrong.
        without = everything[2] - shop - {("cloud", "device_serial")}
        assert await held(owner) == ({"a"}, 1, without)
        assert UUID(film) not in {
            UUID(one["media"]) for one in (await owner.done("GET", "/v1/me/media"))["media"]
        }
        await back(house, other, OTHER)
        assert await held(other) == everything
        assert (await has_store(owner), await has_store(other)) == (False, True)
        assert await due(house, owner) == await due(house, other) == []
        head = await settled(house)
        assert isinstance(await house.troth.verify_ledger(head), Verified)


async def owner_by_code(house, owner):
    """Sign in with a code: a password that was changed since is gone, the old one is nobody's."""
    owner.house = house
    asked = await house.http.post("/v1/sessions/code", json={"login": PHONE})
    assert asked.is_success, asked.text
    code = await house.code()
    begun = await house.http.post("/v1/sessions/by-code", json={"login": PHONE, "code": code})
    owner.token = begun.json()["token"]


async def test_what_was_corrected_since_is_deleted_and_asked_for_again(database, make_empty, tmp_path):
    safe = Safe(database, tmp_path)
    moved = SHOP | {"store_address": "2 Example Road, Shanghai"}
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        for each, camera in ((owner, CAMERA), (other, SECOND)):
            await with_a_camera(house, each, camera)
        await other.done("PUT", "/v1/me/store", moved)  # before the backup: nothing is lost
        before = await on_file(owner)
        taken = await safe.take(house)
        for _ in range(2):
            await owner.done("PUT", "/v1/me/store", moved)
        changed = {"current": PASSWORD, "password": "another long password 88"}
        owner.token = (await owner.done("PUT", "/v1/me/password", changed))["token"]
        corrected = [one["kind"] for one in await owner.done("GET", "/v1/me/receipts")].count("corrected")
        office = await house.staff(Role.PRIVACY)
        order = {"contact": PHONE, "function": "register", "document": str(uuid4()), "until": UNTIL}
        await office.done("POST", "/v1/staff/orders", order)
        await settled(house)
        at = house.clock.at + timedelta(hours=1)
    assert corrected == 2  # the address once, however many functions have it, and the password
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert (done.deleted, done.taken_back) == (0, 0)
    assert done.outdated == {"password": 1, "store_address": 1}
    assert [str(paper) for paper in done.orders] == [order["document"]]
    async with safe.again(database, home, at) as house:
        old = {"login": PHONE, "password": PASSWORD}
        assert (await house.http.post("/v1/sessions", json=old)).status_code == 401
        await owner_by_code(house, owner)
        lost = {(one["function"], one["item"]) for one in await owner.done("GET", "/v1/me/outdated")}
        assert {item for _, item in lost} == {"store_address", "password"}
        assert await on_file(owner) == before - lost
        assert SHOP["store_address"] not in (await owner.ask("GET", "/v1/me/copy")).text
        today = house.clock.at.date().isoformat()
        stopped = await owner.ask("GET", f"/v1/me/footfall?day={today}")
        assert (stopped.status_code, stopped.json()["reason"]) == (403, "required_item_missing")
        await owner.done("PUT", "/v1/me/store", moved)
        again = {"password": "a third long password 99"}
        owner.token = (await owner.done("PUT", "/v1/me/password", again))["token"]
        assert await owner.done("GET", "/v1/me/outdated") == []
        assert (await owner.ask("GET", f"/v1/me/footfall?day={today}")).status_code == 200
        await back(house, other, OTHER)
        assert await other.done("GET", "/v1/me/outdated") == []
        assert moved["store_address"] in (await other.ask("GET", "/v1/me/copy")).text
        head = await settled(house)
        assert isinstance(await house.troth.verify_ledger(head), Verified)


async def test_all_of_a_function_that_was_deleted_does_not_come_back(database, make_empty, tmp_path):
    safe = Safe(database, tmp_path)
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        await with_everything(house, owner)
        await with_everything(house, other, SECOND)
        everything = await held(owner)
        taken = await safe.take(house)
        for function in (GUARD, "cloud"):
            line = await house.troth.delete_part(owner.token, function)
            assert line.state == "met", line
        await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    assert (await safe.restore(taken, database, home, at)).taken_back == 0
    async with safe.again(database, home, at) as house:
        await back(house, owner, PHONE)
        left = {(function, item) for function, item in everything[2] if function not in {GUARD, "cloud"}}
        assert await held(owner) == (set(), 0, left)
        await back(house, other, OTHER)
        assert await held(other) == everything


async def test_what_came_and_went_after_the_backup_is_presumed_of_everybody(database, make_empty, tmp_path):
    """Its rows are in no backup, so whose it was is not known."""
    safe = Safe(database, tmp_path)
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        await with_everything(house, other)
        await with_a_camera(house, owner, SECOND)
        await owner.done("POST", f"{CLOUD}/choose", {"language": "en"})
        await owner.done("PUT", f"{CLOUD}/items", SERIAL)
        taken = await safe.take(house)
        film = await stored(house, owner.token, b"film" * 3000)
        await owner.done("DELETE", f"/v1/me/media/{film}")
        await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert (done.deleted, done.taken_back) == (0, 1)
