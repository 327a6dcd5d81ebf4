"""A new version of the policy through the doors: accepted, gone on with, or neither."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import POLICY, House, open_house
from troth.edges.web.visit import SESSION
from troth.terms import FunctionName, ItemName, PolicyName

ACCEPT, GO_ON = f"/v1/me/policies/{POLICY}/accept", f"/v1/me/policies/{POLICY}/continue"
ITEMS = "/v1/me/functions/register/items"
EMAIL = {"values": {"email_address": {"value": "owner@example.org"}}}


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


def publish(house: House, *, continued_use: bool = False) -> None:
    """Publish a second version, which no longer takes the e-mail address when somebody registers."""
    versions = house.troth._system.policies[PolicyName(POLICY)]
    first = replace(versions[1], continued_use=continued_use)
    register = first.functions[FunctionName("register")]
    takes = {
        role: {item: clause for item, clause in of_role.items() if item != ItemName("email_address")}
        for role, of_role in register.takes.items()
    }
    tables = {**first.functions, FunctionName("register"): replace(register, takes=takes)}
    versions[1] = first
    versions[2] = replace(first, policy=replace(first.policy, version=2), functions=tables)


async def shown(house: House, **changed: object) -> dict[str, Any]:
    text = (await house.http.get(f"/v1/policies/{POLICY}?language=en")).json()
    return {"version": text["version"], "language": "en", "text_hash": text["text_hash"]} | changed


async def test_a_new_version_binds_from_when_its_text_is_accepted(house: House):
    owner = await house.owner()
    publish(house)
    assert (await owner.done("GET", "/v1/me"))["version"] == 1
    wrong = await owner.ask("POST", ACCEPT, await shown(house, text_hash="a" * 64))
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "not_the_text")
    assert (await owner.done("POST", ACCEPT, await shown(house)))["receipt"].count(".") == 2
    assert (await owner.done("GET", "/v1/me"))["version"] == 2
    refused = await owner.ask("PUT", ITEMS, EMAIL)
    assert refused.json()["reason"] == "item_undeclared"


async def test_the_centre_tells_of_a_new_version_and_takes_the_yes_to_it(house: House):
    owner = await house.owner()
    publish(house)
    transport = house.http._transport
    async with httpx.AsyncClient(transport=transport, base_url="http://troth.test") as browser:
        await browser.get("/")
        browser.cookies.set(SESSION, owner.token)
        assert f'href="/policy?name={POLICY}">Read version 2' in (await browser.get("/privacy")).text
        listed = (await browser.get(f"/policy/{POLICY}/versions")).text
        assert [f"Version {n}" in listed for n in (1, 2, 3)] == [True, True, False]
        assert (await browser.get(f"/policy/{POLICY}/changes/2")).status_code == 200
        assert (await browser.get(f"/policy/{POLICY}/changes/3")).status_code == 404
        listed = (await browser.get("/policy")).text
        assert "You accepted version 1" in listed
        assert listed.index(f"name={POLICY}&") < listed.index("name=kaiconn")
        text = (await browser.get(f"/policy?name={POLICY}")).text
        fields = dict(re.findall(r'name="(csrf|version|hash)" value="(\w+)"', text))
        unread = await browser.post("/privacy/accept", data=fields)
        wrong = await browser.post("/privacy/accept", data=fields | {"agreed": "yes", "hash": "a" * 64})
        assert (unread.status_code, wrong.status_code) == (403, 400)
        assert (await owner.done("GET", "/v1/me"))["version"] == 1
        yes = await browser.post("/privacy/accept", data=fields | {"agreed": "yes"})
        assert yes.headers["location"] == "/privacy?done=accepted"
        assert "Read version 2" not in (await browser.get("/privacy")).text
    assert (await owner.done("GET", "/v1/me"))["version"] == 2


async def test_going_on_binds_to_both_where_the_accepted_version_says_so(house: House):
    owner = await house.owner()
    publish(house, continued_use=True)
    assert await owner.done("PUT", ITEMS, EMAIL) == {"stored": ["email_address"]}
    await owner.done("DELETE", f"{ITEMS}/email_address")
    assert (await owner.done("POST", GO_ON, await shown(house)))["receipt"].count(".") == 2
    assert (await owner.done("GET", "/v1/me"))["version"] == 1
    refused = await owner.ask("PUT", ITEMS, EMAIL)
    assert refused.json()["reason"] == "item_undeclared"


async def test_going_on_is_nothing_where_the_accepted_version_does_not_say_so(house: House):
    owner = await house.owner()
    publish(house)
    refused = await owner.ask("POST", GO_ON, await shown(house))
    assert (refused.status_code, refused.json()["reason"]) == (409, "not_a_choice")
    assert await owner.done("PUT", ITEMS, EMAIL) == {"stored": ["email_address"]}


async def test_nobody_goes_on_under_the_version_they_accepted(house: House):
    owner = await house.owner()
    publish(house, continued_use=True)
    await owner.done("POST", ACCEPT, await shown(house))
    refused = await owner.ask("POST", GO_ON, await shown(house))
    assert refused.json()["reason"] == "not_a_choice"


async def test_a_policy_that_is_not_here_is_neither_accepted_nor_gone_on_with(house: House):
    owner = await house.owner()
    for path in ("/v1/me/policies/elsewhere/accept", "/v1/me/policies/elsewhere/continue"):
        refused = await owner.ask("POST", path, await shown(house))
        assert refused.status_code in (404, 409)
