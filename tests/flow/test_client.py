"""The Python client against a system: what a maker's existing app does first, and how a no reads."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.flow.api_people import CAMERA, PASSWORD, PHONE, SHOP, open_house
from troth.edges.api.app import create_app
from troth.subjects.roles import Role
from troth_client import AsyncClient, Client, Refused, accounts, me, media, public, staff


@pytest.fixture
async def house(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        yield house


def client(house, token=None):
    return AsyncClient("http://troth.test", token, transport=httpx.ASGITransport(create_app(house.troth)))


async def test_an_app_registers_someone_binds_a_camera_and_reads_what_stands(house):
    async with client(house) as troth:
        text = await troth.send(public.policy("sunmi-camera", language="en"))
        made = await troth.send(
            accounts.register(
                phone=PHONE,
                password=PASSWORD,
                policy=text["name"],
                version=text["version"],
                language="en",
                text_hash=text["text_hash"],
                agreed=True,
                declares_adult=True,
            )
        )
        first = await troth.send(accounts.verify(made["account"], code=await house.code()))
        troth.signed_in(first["token"])
        maker = await house.staff(Role.MAKER)
        async with client(house, maker.token) as shelf:
            await shelf.send(staff.stock(**{word: CAMERA[word] for word in ("serial", "model", "code")}))
        bound = await troth.send(me.bind(**CAMERA))
        await troth.send(me.choose("customer_flow", language="en"))
        assert await troth.send(me.store(**SHOP)) is None
        stands = await troth.send(me.me())
        assert stands["functions"]["customer_flow"]["on"] is True
        assert stands["devices"][0]["device"] == bound["device"]
        assert (await troth.send(me.footfall(day="2026-03-02")))["hours"] == []
        async with troth.stream(me.copy()) as answer:
            lines = [json.loads(line) async for line in answer.aiter_lines()]
        assert PHONE in json.dumps(lines)
        assert PHONE in (await troth.send(me.copy())).decode()
        await troth.send(accounts.sign_out())
        with pytest.raises(Refused) as no:
            await troth.send(me.me())
        assert no.value.status == 401


async def test_a_no_carries_the_clauses_and_the_reason(house):
    owner = await house.owner()
    async with client(house, owner.token) as troth:
        with pytest.raises(Refused) as no:
            await troth.send(me.footfall(day="2026-03-02"))
        assert (no.value.status, no.value.reason) == (403, "not_chosen")
        assert no.value.clauses
        assert no.value.entry
        assert PHONE not in str(no.value)
        with pytest.raises(Refused) as no:
            await troth.send(media.read("../copy"))
        assert no.value.status in {404, 422}
        with pytest.raises(Refused) as no:
            async with troth.stream(media.read("b4c2a4c6-6d0a-4b43-9c56-94d0a1c3b7aa")):
                pass
        assert no.value.status == 404


def test_a_client_that_waits_reads_answers_and_refusals_alike():
    def answer(request):
        if request.url.path == "/v1/ledger/head":
            return httpx.Response(200, text="troth/ledger\n")
        return httpx.Response(502, text="<html>nobody</html>")

    with Client("http://troth.test", "a-token", transport=httpx.MockTransport(answer)) as troth:
        assert troth.send(public.head()) == "troth/ledger\n"
        with pytest.raises(Refused, match="502"):
            troth.send(me.me())
        with pytest.raises(Refused), troth.stream(me.copy()):
            pass
