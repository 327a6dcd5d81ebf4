"""No value without the form of its item reaches the vault: at each door that takes values, and at its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Dsns
from tests.fakes.vault import Bench, reading
from tests.flow.api_people import CAMERA, SHOP, House, Person, open_house
from troth.devices.batch import Batch
from troth.devices.identifiers import Told
from troth.policy.values import VALUES
from troth.subjects.roles import Role
from troth.terms import Denied, FunctionName, ItemName, Reading, Reason, SubjectId, Verb
from troth.vault import WrongForm

RIDER = "ride-along"


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def owner(house: House) -> Person:
    """Someone with a camera, who asked for customers to be counted."""
    one, maker = await house.owner(), await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: CAMERA[key] for key in ("serial", "model", "code")})
    await one.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
    return one


def refused(database: Dsns) -> int:
    """Count what was refused for its form: written one by one, or counted."""
    with psycopg.connect(database.owner) as conn:
        written = conn.execute(
            "SELECT count(*) FROM ledger_entry"
            " WHERE kind = 'denied' AND convert_from(body, 'UTF8') LIKE '%\"item_malformed\"%'"
        ).fetchone()
        counted = conn.execute(
            "SELECT coalesce(sum(n), 0) FROM decision_count WHERE reason = 'item_malformed'"
        ).fetchone()
    return written[0] + counted[0]


async def test_a_reading_with_a_field_too_many_is_dropped_and_counted_and_its_neighbours_are_stored(
    house: House, owner: Person, database: Dsns
):
    device = await owner.done("POST", "/v1/me/devices", CAMERA)
    await owner.done("PUT", "/v1/me/store", SHOP)
    at = house.clock.now()
    values = [
        {"direction": "in"},
        {"direction": "in", "name": RIDER},
        {"direction": "in", "zone": {"name": RIDER}},
        {"direction": "out", "zone": "till"},
        {},
    ]
    readings = tuple(Reading(uuid4(), ItemName("line_crossing"), at, value) for value in values)
    before = refused(database)
    ack = await house.troth.door.ingest(
        device["token"], FunctionName("customer_flow"), Batch(uuid4(), readings)
    )
    assert (ack.stored, ack.dropped, ack.denied) == (2, 3, 0)
    assert refused(database) > before
    held = [line["value"] async for line in await house.troth.copy(owner.token) if "value" in line]
    assert {"direction": "out", "zone": "till"} in held
    assert RIDER not in str(held)


async def test_what_a_person_gives_must_have_its_form(house: House, owner: Person, database: Dsns):
    path = "/v1/me/functions/register/items"
    for value in ({"value": "owner@example.org", "name": RIDER}, {"value": RIDER}, {"name": RIDER}):
        before = refused(database)
        answer = await owner.ask("PUT", path, {"values": {"email_address": value}})
        assert (answer.status_code, answer.json()["reason"]) == (403, "item_malformed")
        assert RIDER not in answer.text
        assert refused(database) == before + 1
    assert (await owner.ask("GET", f"{path}/email_address")).status_code == 404


async def test_what_else_registering_takes_must_have_its_form(house: House):
    shown = (await house.http.get("/v1/policies/kaiconn?language=zh")).json()
    texts = {"policy": "kaiconn", "language": "zh", "text_hash": shown["text_hash"]}
    form = await house.form(**texts, version=shown["version"])
    items = {
        "user_name": {"value": "lantern"},
        "android_id": {"value": "9774d56d682e549c"},
        "mac_address": {"value": "02:00:5e:00:53:01"},
        "ip_address": {"value": "192.0.2.7"},
    }
    for item, value in items.items():
        unfit = form | {"items": items | {item: value | {"name": RIDER}}}
        answer = await house.http.post("/v1/accounts", json=unfit)
        assert (answer.status_code, answer.json()["reason"]) == (403, "item_malformed")
        assert RIDER not in answer.text


async def test_what_a_person_corrects_must_have_its_form(owner: Person):
    path = "/v1/me/functions/register/items"
    value = {"value": "owner@example.org"}
    await owner.done("PUT", path, {"values": {"email_address": value}})
    answer = await owner.ask("PUT", path, {"values": {"email_address": value | {"name": RIDER}}})
    assert answer.json()["reason"] == "item_malformed"
    assert await owner.done("GET", f"{path}/email_address") == {"value": {"value": "owner@example.org"}}


async def test_what_a_service_hands_in_must_have_its_form(house: House, owner: Person):
    service = await house.staff(Role.SERVICE)
    asked = {"subject": owner.account, "function": "register", "purpose": "complete_registration"}
    values = {"email_address": {"value": "owner@example.org", "name": RIDER}}
    answer = await service.ask("POST", "/v1/service/collect", asked | {"values": values})
    assert answer.json()["reason"] == "item_malformed"
    assert (await owner.ask("GET", "/v1/me/functions/register/items/email_address")).status_code == 404


async def test_what_is_told_of_a_device_must_have_its_form(house: House, owner: Person, database: Dsns):
    me = await owner.done("GET", "/v1/me")
    told = Told(model=CAMERA["model"], mac=RIDER, serial=CAMERA["serial"], ip=CAMERA["ip"])
    devices, db = house.troth._system.devices, house.troth._system.db
    before = refused(database)
    with pytest.raises(Denied) as denied:
        async with db.transaction() as tx:
            await devices.bind(tx, SubjectId(UUID(owner.account)), me["policy"], CAMERA["code"], told)
    assert denied.value.decision.reason is Reason.ITEM_MALFORMED
    assert refused(database) == before + 1
    assert (await owner.done("GET", "/v1/me"))["devices"] == []


async def test_what_is_told_of_a_shop_must_have_its_form(owner: Person, database: Dsns):
    await owner.done("POST", "/v1/me/devices", CAMERA)
    before = refused(database)
    answer = await owner.ask("PUT", "/v1/me/store", SHOP | {"store_address": "1 Road\u2028" + RIDER})
    assert answer.json()["reason"] == "item_malformed"
    assert refused(database) == before + 1


async def test_the_vault_itself_demands_the_form_whatever_the_gate_said(database: Dsns, tmp_path: Path):
    async with Bench(database, tmp_path, values=VALUES) as bench:
        subject = await bench.subject()
        fine, unfit = {"value": "+8613800138000"}, {"value": "+8613800138000", "name": RIDER}
        await bench.put(subject, "phone_number", fine)
        with pytest.raises(WrongForm) as wrong:
            await bench.put(subject, "phone_number", unfit)
        assert RIDER not in str(wrong.value)
        with pytest.raises(WrongForm):
            await bench.put(subject, "phone", fine)  # no such item
        crossing = reading("line_crossing", value={"direction": "in"})
        with pytest.raises(WrongForm):
            await bench.append(
                subject, [crossing, reading("line_crossing", value={"direction": "in", "name": RIDER})]
            )
        assert await bench.events(subject, "line_crossing") == []  # the batch as a whole
        await bench.append(subject, [crossing])
        assert await bench.open(subject, "phone_number") == fine
        permit = bench.permit(subject, Verb.COLLECT, "register", "phone_number")
        async with bench.tx() as tx:
            await bench.vault.seal(tx, permit, ItemName("phone_number"), uuid4(), {"code": "123456"})
            with pytest.raises(WrongForm):
                await bench.vault.seal(tx, permit, ItemName("phone_number"), uuid4(), {"name": RIDER})
