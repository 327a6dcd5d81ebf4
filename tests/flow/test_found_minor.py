"""A minor found later: reported at the desk, refused under every policy at once, and erased."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PASSWORD, PHONE, POLICY, House, open_house
from troth.subjects.roles import Role
from troth.terms import PolicyName

DOOR = "/v1/staff/minors"
REPORT = {"contact": PHONE, "warned": True}


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


def kinds(database: Dsns) -> list[str]:
    with psycopg.connect(database.owner) as conn:
        rows = conn.execute("SELECT body FROM ledger_entry ORDER BY at").fetchall()
    return [json.loads(bytes(row[0]))["kind"] for row in rows]


async def test_a_minor_found_later_is_refused_at_once_and_erased(house: House, database: Dsns):
    owner, desk = await house.owner(), await house.staff(Role.PRIVACY)
    found = await desk.done("POST", DOOR, REPORT)
    assert (await owner.ask("GET", "/v1/me")).status_code == 401
    login = {"login": PHONE, "password": PASSWORD}
    assert (await house.http.post("/v1/sessions", json=login)).status_code == 401
    assert {"found_minor", "cancelled", "erasure_planned"} <= {*kinds(database)}
    house.clock.advance(days=1, minutes=5)
    assert await house.troth.turn_epoch()
    while await house.troth.erase():
        pass
    await house.troth.deliver(house.letters)
    assert "certificate" in kinds(database)
    assert len(found["erasure"]) == 36
    again = await desk.ask("POST", DOOR, REPORT)
    assert (again.status_code, again.json()["reason"]) == (404, "nobody_there")


async def test_a_report_takes_a_warning_and_the_right_desk(house: House):
    owner, desk = await house.owner(), await house.staff(Role.PRIVACY)
    unwarned = await desk.ask("POST", DOOR, {"contact": PHONE})
    assert (unwarned.status_code, unwarned.json()["reason"]) == (409, "not_warned")
    for role in (Role.SUPPORT, Role.MAKER, Role.SERVICE, Role.AUDIT):
        refused = await (await house.staff(role)).ask("POST", DOOR, REPORT)
        assert refused.json()["reason"] == "wrong_role"
    assert (await owner.ask("POST", DOOR, REPORT)).json()["reason"] == "not_staff"
    await owner.done("GET", "/v1/me")


async def test_where_the_policy_asks_for_no_age_nobody_is_found_too_young(house: House, database: Dsns):
    owner, desk = await house.owner(), await house.staff(Role.PRIVACY)
    versions = house.troth._system.policies[PolicyName(POLICY)]
    versions[1] = replace(versions[1], audience=None)
    refused = await desk.ask("POST", DOOR, REPORT)
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_age_asked")
    await owner.done("GET", "/v1/me")
    assert "found_minor" not in kinds(database)
