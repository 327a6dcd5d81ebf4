"""Documents under any policy: what a person gives, corrects and takes back, and what services may do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import House, Person, open_house
from troth.subjects.roles import Role

EMAIL = "owner@example.org"
OTHER = "other@example.org"
ITEMS = "/v1/me/functions/register/items"


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


def _asked(owner: Person, **more: object) -> dict[str, Any]:
    return {"subject": owner.account, "function": "register", "purpose": "sign_in"} | more


async def test_an_item_is_given_seen_corrected_and_taken_back(house: House):
    owner = await house.owner()
    path = "/v1/me/functions/register/items/email_address"
    assert (await owner.ask("GET", path)).json()["reason"] == "nothing_on_file"
    given = {"values": {"email_address": {"value": EMAIL}}}
    assert await owner.done("PUT", ITEMS, given) == {"stored": ["email_address"]}
    assert await owner.done("GET", path) == {"value": {"value": EMAIL}}
    await owner.done("PUT", ITEMS, {"values": {"email_address": {"value": OTHER}}})
    assert (await owner.done("GET", path))["value"] == {"value": OTHER}
    held = (await owner.done("GET", "/v1/me/records"))["functions"]
    assert "email_address" in held["register"]
    await owner.done("DELETE", path)
    assert "email_address" not in (await owner.done("GET", "/v1/me/records"))["functions"]["register"]
    assert (await owner.ask("GET", path)).status_code == 404


@pytest.mark.parametrize("item", ["phone_number", "password"])
async def test_what_one_signs_in_with_is_not_given_here(house: House, item: str):
    owner = await house.owner()
    path = f"/v1/me/functions/register/items/{item}"
    given = {"values": {item: {"value": "+8613800138009"}}}
    for method, where, body in (("PUT", ITEMS, given), ("DELETE", path, None)):
        answer = await owner.ask(method, where, body)
        assert (answer.status_code, answer.json()["reason"]) == (403, "not_this_way")


async def test_a_password_is_shown_to_nobody(house: House):
    owner, service = await house.owner(), await house.staff(Role.SERVICE)
    assert (await owner.ask("GET", "/v1/me/functions/register/items/password")).status_code == 404
    answer = await service.ask("POST", "/v1/service/use", _asked(owner, items=["password"]))
    assert answer.status_code == 403
    assert "argon2" not in answer.text


@pytest.mark.parametrize(
    ("function", "item", "reason"),
    [
        ("register", "fingerprint", "item_undeclared"),
        ("personalised", "user_profile", "not_chosen"),
        ("no_such_function", "email_address", "unknown_function"),
        ("safe_operation", "network_log", "purpose_undeclared"),  # services collect it; people don't
    ],
)
async def test_what_no_clause_lets_a_person_give_is_refused(
    house: House, function: str, item: str, reason: str
):
    owner = await house.owner()
    given = {"values": {item: {"value": "x"}}}
    answer = await owner.ask("PUT", f"/v1/me/functions/{function}/items", given)
    assert (answer.status_code, answer.json()["reason"]) == (403, reason)
    held = (await owner.done("GET", "/v1/me/records"))["functions"]
    assert item not in held.get(function, [])


async def test_a_need_is_stated_and_taken_back_but_not_one_met_by_a_deed(house: House):
    owner = await house.owner()
    answer = await owner.ask("PUT", "/v1/me/functions/filming/needs/camera", {"met": True})
    assert (answer.status_code, answer.json()["reason"]) == (403, "not_yours_to_state")
    answer = await owner.ask("PUT", "/v1/me/functions/filming/needs/moonlight", {"met": True})
    assert answer.status_code == 403
    for met in (True, False):
        await owner.done("PUT", "/v1/me/functions/filming/needs/filming_notice", {"met": met})


async def test_a_service_uses_for_a_declared_purpose_only(house: House):
    owner, service = await house.owner(email=EMAIL), await house.staff(Role.SERVICE)
    opened = await service.done("POST", "/v1/service/use", _asked(owner, items=["email_address"]))
    assert opened["values"] == {"email_address": {"value": EMAIL}}
    assert any("purposes/sign_in" in clause for clause in opened["because"])
    refused = await service.ask(
        "POST", "/v1/service/use", _asked(owner, purpose="curiosity", items=["email_address"])
    )
    assert refused.json()["reason"] == "purpose_undeclared"
    refused = await service.ask("POST", "/v1/service/use", _asked(owner, items=["fingerprint"]))
    assert refused.json()["reason"] == "item_undeclared"


async def test_a_service_hands_in_what_it_may_and_the_rest_is_dropped(house: House):
    owner, service = await house.owner(), await house.staff(Role.SERVICE)
    asked = {"subject": owner.account, "function": "register", "purpose": "complete_registration"}
    values = {"email_address": {"value": EMAIL}, "fingerprint": {"value": "loops"}}
    taken = await service.done("POST", "/v1/service/collect", asked | {"values": values})
    assert taken["stored"] == ["email_address"]
    assert [(one["item"], one["reason"]) for one in taken["dropped"]] == [("fingerprint", "item_undeclared")]
    path = "/v1/me/functions/register/items/email_address"
    assert await owner.done("GET", path) == {"value": {"value": EMAIL}}


async def test_only_a_service_stands_before_the_service_door(house: House):
    owner = await house.owner()
    for role in (Role.ADMIN, Role.MAKER, Role.SUPPORT):
        answer = await (await house.staff(role)).ask(
            "POST", "/v1/service/use", _asked(owner, items=["email_address"])
        )
        assert answer.json()["reason"] == "wrong_role"
    assert (await owner.ask("POST", "/v1/service/use", _asked(owner, items=["x"]))).status_code == 401


async def test_nobody_unlisted_is_handed_anything_and_nothing_is_on_record_as_shared(
    house: House, database: Dsns
):
    owner, service = await house.owner(email=EMAIL), await house.staff(Role.SERVICE)
    asked = _asked(owner, items=["email_address"], recipient="somebody")
    answer = await service.ask("POST", "/v1/service/share", asked)
    assert answer.status_code == 403
    with psycopg.connect(database.owner) as conn:
        rows = conn.execute("SELECT body FROM ledger_entry WHERE kind IN ('shared', 'disclosed')").fetchall()
    assert [json.loads(bytes(row[0])) for row in rows] == []


NEEDED = {
    "user_name": {"value": "lantern"},
    "android_id": {"value": "9774d56d682e549c"},
    "mac_address": {"value": "02:00:5e:00:53:01"},
    "ip_address": {"value": "192.0.2.7"},
}


async def _form(house: House, **changed: object) -> dict[str, Any]:
    shown = (await house.http.get("/v1/policies/kaiconn?language=zh")).json()
    texts = {"policy": "kaiconn", "language": "zh", "text_hash": shown["text_hash"]}
    return await house.form(**texts, version=shown["version"], **changed)


async def test_an_account_opens_under_another_policy_with_what_that_one_takes(house: House):
    form = await _form(house)
    refused = await house.http.post("/v1/accounts", json=form)
    assert (refused.status_code, refused.json()["reason"]) == (403, "required_item_missing")
    assert "kaiconn/functions/register/requires/user_name" in refused.json()["clauses"]
    made = await house.http.post("/v1/accounts", json=form | {"items": NEEDED})
    assert made.status_code == 202, made.text
    path = f"/v1/accounts/{made.json()['account']}/verify"
    verified = await house.http.post(path, json={"code": await house.code()})
    owner = Person(house, made.json()["account"], verified.json()["token"], verified.json()["receipt"])
    held = (await owner.done("GET", "/v1/me/records"))["functions"]["register"]
    assert {*NEEDED, "phone_number", "password"} <= set(held)
    typed = {"login": form["phone"], "password": form["password"]}
    signed_in = await house.http.post("/v1/sessions", json=typed)
    assert signed_in.status_code == 200, signed_in.text
    copy = (await owner.ask("GET", "/v1/me/copy")).text
    assert "lantern" in copy
    kept = [line for line in map(json.loads, copy.splitlines()) if line["kind"] == "document"]
    assert "verification_code" not in [line["item"] for line in kept]
