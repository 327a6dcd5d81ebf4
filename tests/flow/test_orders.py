"""An authority's order keeps what would be deleted: where a clause carries it, until its day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import House, Person, open_house
from tests.flow.test_subjects_accounts import quick_hashes
from troth.subjects.roles import Role

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
LAMPS = Path(__file__).parents[2] / "docs" / "howto" / "lanternwell.yaml"
LAW = """
kept_on_order:
  grounds: [legal_order]
  per: record
  opens_for: legal_duty
  survives: cancel

retention:
"""
PLACE = {"geolocation": {"latitude": 31.2, "longitude": 121.4}}
UNTIL = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "lanternwell.yaml").write_text(LAMPS.read_text().replace("\nretention:\n", LAW))
    plain = LAMPS.read_text().replace("lanternwell", "lampless")
    (folder / "lampless.yaml").write_text(plain)
    async with open_house(database, tmp_path, TROTH_POLICIES=str(folder)) as opened:
        opened.clock.at = datetime(2026, 5, 1, 4, tzinfo=UTC)
        yield opened


async def dusk(house: House, policy: str = "lanternwell", **who: str) -> Person:
    owner = await house.owner(policy=policy, **who)
    shown = (await house.http.get(f"/v1/policies/{policy}?language=en")).json()
    body = {"language": "en", "text_hash": shown["text_hash"]}
    await owner.done("POST", "/v1/me/functions/dusk/choose", body)
    await owner.done("PUT", "/v1/me/functions/dusk/items", {"values": PLACE})
    return owner


def order(phone: str, **changed: object) -> dict[str, object]:
    said = {"contact": phone, "function": "dusk", "document": str(uuid4()), "until": UNTIL.isoformat()}
    return said | changed


async def kept(owner: Person) -> list[tuple[str, str | None]]:
    return [(one["item"], one["document"]) for one in await owner.done("GET", "/v1/me/kept")]


async def keep_time(house: House) -> None:
    while await house.troth.retain():
        pass


def count(database: Dsns, query: str, *values: object) -> Any:
    with psycopg.connect(database.owner) as conn:
        return conn.execute(query, values).fetchone()[0]


WRAPS = "SELECT count(*) FROM document_wrap WHERE function = 'lanternwell/dusk'"


async def test_an_order_keeps_what_its_person_deletes_until_its_day(house: House, database: Dsns):
    owner, office = await dusk(house), await house.staff(Role.PRIVACY)
    placed = order("+8613800138000")
    assert await office.done("POST", "/v1/staff/orders", placed) == {"records": 1}
    assert await kept(owner) == [("geolocation", placed["document"])]
    (line,) = await office.done("GET", "/v1/staff/orders")
    assert (line["clause"], line["subject"]) == ("lanternwell/kept_on_order", owner.account)
    assert line["until"].startswith("2026-09-01")
    await owner.done("POST", "/v1/me/functions/dusk/withdraw", {})
    await keep_time(house)
    functions = (await owner.done("GET", "/v1/me/records"))["functions"]
    assert "dusk" not in functions  # it is let go of, and nobody but the duty opens it
    assert count(database, WRAPS) == 1
    offer = await owner.done("POST", "/v1/me/cancel", {})
    await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
    await house.troth.erase()
    await keep_time(house)
    assert count(database, WRAPS) == 1
    later = {"subject": owner.account, "until": (UNTIL + timedelta(days=30)).isoformat()}
    at = f"/v1/staff/orders/{placed['document']}"
    assert await office.done("POST", f"{at}/prolong", later) == {"records": 1}
    again = await office.ask("POST", f"{at}/prolong", later)
    assert (again.status_code, again.json()["reason"]) == (404, "no_such_order")
    ever = later | {"until": (house.clock.at + timedelta(days=3 * 367)).isoformat()}
    refused = await office.ask("POST", f"{at}/prolong", ever)
    assert (refused.status_code, refused.json()["reason"]) == (422, "order_too_long")
    house.clock.at = UNTIL + timedelta(days=29)
    await keep_time(house)
    assert count(database, WRAPS) == 1
    house.clock.at = UNTIL + timedelta(days=30)
    await keep_time(house)
    assert count(database, WRAPS) == 0
    assert await office.done("GET", "/v1/staff/orders") == []


async def test_staff_end_an_order_and_another_on_the_same_record_goes_on(house: House, database: Dsns):
    owner, office = await dusk(house), await house.staff(Role.PRIVACY)
    first, second = order("+8613800138000"), order("+8613800138000", items=["geolocation"])
    for each in (first, second):
        await office.done("POST", "/v1/staff/orders", each)
    await owner.done("POST", "/v1/me/functions/dusk/withdraw", {})
    for each, left in ((first, 1), (second, 0)):
        end = f"/v1/staff/orders/{each['document']}/end"
        assert await office.done("POST", end, {"subject": owner.account}) == {"records": 1}
        house.clock.advance(seconds=1)
        await keep_time(house)
        assert count(database, WRAPS) == left
    assert await kept(owner) == []
    about = "SELECT count(*) FROM ledger_entry WHERE kind = %s AND encode(body, 'escape') LIKE %s"
    for kind, times in (("held", 1), ("hold_ended", 1)):
        assert count(database, about, kind, f"%{first['document']}%") == times


async def test_no_clause_no_hold_and_the_refusal_is_on_record(house: House, database: Dsns):
    await dusk(house, "lampless")
    office = await house.staff(Role.PRIVACY)
    refused = await office.ask("POST", "/v1/staff/orders", order("+8613800138000"))
    said = refused.json()
    assert (refused.status_code, said["reason"]) == (403, "basis_unlisted")
    assert "lampless/retention/account_cancelled" in said["clauses"]
    assert count(database, "SELECT count(*) FROM hold") == 0
    assert count(database, "SELECT count(*) FROM ledger_entry WHERE entry = %s", said["entry"]) == 1


async def test_what_an_order_may_not_is_refused(house: House, database: Dsns):
    await dusk(house)
    office, support = await house.staff(Role.PRIVACY), await house.staff(Role.SUPPORT)
    over = datetime(2026, 4, 30, tzinfo=UTC).isoformat()
    ever = house.clock.at + timedelta(days=3 * 366, seconds=1)
    for changed, status in (
        ({"until": over}, 422),
        ({"until": ever.isoformat()}, 422),
        ({"until": "9999-12-31T23:59:59-12:00"}, 422),
        ({"document": str(UUID(int=0))}, 422),
        ({"function": "unheard_of"}, 403),
        ({"items": ["phone_number"]}, 403),
        ({"function": "register", "items": ["password"]}, 409),
        ({"contact": "+8613900139000"}, 404),
        ({"document": "a name of somebody"}, 422),
    ):
        refused = await office.ask("POST", "/v1/staff/orders", order("+8613800138000", **changed))
        assert (changed, refused.status_code) == (changed, status)
    assert (await support.ask("POST", "/v1/staff/orders", order("+8613800138000"))).status_code == 403
    ended = await office.ask("POST", f"/v1/staff/orders/{uuid4()}/end", {"subject": str(uuid4())})
    assert ended.status_code == 404
    assert count(database, "SELECT count(*) FROM hold") == 0
