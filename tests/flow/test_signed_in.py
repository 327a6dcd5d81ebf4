"""Where somebody is signed in and one session ended; a forgotten password; a part deleted: over the API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.conftest import Dsns
from tests.flow.api_people import PASSWORD, PHONE, open_house


async def test_one_session_is_ended_and_the_others_go_on(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner, other = await house.owner(), await house.owner(phone="+8613800138001")
        house.clock.advance(hours=1)
        begun = await house.http.post("/v1/sessions", json={"login": PHONE, "password": PASSWORD})
        lost = replace(owner, token=begun.json()["token"])
        newest, oldest = await owner.done("GET", "/v1/me/sessions")
        assert (newest["here"], oldest["here"]) == (False, True)
        assert newest["started"] > oldest["started"]
        path = f"/v1/me/sessions/{newest['session']}"
        assert (await other.ask("DELETE", path)).status_code == 404
        await lost.done("GET", "/v1/me")
        await owner.done("DELETE", path)
        assert (await lost.ask("GET", "/v1/me")).status_code == 401
        assert len(await owner.done("GET", "/v1/me/sessions")) == 1
        assert (await owner.ask("DELETE", path)).json()["reason"] == "no_such_session"

        await house.http.post("/v1/sessions/code", json={"login": PHONE})
        body = {"login": PHONE, "code": await house.code(), "password": "short"}
        weak = await house.http.post("/v1/sessions/new-password", json=body)
        assert weak.status_code == 422
        new = {"password": "another long password 78"}
        begun = await house.http.post("/v1/sessions/new-password", json=body | new)
        owner = replace(owner, token=begun.json()["token"])
        (only,) = await owner.done("GET", "/v1/me/sessions")
        assert only["here"]
        again = await house.http.post("/v1/sessions", json={"login": PHONE} | new)
        assert again.status_code == 200

        await owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
        done = await owner.done("POST", "/v1/me/functions/customer_flow/delete", {})
        assert (done["right"], done["state"]) == ("delete", "met")
        account = await owner.ask("POST", "/v1/me/functions/register/delete", {})
        assert (account.status_code, account.json()["reason"]) == (409, "ends_the_account")
