"""What the API refuses: staff without a request, consent without a text, odd days; and slow readers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PHONE, Person, open_house
from troth.subjects.roles import Role

MANY = 10
"""More copies at once than a process has connections for its other work."""


async def look(staff: Person, subject: str, reference: dict[str, str] | None) -> Any:
    asked = {
        "subject": subject,
        "function": "register",
        "items": ["phone_number", "password"],
        "purpose": "answer_request",
    }
    return await staff.ask("POST", "/v1/staff/look", asked | ({"reference": reference} if reference else {}))


async def requested(owner: Person, right: str) -> str:
    return (await owner.done("POST", "/v1/me/requests", {"right": right, "text": "please"}))["request"]


# INVARIANT: on a person's own right staff see something only by the reference of their open request.


async def test_staff_see_nothing_on_a_made_up_reference(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner, support = await house.owner(), await house.staff(Role.SUPPORT)
        other = await house.owner(phone="+8613912345678")
        theirs = await requested(other, "access")
        for document in (str(uuid4()), theirs):
            answer = await look(support, owner.account, {"ground": "access", "document": document})
            assert (answer.status_code, answer.json()["reason"]) == (403, "reference_missing")
            assert answer.json()["entry"]
            assert PHONE not in answer.text


async def test_staff_see_what_an_open_request_opens_and_no_password(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner, support = await house.owner(), await house.staff(Role.SUPPORT)
        request = await requested(owner, "access")
        wrong_right = await look(support, owner.account, {"ground": "correct", "document": request})
        assert wrong_right.status_code == 403
        answer = await look(support, owner.account, {"ground": "access", "document": request})
        assert answer.json()["values"]["phone_number"] == {"value": PHONE}
        assert set(answer.json()["values"]["password"]) == {"withheld"}
        await support.done("POST", f"/v1/staff/requests/{request}/meet", {"text": "sent"})
        after = await look(support, owner.account, {"ground": "access", "document": request})
        assert after.status_code == 403


async def test_a_request_that_is_not_proven_opens_nothing(database: Dsns, tmp_path: Path) -> None:
    """Whoever rings up and says they are someone has shown nothing yet."""
    async with open_house(database, tmp_path) as house:
        owner, support = await house.owner(), await house.staff(Role.SUPPORT)
        form = {"contact": PHONE, "right": "access", "channel": "phone", "text": "what do you have on me?"}
        request = (await support.done("POST", "/v1/staff/requests", form))["request"]
        reference = {"ground": "access", "document": request}
        assert (await look(support, owner.account, reference)).status_code == 403
        assert (await support.done("GET", f"/v1/staff/requests/{request}"))["said"] == ""
        await support.done("POST", f"/v1/staff/requests/{request}/proof", {"proofs": ["identity"]})
        assert (await look(support, owner.account, reference)).status_code == 200
        assert (await support.done("GET", f"/v1/staff/requests/{request}"))["said"] == form["text"]


@pytest.mark.parametrize("document", ["zhang.san", "139-5551-2347", "x"])
async def test_a_reference_is_an_opaque_id(database: Dsns, tmp_path: Path, document: str) -> None:
    async with open_house(database, tmp_path) as house:
        owner, support = await house.owner(), await house.staff(Role.SUPPORT)
        answer = await look(support, owner.account, {"ground": "access", "document": document})
        assert answer.status_code == 422
        assert document not in answer.json()["errors"]


async def test_consent_that_names_no_text_is_none(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner = await house.owner()
        path = "/v1/me/functions/personalised/choose"
        for body in ({"language": "en"}, {"language": "en", "item": "user_profile"}):
            answer = await owner.ask("POST", path, body)
            assert (answer.status_code, answer.json()["reason"]) == (409, "not_the_text")
        form = await house.form()
        await owner.done("POST", path, {"language": "en", "text_hash": form["text_hash"]})


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31", "2026-02-30"])
async def test_a_day_without_a_midnight_on_both_sides_is_refused(
    database: Dsns, tmp_path: Path, day: str
) -> None:
    async with open_house(database, tmp_path) as house:
        owner = await house.owner()
        for what in ("footfall", "alerts"):
            answer = await owner.ask("GET", f"/v1/me/{what}?day={day}")
            assert answer.status_code == 422


async def test_whoever_reads_copies_slowly_keeps_nobody_from_withdrawing(
    database: Dsns, tmp_path: Path
) -> None:
    async with open_house(database, tmp_path) as house, AsyncExitStack() as stack:
        slow = await house.owner()
        other = await house.owner(phone="+8613912345678")
        await other.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})

        async def begin() -> None:
            lines = await stack.enter_async_context(aclosing(await house.troth.copy(slow.token)))
            await anext(lines)

        begun = [asyncio.create_task(begin()) for _ in range(MANY)]
        await asyncio.wait(begun, timeout=1)
        async with asyncio.timeout(5):
            await other.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
