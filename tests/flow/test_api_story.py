"""A person's way through the API on a real database: register, bind, choose, see, copy, cancel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, PASSWORD, PHONE, SHOP, open_house
from troth.app import policies
from troth.ledger.verify import Verified
from troth.subjects.roles import Role
from troth.vault import certificate


async def test_register_bind_choose_store(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner = await house.owner()
        me = await owner.done("GET", "/v1/me")
        assert me["functions"]["register"]["on"] is True
        assert me["functions"]["customer_flow"] == me["functions"]["customer_flow"] | {
            "on": False,
            "why": "not_chosen",
        }
        maker = await house.staff(Role.MAKER)
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
        wrong = await owner.ask("POST", "/v1/me/devices", CAMERA | {"code": "0000-0000"})
        assert (wrong.status_code, wrong.json()["reason"]) == (403, "wrong_code")
        bound = await owner.done("POST", "/v1/me/devices", CAMERA)
        assert bound["up"] == f"up/{bound['token']}/"
        for function in ("customer_flow", "store_guard"):
            receipt = await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
            assert receipt["receipt"].count(".") == 2
        await owner.done("PUT", "/v1/me/store", SHOP)
        me = await owner.done("GET", "/v1/me")
        assert me["functions"]["customer_flow"]["on"] is True
        assert me["functions"]["store_guard"]["on"] is True
        assert me["switches"]["customer_flow"] == {bound["device"]: True}
        assert me["devices"][0]["device"] == bound["device"]
        device = {"on": False, "device": bound["device"]}
        await owner.done("PUT", "/v1/me/switches/customer_flow", device)
        me = await owner.done("GET", "/v1/me")
        assert me["switches"]["customer_flow"] == {bound["device"]: False}
        # The camera's stream is off; what it counted before is still the owner's to see.
        assert (await owner.ask("GET", "/v1/me/footfall?day=2026-03-02")).status_code == 200
        await owner.done("PUT", "/v1/me/switches/customer_flow", device | {"on": True})
        flow = await owner.done("GET", "/v1/me/footfall?day=2026-03-02")
        assert flow["hours"] == []
        assert flow["clause"].startswith("sunmi-camera/functions/customer_flow/")
        await owner.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
        refused = await owner.ask("GET", "/v1/me/footfall?day=2026-03-02")
        assert (refused.status_code, refused.json()["reason"]) == (403, "withdrawn")
        assert refused.json()["entry"]
        alerts = await owner.done("GET", "/v1/me/alerts?day=2026-03-02")
        assert alerts["alerts"] == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"agreed": False}, "not_accepted"),
        ({"declares_adult": None, "birth_date": "2008-06-01"}, "underage"),
        ({"declares_adult": None}, "age_unknown"),
    ],
)
async def test_who_may_not_leaves_nothing(
    database: Dsns, tmp_path: Path, changed: dict[str, object], reason: str
) -> None:
    async with open_house(database, tmp_path) as house:
        answer = await house.http.post("/v1/accounts", json=await house.form(**changed))
        assert (answer.status_code, answer.json()["reason"]) == (403, reason)
        await house.troth.deliver(house.letters)
        assert not house.letters.carried


async def test_a_known_number_gets_the_same_answer_and_its_owner_a_letter(
    database: Dsns, tmp_path: Path
) -> None:
    async with open_house(database, tmp_path) as house:
        await house.owner()
        again = await house.http.post("/v1/accounts", json=await house.form(password="another one 12345"))
        assert again.status_code == 202
        assert set(again.json()) == {"account"}
        await house.troth.deliver(house.letters)
        assert "already has an account" in house.letters.carried[-1].text
        signed_in = await house.http.post(
            "/v1/sessions", json={"login": PHONE, "password": "another one 12345"}
        )
        assert signed_in.status_code == 401


async def test_the_policy_is_on_record_once(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        assert await house.troth.sequence() == len(policies.names())
    async with open_house(database, tmp_path) as house:
        assert await house.troth.sequence() == 0
        head = (await house.http.get("/v1/ledger/head")).text
        assert head.startswith(f"troth/troth\n{len(policies.names())}\n")


async def test_copy_then_cancel_then_certificate(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner = await house.owner()
        lines = [json.loads(line) for line in (await owner.ask("GET", "/v1/me/copy")).text.splitlines()]
        assert (lines[-1]["kind"], lines[-1]["lines"]) == ("end", len(lines) - 1)
        text = json.dumps(lines)
        assert PHONE in text
        assert "$argon2" not in text
        assert {line["kind"] for line in lines} >= {"profile", "act", "receipt", "document", "end"}
        kinds = [line["kind"] for line in await owner.done("GET", "/v1/me/receipts")]
        assert kinds == ["accepted"]
        await house.troth.sequence()
        head = (await house.http.get("/v1/ledger/head")).text

        offer = await owner.done("POST", "/v1/me/cancel", {})
        assert offer["clause"] == "sunmi-camera/rights/cancel"
        wrong = await owner.ask("POST", "/v1/me/cancel/confirm", {"confirm": "000000x"})
        assert (wrong.status_code, wrong.json()["reason"]) == (403, "no_such_move")
        done = await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
        assert (await owner.ask("GET", "/v1/me")).status_code == 401
        login = {"login": PHONE, "password": PASSWORD}
        assert (await house.http.post("/v1/sessions", json=login)).status_code == 401

        async def progress() -> dict[str, Any]:
            seen = await house.http.post("/v1/farewell", json={"farewell": done["farewell"]})
            assert seen.status_code == 200, seen.text
            return seen.json()

        assert (await progress())["stage"] == 1
        assert await house.troth.erase() == 0
        house.clock.advance(days=1, minutes=5)
        assert await house.troth.turn_epoch()
        while await house.troth.erase():
            pass
        seen = await progress()
        assert seen["stage"] == 5
        assert seen["erasure"] == done["erasure"]
        reached = {stage["name"]: stage["at"] for stage in seen["stages"]}
        assert reached.pop("backups") is None  # this policy names no horizon
        assert all(reached.values())
        paper = certificate.verify(seen["certificate"], house.troth._system.signer.public)
        assert str(paper.erasure) == done["erasure"]
        await house.troth.sequence()
        assert isinstance(await house.troth.verify_ledger(head), Verified)
        # The same number may come back, as someone new.
        again = await house.owner()
        assert again.account != owner.account
