"""Requests under Kaiconn's policy: clocks, proofs, relatives, a cancellation that waits seven days."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PHONE, House, Person, open_house
from tests.flow.test_records import NEEDED
from troth.subjects.roles import Role

DESK = "/v1/staff/requests"
MINE = "/v1/me/requests"
WORKER = Path(__file__).parent / "requests_worker.py"


class Home:
    """A house with someone who lives under Kaiconn's policy, and someone at the desk."""

    def __init__(self, house: House, owner: Person, staff: Person) -> None:
        self.house, self.owner, self.staff = house, owner, staff

    async def enter(self, right: str, channel: str = "phone") -> dict[str, Any]:
        return await self.staff.done("POST", DESK, {"contact": PHONE, "right": right, "channel": channel})

    async def step(self, request: str, name: str, body: object) -> Any:
        return await self.staff.ask("POST", f"{DESK}/{request}/{name}", body)

    async def cancel(self) -> dict[str, Any]:
        offer = await self.owner.done("POST", "/v1/me/cancel", {})
        assert offer["revocable"] == "kaiconn/deadlines/cancellation"
        assert "taken back" in offer["warning"]
        return await self.owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})

    async def letters(self) -> list[str]:
        await self.house.troth.deliver(self.house.letters)
        return [one.text for one in self.house.letters.carried]

    def after(self, **span: float) -> str:
        return (self.house.clock.now() + timedelta(**span)).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def home(database: Dsns, tmp_path: Path) -> AsyncIterator[Home]:
    async with open_house(database, tmp_path) as house:
        shown = (await house.http.get("/v1/policies/kaiconn?language=zh")).json()
        texts = {"policy": "kaiconn", "language": "zh", "text_hash": shown["text_hash"]}
        owner = await house.owner(**texts, version=shown["version"], items=NEEDED)
        yield Home(house, owner, await house.staff(Role.PRIVACY))


async def test_the_earliest_clock_binds_and_each_event_may_start_one(home: Home) -> None:
    made = await home.enter("access")
    assert (made["due"], made["clause"]) == (home.after(days=30), "kaiconn/deadlines/access")
    home.house.clock.advance(days=2)
    proven = await home.step(made["request"], "proof", {"proofs": ["identity"]})
    assert (proven.json()["due"], proven.json()["clause"]) == (
        home.after(days=15),
        "kaiconn/deadlines/contact",
    )


async def test_a_complaint_about_an_answer_is_due_after_checking_or_sooner(home: Home) -> None:
    answered = await home.owner.done("POST", MINE, {"right": "copy", "text": "a copy please"})
    await home.step(answered["request"], "meet", {"text": "here"})
    asked = {"right": "complain", "text": "not all of it", "about": answered["request"]}
    made = await home.owner.done("POST", MINE, asked)
    assert (made["channel"], made["about"]) == ("feedback", answered["request"])
    assert made["due"] == home.after(days=15)
    checked = await home.step(made["request"], "checked", {})
    assert checked.json()["due"] == made["due"]  # 30 days after checking are later, and do not bind


async def test_relatives_are_heard_by_phone_with_proof_of_death_and_kinship(home: Home) -> None:
    for_them = await home.owner.ask("POST", MINE, {"right": "relatives"})
    assert (for_them.status_code, for_them.json()["reason"]) == (409, "not_this_way")
    mail = {"contact": PHONE, "right": "relatives", "channel": "email"}
    assert (await home.staff.ask("POST", DESK, mail)).json()["reason"] == "not_this_way"
    made = await home.enter("relatives")
    short = await home.step(made["request"], "proof", {"proofs": ["identity", "death"]})
    assert short.json()["reason"] == "proof_missing"
    assert "kinship (kaiconn/rights/relatives)" in short.json()["detail"]
    enough = await home.step(made["request"], "proof", {"proofs": ["identity", "death", "kinship"]})
    assert enough.json()["state"] == "open"


