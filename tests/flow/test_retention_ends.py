"""What ends is deleted and what a law wants is kept, by every door: items, functions, orders, accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
  shop:
    title: {en: Shop, zh: 商店}
    gives: {en: lamps, zh: 灯}
    basis: contract
    starts: when_chosen
    choice: required_for_function
    holds: [{item: transaction_info, kept_for: {grounds: [express_law]}}]
    purposes:
      sell: {title: {en: sell you lamps, zh: 销售}, by: [service], verbs: [collect, use], serves: provide}
    on_refusal: {effect: function_unavailable}

legal_holds:
  orders:
    items: [transaction_info]
    keep: 3 years
    from: order_completed
    bound: minimum
    per: record
    opens_for: legal_duty
    survives: cancel
  accounts:
    items: [transaction_info]
    keep: 6 months
    from: account_cancelled
    bound: minimum
    per: record
    opens_for: legal_duty
    survives: cancel

retention:
"""
ORDER = {"amount": 129_00, "currency": "CNY", "at": "2026-03-02T04:00:00Z"}
PLACE = {"latitude": 31.2, "longitude": 121.4}
DUTY = {"ground": "express_law", "document": "5f0e7b1c-3f2a-4c0e-9d55-1a2b3c4d5e6f"}


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "policies"
    folder.mkdir()
    text = LAMPS.read_text().replace("\nretention:\n", LAW)
    (folder / "lanternwell.yaml").write_text(text)
    async with open_house(database, tmp_path, TROTH_POLICIES=str(folder)) as opened:
        opened.clock.at = datetime(2026, 5, 1, 4, tzinfo=UTC)
        yield opened


async def member(house: House) -> Person:
    return await house.owner(policy="lanternwell")


async def choose(owner: Person, function: str, **more: object) -> None:
    shown = (await owner.house.http.get("/v1/policies/lanternwell?language=en")).json()
    body = {"language": "en", "text_hash": shown["text_hash"], **more}
    await owner.done("POST", f"/v1/me/functions/{function}/choose", body)


async def held(owner: Person) -> dict[str, list[str]]:
    found = (await owner.done("GET", "/v1/me/records"))["functions"]
    return {name: sorted(items) for name, items in found.items() if name != "register"}


async def keep_time(house: House) -> None:
    while await house.troth.retain():
        pass


def wraps(database: Dsns, function: str) -> int:
    with psycopg.connect(database.owner) as conn:
        query = "SELECT count(*) FROM document_wrap WHERE function = %s"
        return conn.execute(query, (f"lanternwell/{function}",)).fetchone()[0]


async def order(service: Person, owner: Person, amount: int) -> str:
    asked = {"subject": owner.account, "function": "shop", "purpose": "sell", "another": True}
    value = {"transaction_info": ORDER | {"amount": amount}}
    return (await service.done("POST", "/v1/service/collect", asked | {"values": value}))["records"][
        "transaction_info"
    ]


async def completed(service: Person, owner: Person, record: str) -> list[dict[str, Any]]:
    asked = {"subject": owner.account, "function": "shop", "purpose": "sell"}
    said = {"item": "transaction_info", "record": record, "event": "order_completed"}
    return (await service.done("POST", "/v1/service/happened", asked | said))["holds"]


async def disclosed(service: Person, owner: Person) -> list[dict[str, Any]]:
    asked = {"subject": owner.account, "function": "shop", "purpose": "lawful_demand"}
    more = {"policy": "lanternwell", "items": ["transaction_info"], "reference": DUTY}
    return (await service.done("POST", "/v1/service/disclose", asked | more))["held"]


async def cancelled(house: House, owner: Person) -> None:
    offer = await owner.done("POST", "/v1/me/cancel", {})
    await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
    await house.troth.erase()


async def test_an_item_whose_choice_is_taken_back_is_deleted_and_the_function_goes_on(
    house: House, database: Dsns
):
    owner = await member(house)
    await choose(owner, "dusk")
    await choose(owner, "dusk", item="email_address")
    given = {"geolocation": PLACE, "email_address": {"value": "me@example.org"}}
    await owner.done("PUT", "/v1/me/functions/dusk/items", {"values": given})
    assert await held(owner) == {"dusk": ["email_address", "geolocation"]}
    await owner.done("POST", "/v1/me/functions/dusk/withdraw", {"item": "email_address"})
    await keep_time(house)
    assert await held(owner) == {"dusk": ["geolocation"]}
    assert wraps(database, "dusk") == 1
    copy = (await owner.ask("GET", "/v1/me/copy")).text
    assert "me@example.org" not in copy
    assert "31.2" in copy
    await choose(owner, "dusk", item="email_address")
    await owner.done(
        "PUT", "/v1/me/functions/dusk/items", {"values": {"email_address": given["email_address"]}}
    )
    await keep_time(house)
    assert await held(owner) == {"dusk": ["email_address", "geolocation"]}  # nothing of the old end is left


