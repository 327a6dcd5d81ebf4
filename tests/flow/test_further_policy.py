"""One account, two policies: what one agrees to beside it binds by itself, down to whose device is whose."""

import psycopg

from tests.flow.api_people import CAMERA, House, Person, open_house
from troth.subjects.roles import Role

RULES = "sunmi-rules"
UNDER = f"?policy={RULES}"
AGENT = "device_agent"


async def text(house: House) -> dict[str, object]:
    shown = (await house.http.get(f"/v1/policies/{RULES}?language=en")).json()
    return {key: shown[key] for key in ("version", "language", "text_hash")}


async def refusal(who: Person, method: str, path: str, body: object = None) -> str:
    answer = await who.ask(method, path, body)
    assert not answer.is_success, answer.text
    return str(answer.json()["reason"])


async def test_a_further_policy_binds_beside_that_of_the_account(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        who = await house.owner()
        give = f"/v1/me/functions/requests/items{UNDER}"
        asked = {"values": {"request_details": {"text": "where does it go?"}}}

        assert await refusal(who, "PUT", give, asked) == "age_unknown"
        wrong = await text(house) | {"text_hash": "0" * 64}
        assert await refusal(who, "POST", f"/v1/me/policies/{RULES}/accept", wrong) == "not_the_text"

        assert (await who.done("POST", f"/v1/me/policies/{RULES}/accept", await text(house)))["receipt"]
        assert (await who.done("PUT", give, asked))["stored"] == ["request_details"]
        assert (await who.done("GET", f"/v1/me{UNDER}"))["policy"] == RULES
        assert (await who.done("GET", "/v1/me"))["policy"] == "sunmi-camera"
        assert (await who.done("GET", f"/v1/me/records{UNDER}"))["functions"] == {
            "requests": ["request_details"]
        }
        assert "requests" not in (await who.done("GET", "/v1/me/records"))["functions"]
        assert await refusal(who, "GET", "/v1/me?policy=unheard-of") == "no_such_policy"

        made = await who.done("POST", f"/v1/me/requests{UNDER}", {"right": "scope", "text": "less, please"})
        with psycopg.connect(database.owner) as conn:
            found = conn.execute("SELECT policy FROM request WHERE request = %s", [made["request"]])
            assert found.fetchone() == (RULES,)


async def test_an_agent_gets_what_concerns_the_devices_that_it_supplied(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        who, maker, service = (
            await house.owner(),
            await house.staff(Role.MAKER),
            await house.staff(Role.SERVICE),
        )
        await who.done("POST", f"/v1/me/policies/{RULES}/accept", await text(house))
        first = await bound(who, maker, "SS-0101", AGENT)
        with psycopg.connect(database.owner) as conn:
            kept = conn.execute("SELECT count(*) FROM document WHERE item = 'mac_address'").fetchone()
        assert kept == (0,), "the policy names no identifier of a device, so none is kept"

        use = {"subject": who.account, "function": "safety"}
        collected = {"purpose": "safe_and_stable_operation", "values": {"op_app_summary": {"apps": ["a.b"]}}}
        await service.done("POST", "/v1/service/collect", use | collected)
        about = {"purpose": "agent_understands_app_installation", "items": ["op_app_summary"]}
        share = use | about | {"recipient": AGENT}
        given = await service.done("POST", "/v1/service/share", share | {"device": first})
        assert given["values"] == {"op_app_summary": {"apps": ["a.b"]}}
        assert await refusal(service, "POST", "/v1/service/share", share) == "recipient_unlisted"

        second = await bound(who, maker, "SS-0102", None)
        for device in (first, second):
            body = share | {"device": device}
            assert await refusal(service, "POST", "/v1/service/share", body) == "recipient_unlisted"
        await who.done("DELETE", f"/v1/me/devices/{second}")
        await service.done("POST", "/v1/service/share", share | {"device": first})
        await who.done("DELETE", f"/v1/me/devices/{first}")
        body = share | {"device": first}
        assert await refusal(service, "POST", "/v1/service/share", body) == "recipient_unlisted"


async def bound(who: Person, maker: Person, serial: str, supplier: str | None) -> str:
    shelf = {key: CAMERA[key] for key in ("code", "model")} | {"serial": serial, "supplier": supplier}
    await maker.done("POST", "/v1/maker/devices", shelf)
    return str((await who.done("POST", f"/v1/me/devices{UNDER}", CAMERA | {"serial": serial}))["device"])
