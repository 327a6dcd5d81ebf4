"""Requests through the doors, under SUNMI's policy: the person, the desk, the letters, the ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PHONE, House, Person, open_house
from troth.subjects.roles import Role

DESK = "/v1/staff/requests"
MINE = "/v1/me/requests"
SECRET = "the camera over the till, Lantern Teahouse"


class Shop:
    """A house with an owner and someone at the desk."""

    def __init__(self, house: House, owner: Person, staff: Person, database: Dsns) -> None:
        self.house, self.owner, self.staff, self.database = house, owner, staff, database

    async def ask(self, right: str = "access", text: str = SECRET) -> dict[str, Any]:
        return await self.owner.done("POST", MINE, {"right": right, "text": text})

    async def enter(self, right: str, channel: str = "phone", **more: object) -> dict[str, Any]:
        return await self.staff.done(
            "POST", DESK, {"contact": PHONE, "right": right, "channel": channel} | more
        )

    async def step(self, request: str, name: str, body: object) -> Any:
        return await self.staff.ask("POST", f"{DESK}/{request}/{name}", body)

    async def letters(self) -> list[str]:
        await self.house.troth.deliver(self.house.letters)
        return [one.text for one in self.house.letters.carried]

    def entries(self) -> list[dict[str, Any]]:
        with psycopg.connect(self.database.owner) as conn:
            rows = conn.execute("SELECT body FROM ledger_entry ORDER BY at").fetchall()
        return [json.loads(bytes(row[0])) for row in rows]

    def over(self) -> list[str]:
        with psycopg.connect(self.database.owner) as conn:
            return [row[0] for row in conn.execute("SELECT function FROM retention_due ORDER BY function")]


@pytest.fixture
async def shop(database: Dsns, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_house(database, tmp_path) as house:
        yield Shop(house, await house.owner(), await house.staff(Role.PRIVACY), database)


async def test_a_request_has_a_date_a_clause_a_letter_and_an_answer(shop: Shop) -> None:
    made = await shop.ask()
    start = shop.house.clock.now()
    assert made["state"] == "open"
    assert made["due"] == (start + timedelta(days=15)).isoformat().replace("+00:00", "Z")
    assert made["clause"] == "sunmi-camera/rights/access"
    assert made["said"] == SECRET
    (waiting,) = await shop.staff.done("GET", DESK)
    assert (waiting["request"], waiting["subject"]) == (made["request"], shop.owner.account)
    assert SECRET not in json.dumps(waiting)
    assert (await shop.staff.done("GET", f"{DESK}/{made['request']}"))["said"] == SECRET
    answer = await shop.step(made["request"], "meet", {"text": "It is all in your copy."})
    assert answer.status_code == 200, answer.text
    assert await shop.staff.done("GET", DESK) == []
    (mine,) = await shop.owner.done("GET", MINE)
    assert (mine["state"], mine["reply"]) == ("met", "It is all in your copy.")
    received, met = (await shop.letters())[-2:]
    assert "by 2026-03-17 12:00" in received
    assert "is met. It is all in your copy." in met
    kinds = [e["kind"] for e in shop.entries() if e.get("details", {}).get("request") == made["request"]]
    assert kinds == ["request", "staff_read", "answered"]


async def test_nothing_that_anyone_wrote_is_on_record_or_in_plain(shop: Shop) -> None:
    made = await shop.ask()
    await shop.step(made["request"], "ask", {"text": "Which of your shops?"})
    await shop.owner.done("POST", f"{MINE}/{made['request']}/more", {"text": "the one in Nanjing Road"})
    await shop.step(made["request"], "refuse", {"ground": "harm", "facts": "a colleague is in the picture"})
    said = json.dumps(shop.entries())
    with psycopg.connect(shop.database.owner) as conn:
        rows = [
            conn.execute("SELECT request::text FROM request").fetchall(),
            conn.execute("SELECT outbox::text FROM outbox").fetchall(),
        ]
    for words in (SECRET, "Which of your shops", "Nanjing", "a colleague", PHONE, shop.owner.account):
        assert words not in said
    for words in (SECRET, "Which of your shops", "Nanjing", "a colleague", PHONE):
        assert words not in str(rows)
    (mine,) = await shop.owner.done("GET", MINE)
    assert mine["said"].endswith("the one in Nanjing Road")


async def test_a_refusal_names_a_listed_ground_its_facts_and_where_to_complain(shop: Shop) -> None:
    made = await shop.ask("delete")
    for ground in ("too_much_work", "personal_reasons"):
        answer = await shop.step(made["request"], "refuse", {"ground": ground, "facts": "we are busy"})
        assert (answer.status_code, answer.json()["reason"]) == (409, "ground_unlisted")
        assert "malice" in answer.json()["detail"]
    silent = await shop.step(made["request"], "refuse", {"ground": "secrets", "facts": "  "})
    assert (silent.status_code, silent.json()["reason"]) == (422, "facts_missing")
    answer = await shop.step(made["request"], "refuse", {"ground": "secrets", "facts": "It is how we count."})
    assert answer.json()["ground"] == "secrets"
    letter = (await shop.letters())[-1]
    assert (
        "cannot be met: it would give trade secrets away (clause sunmi-camera/refuse_when/secrets)" in letter
    )
    assert "It is how we count." in letter
    assert "400-6666-509" in letter
    assert "cybersecurity, telecommunications" in letter
    (entry,) = [e for e in shop.entries() if e["kind"] == "answered"]
    assert entry["clauses"] == ["sunmi-camera/refuse_when/secrets"]
    assert entry["details"]["staff"] == shop.staff.account
    after = await shop.step(made["request"], "meet", {})
    assert (after.status_code, after.json()["reason"]) == (409, "no_such_step")


async def test_what_is_late_is_marked_sorted_and_watched(shop: Shop) -> None:
    first = await shop.ask()
    shop.house.clock.advance(days=5)
    second = await shop.ask("correct")
    shop.house.clock.advance(days=10, seconds=-1)
    assert (await shop.house.troth.late()).requests == ()
    shop.house.clock.advance(seconds=1)
    waiting = await shop.staff.done("GET", DESK)
    assert [(one["request"], one["overdue"]) for one in waiting] == [
        (first["request"], True),
        (second["request"], False),
    ]
    assert (await shop.house.troth.late()).requests == (UUID(first["request"]),)
    await shop.step(first["request"], "meet", {})
    assert (await shop.house.troth.late()).requests == ()


async def test_the_desk_enters_by_the_ways_that_the_policy_names(shop: Shop) -> None:
    letter = {"contact": PHONE, "right": "access", "channel": "letter"}
    answer = await shop.staff.ask("POST", DESK, letter)
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_this_way")
    assert "email, phone, privacy_page" in answer.json()["detail"]
    for wrong, reason in (
        ({"channel": "privacy_page"}, "not_this_way"),
        ({"right": "explain"}, "no_such_right"),
        ({"contact": "+8613912345678"}, "nobody_there"),
        ({"received": "2026-03-02T04:00:01+00:00"}, "not_yet"),
    ):
        answer = await shop.staff.ask("POST", DESK, letter | {"channel": "email"} | wrong)
        assert answer.json()["reason"] == reason
    sent = await shop.enter("access", "email", received="2026-03-01T04:00:00+00:00")
    assert sent["due"] == "2026-03-16T04:00:00Z"
    maker = await shop.house.staff(Role.MAKER)
    assert (await maker.ask("GET", DESK)).json()["reason"] == "wrong_role"


async def test_whoever_withdraws_by_mail_is_obeyed_once_it_is_proven(shop: Shop) -> None:
    await shop.owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
    made = await shop.enter("scope", "email", text="stop counting my customers")
    early = await shop.step(made["request"], "meet", {"function": "customer_flow"})
    assert early.json()["reason"] == "no_such_step"
    proof = await shop.step(made["request"], "proof", {"proofs": ["kinship"]})
    assert (proof.status_code, proof.json()["reason"]) == (409, "proof_missing")
    assert "identity, written_request" in proof.json()["detail"]
    await shop.step(made["request"], "proof", {"proofs": ["written_request"]})
    nameless = await shop.step(made["request"], "meet", {})
    assert nameless.json()["reason"] == "which_function"
    assert (await shop.step(made["request"], "meet", {"function": "customer_flow"})).status_code == 200
    state = (await shop.owner.done("GET", "/v1/me"))["functions"]["customer_flow"]
    assert (state["on"], state["why"]) == (False, "withdrawn")
    assert shop.over() == ["sunmi-camera/customer_flow"]


async def test_a_deletion_that_is_met_leaves_the_function_nothing(shop: Shop) -> None:
    await shop.owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
    made = await shop.ask("delete", "everything of the customer flow")
    whole = await shop.step(made["request"], "meet", {"function": "register"})
    assert whole.json()["reason"] == "ends_the_account"
    assert (await shop.step(made["request"], "meet", {"function": "customer_flow"})).status_code == 200


async def test_a_first_request_is_free_and_a_second_costs_only_what_was_agreed(shop: Shop) -> None:
    first = await shop.ask()
    free = await shop.step(first["request"], "quote", {"fee": 1000})
    assert (free.status_code, free.json()["reason"]) == (409, "no_fee")
    await shop.step(first["request"], "meet", {})
    again = await shop.ask()
    quoted = await shop.step(again["request"], "quote", {"fee": 1000})
    assert quoted.json()["state"] == "quoted"
    assert (await shop.step(again["request"], "meet", {})).json()["reason"] == "no_such_step"
    agreed = await shop.owner.done("POST", f"{MINE}/{again['request']}/agree", {})
    assert (agreed["state"], agreed["fee"]) == ("open", 1000)
    assert (await shop.step(again["request"], "meet", {})).status_code == 200
    assert any("10.00 yuan (clause sunmi-camera/requests/free)" in text for text in await shop.letters())


async def test_a_person_takes_a_request_back(shop: Shop) -> None:
    made = await shop.ask()
    assert (await shop.owner.done("POST", f"{MINE}/{made['request']}/withdraw", {}))["state"] == "revoked"
    again = await shop.owner.ask("POST", f"{MINE}/{made['request']}/withdraw", {})
    assert (again.status_code, again.json()["reason"]) == (409, "no_such_step")
    other = await shop.house.owner(phone="+8613912345678")
    theirs = await other.ask("POST", f"{MINE}/{made['request']}/withdraw", {})
    assert (theirs.status_code, theirs.json()["reason"]) == (404, "no_such_request")
    unknown = await shop.staff.ask("GET", f"{DESK}/{uuid4()}")
    assert unknown.status_code == 404


async def test_cancelling_is_not_asked_for_but_done_in_two_steps(shop: Shop) -> None:
    answer = await shop.owner.ask("POST", MINE, {"right": "cancel"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "two_steps")


# INVARIANT: a cancellation by hotline or e-mail ends the account and the person is told, once it is proven.


async def test_sunmi_is_cancelled_by_hotline(shop: Shop) -> None:
    made = await shop.enter("cancel")
    assert made["state"] == "received"
    early = await shop.step(made["request"], "meet", {"warned": True})
    assert early.json()["reason"] == "no_such_step"
    await shop.step(made["request"], "proof", {"proofs": ["identity"]})
    unwarned = await shop.step(made["request"], "meet", {})
    assert (unwarned.status_code, unwarned.json()["reason"]) == (409, "not_warned")
    assert (await shop.owner.ask("GET", "/v1/me")).status_code == 200
    done = await shop.step(made["request"], "meet", {"warned": True})
    assert done.json()["state"] == "met", done.text
    assert (await shop.owner.ask("GET", "/v1/me")).status_code == 401
    told = (await shop.letters())[-1]
    assert "Your account is cancelled; this cannot be undone" in told
    line = told.rpartition(" ")[2]
    seen = (await shop.house.http.post("/v1/farewell", json={"farewell": line})).json()
    assert seen["stage"] == 1
    answered = [e for e in shop.entries() if e["kind"] == "answered"]
    assert answered[-1]["details"]["outcome"] == "met"


async def test_the_last_word_waits_for_the_certificate_and_then_the_address_is_gone(shop: Shop) -> None:
    offer = await shop.owner.done("POST", "/v1/me/cancel", {})
    assert offer["revocable"] is None
    done = await shop.owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
    house, troth = shop.house, shop.house.troth
    house.clock.advance(days=1)
    await troth.turn_epoch()
    while await troth.erase():
        pass
    assert list(troth._system.keyring.farewells()) == [UUID(done["erasure"])]
    texts = await shop.letters()
    assert "Your account is cancelled" in texts[-2]
    assert "Your signed certificate waits" in texts[-1]
    assert {one.to for one in house.letters.carried} == {PHONE}
    await troth.erase()
    assert list(troth._system.keyring.farewells()) == []
    seen = await house.http.post("/v1/farewell", json={"farewell": texts[-1].rpartition(" ")[2]})
    assert seen.json()["certificate"]


async def test_a_word_that_the_carrier_does_not_take_goes_later(shop: Shop) -> None:
    offer = await shop.owner.done("POST", "/v1/me/cancel", {})
    await shop.owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})

    class Away:
        async def send(self, *_letter: object) -> None:
            raise ConnectionError

    assert await shop.house.troth.deliver(Away()) == 0
    before = len(await shop.letters())
    shop.house.clock.advance(minutes=1)
    assert len(await shop.letters()) == before + 1
    assert len(await shop.letters()) == before + 1