async def test_an_item_that_comes_with_its_function_stays_with_it(house: House):
    owner = await member(house)
    await choose(owner, "dusk")
    given = {"values": {"geolocation": PLACE}}
    await owner.done("PUT", "/v1/me/functions/dusk/items", given)
    await owner.done("POST", "/v1/me/functions/dusk/withdraw", {"item": "geolocation"})
    await keep_time(house)
    assert await held(owner) == {"dusk": ["geolocation"]}


async def test_what_is_on_file_of_a_withdrawn_function_is_gone_from_every_list(house: House, database: Dsns):
    owner = await member(house)
    await choose(owner, "dusk")
    given = {"values": {"geolocation": PLACE}}
    await owner.done("PUT", "/v1/me/functions/dusk/items", given)
    await owner.done("POST", "/v1/me/functions/dusk/withdraw", {})
    await keep_time(house)
    assert await held(owner) == {}
    assert wraps(database, "dusk") == 0


async def test_a_completed_order_is_held_three_years_for_the_law_alone(house: House, database: Dsns):
    owner, service = await member(house), await house.staff(Role.SERVICE)
    await choose(owner, "shop")
    done, left = await order(service, owner, 100), await order(service, owner, 200)
    (hold,) = await completed(service, owner, done)
    assert hold["clause"] == "lanternwell/legal_holds/orders"
    until = datetime.fromisoformat(hold["until"])
    assert until.isoformat() == "2029-05-02T00:00:00+08:00"
    await owner.done("POST", "/v1/me/functions/shop/withdraw", {})
    await keep_time(house)
    assert wraps(database, "shop") == 1  # of the hold
    found = await disclosed(service, owner)
    assert [(one["record"], one["value"]["amount"]) for one in found] == [(done, 100)]
    assert left != done
    refused = await service.ask(
        "POST",
        "/v1/service/use",
        {"subject": owner.account, "function": "shop", "purpose": "sell", "items": ["transaction_info"]},
    )
    assert refused.status_code == 403
    await cancelled(house, owner)
    assert len(await disclosed(service, owner)) == 1
    house.clock.at = until
    assert await disclosed(service, owner) == []
    await keep_time(house)
    assert wraps(database, "shop") == 0


async def test_a_hold_from_the_account_s_end_begins_with_it(house: House):
    owner, service = await member(house), await house.staff(Role.SERVICE)
    await choose(owner, "shop")
    record = await order(service, owner, 100)
    assert await disclosed(service, owner) == []
    await cancelled(house, owner)
    (found,) = await disclosed(service, owner)
    assert (found["record"], found["value"]["amount"]) == (record, 100)
    house.clock.at += timedelta(days=185)
    await keep_time(house)
    assert await disclosed(service, owner) == []


@pytest.mark.parametrize("event", ["account_cancelled", "collected", "full_moon"])
async def test_a_service_says_only_what_happened_to_a_record(house: House, event: str):
    owner, service = await member(house), await house.staff(Role.SERVICE)
    await choose(owner, "shop")
    record = await order(service, owner, 100)
    asked = {"subject": owner.account, "function": "shop", "purpose": "sell"}
    said = {"item": "transaction_info", "record": record, "event": event}
    answer = await service.ask("POST", "/v1/service/happened", asked | said)
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_its_event")


async def test_a_function_that_ended_is_erased_by_the_rule_for_purposes(house: House, database: Dsns):
    """The policy has no word on ends: what ended has no purpose any more, which it has a rule for."""
    owner, admin = await member(house), await house.staff(Role.ADMIN)
    await choose(owner, "dusk")
    await owner.done("PUT", "/v1/me/functions/dusk/items", {"values": {"geolocation": PLACE}})
    end = {"policy": "lanternwell", "functions": ["dusk"], "at": "2026-05-11T04:00:00Z"}
    await admin.done("POST", "/v1/staff/endings", end)
    while await house.troth.notify():
        pass
    assert wraps(database, "dusk") == 1
    house.clock.advance(days=10)
    while await house.troth.notify():
        pass
    assert wraps(database, "dusk") == 0
    assert await held(owner) == {}