async def test_kaiconn_does_not_list_what_sunmi_lists(home: Home) -> None:
    made = await home.owner.done("POST", MINE, {"right": "delete", "text": "all"})
    answer = await home.step(made["request"], "refuse", {"ground": "life", "facts": "someone's life"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "ground_unlisted")
    await home.step(made["request"], "refuse", {"ground": "repeated", "facts": "第三次"})
    letter = (await home.letters())[-1]
    assert "0755 - 86965862" in letter
    assert "kaiconn/requests/refuse_unreasonable" in letter


# INVARIANT: a cancellation that can be taken back takes effect when its time is over, and not before.


async def test_a_cancellation_waits_seven_days_and_the_account_goes_on(home: Home) -> None:
    waits = await home.cancel()
    assert waits["erasure"] is None
    assert waits["takes_effect"] == home.after(days=7)
    troth = home.house.troth
    home.house.clock.advance(days=7, seconds=-1)
    assert await troth.take_effect() == 0
    assert (await home.owner.ask("GET", "/v1/me")).status_code == 200
    home.house.clock.advance(seconds=1)
    assert (await troth.late()).requests == ()
    assert await troth.take_effect() == 1
    assert await troth.take_effect() == 0
    assert (await home.owner.ask("GET", "/v1/me")).status_code == 401
    told = (await home.letters())[-1]
    assert "您的账号已注销" in told
    seen = await home.house.http.post("/v1/farewell", json={"farewell": told.rpartition("：")[2]})
    assert seen.json()["stage"] == 1


async def test_it_is_taken_back_until_then_and_not_after(home: Home) -> None:
    waits = await home.cancel()
    assert (await home.cancel())["request"] == waits["request"]  # applying twice does not begin anew
    home.house.clock.advance(days=6)
    back = await home.owner.done("POST", f"{MINE}/{waits['request']}/withdraw", {})
    assert back["state"] == "revoked"
    home.house.clock.advance(days=2)
    assert await home.house.troth.take_effect() == 0
    again = await home.cancel()
    home.house.clock.advance(days=7)
    late = await home.owner.ask("POST", f"{MINE}/{again['request']}/withdraw", {})
    assert (late.status_code, late.json()["reason"]) == (409, "no_such_step")
    assert await home.house.troth.take_effect() == 1


async def test_by_phone_it_waits_as_well(home: Home) -> None:
    made = await home.enter("cancel")
    await home.step(made["request"], "proof", {"proofs": ["identity"]})
    applied = await home.step(made["request"], "meet", {"warned": True})
    assert (applied.json()["state"], applied.json()["takes_effect"]) == ("applied", home.after(days=7))
    assert (await home.owner.ask("GET", "/v1/me")).status_code == 200


async def test_two_workers_end_an_account_once(home: Home) -> None:
    await home.cancel()
    home.house.clock.advance(days=7)
    ended = await asyncio.gather(*(home.house.troth.take_effect() for _ in range(3)))
    assert sum(ended) == 1


async def test_a_worker_killed_between_due_and_erasure_leaves_it_to_the_next(
    home: Home, database: Dsns, tmp_path: Path
) -> None:
    waits = await home.cancel()
    home.house.clock.advance(days=7)
    killed = await _started(database, tmp_path, home.house.clock.now())
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    (mine,) = await home.owner.done("GET", MINE)  # nothing of it was committed
    assert (mine["request"], mine["state"]) == (waits["request"], "applied")
    assert await home.house.troth.take_effect() == 1
    assert (await home.owner.ask("GET", "/v1/me")).status_code == 401
    await home.house.troth.tidy()
    farewells = list(home.house.troth._system.keyring.farewells())
    assert len(farewells) == 1
    assert all(isinstance(one, UUID) for one in farewells)


async def _started(database: Dsns, folder: Path, at: datetime) -> asyncio.subprocess.Process:
    """Start a worker that has begun to erase and goes no further."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        at.isoformat(),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | database.environ | {"TROTH_DATA": str(folder)},
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"begun\n"
    return process
