"""Accounts under policies that ask for more, or less: one of two ways to be reached, a guardian."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PASSWORD, House, open_house

PHONE, EMAIL = "+8613900139000", "owner@example.org"


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


async def form(house: House, policy: str, **changed: object) -> dict[str, object]:
    made = await house.form(policy=policy, **changed)
    return {key: value for key, value in made.items() if value is not None}


@pytest.mark.parametrize(
    ("policy", "login", "left_out"),
    [("kmuun", PHONE, "email"), ("kme-smart", PHONE, "email"), ("kme-smart", EMAIL, "phone")],
)
async def test_an_account_is_opened_verified_and_signed_in_to(house: House, policy, login, left_out):
    given = {"phone": PHONE, "email": EMAIL} | {left_out: None}
    made = await house.http.post("/v1/accounts", json=await form(house, policy, **given))
    assert made.status_code == 202, made.text
    code = await house.code()
    verified = await house.http.post(f"/v1/accounts/{made.json()['account']}/verify", json={"code": code})
    assert verified.status_code == 200, verified.text
    begun = await house.http.post("/v1/sessions", json={"login": login, "password": PASSWORD})
    assert begun.status_code == 200, begun.text
    headers = {"Authorization": f"Bearer {begun.json()['token']}"}
    me = (await house.http.get("/v1/me", headers=headers)).json()
    assert me["policy"] == policy


async def test_a_function_that_needs_a_separate_consent_can_be_chosen(house: House):
    made = await house.http.post("/v1/accounts", json=await form(house, "kme-smart"))
    verify = f"/v1/accounts/{made.json()['account']}/verify"
    token = (await house.http.post(verify, json={"code": await house.code()})).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    shown = (await house.http.get("/v1/policies/kme-smart?language=en")).json()
    text = {"language": "en", "text_hash": shown["text_hash"]}
    chosen = await house.http.post("/v1/me/functions/sync/choose", json=text, headers=headers)
    assert chosen.status_code == 200, chosen.text
    stated = await house.http.put("/v1/me/functions/sync/needs/device", json={"met": True}, headers=headers)
    assert stated.is_success, stated.text
    given = {"values": {"smart_alarm": {"at": "07:00"}}}
    put = await house.http.put("/v1/me/functions/sync/items", json=given, headers=headers)
    assert put.is_success, put.text


async def test_neither_an_address_nor_a_number_opens_no_account(house: House):
    answer = await house.http.post("/v1/accounts", json=await form(house, "kme-smart", phone=None))
    assert (answer.status_code, answer.json()["reason"]) == (403, "required_item_missing")


async def test_who_is_too_young_to_speak_for_themselves_is_not_let_in_without_a_guardian(house: House):
    young = await form(house, "kmuun", birth_date="2010-05-01", declares_adult=None)
    answer = await house.http.post("/v1/accounts", json=young)
    assert (answer.status_code, answer.json()["reason"]) == (403, "guardian_missing")
    grown = await form(house, "kmuun", birth_date="1990-05-01", declares_adult=None)
    assert (await house.http.post("/v1/accounts", json=grown)).status_code == 202
