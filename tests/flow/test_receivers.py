"""Giving away beyond the functions: registered, with papers, in a listed case; the person reads of it."""

from __future__ import annotations

from uuid import uuid4

from tests.flow.api_people import POLICY, open_house
from troth.subjects.roles import Role

ALWAYS = ("agreement", "confidentiality", "instructions", "security_measures")
AT = f"/v1/staff/receivers/{POLICY}/acme"


async def test_it_goes_out_with_everything_on_record_and_the_person_reads_who_got_what(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        owner, office = await house.owner(), await house.staff(Role.PRIVACY)
        given = {"kind": "agents", "purpose": "service", "items": ["phone_number"]}
        await office.done("PUT", AT, given)
        asked = {
            "subject": owner.account, "function": "register", "purpose": "service",
            "items": ["phone_number"], "recipient": "acme", "case": {"act": "share", "case": "agents"},
        }  # fmt: skip
        refused = await office.ask("POST", "/v1/staff/share", asked)
        assert (refused.status_code, refused.json()["reason"]) == (403, "condition_missing")
        for fact in ALWAYS:
            await office.done("PUT", f"{AT}/papers/{fact}", {"document": str(uuid4())})
        theirs = await office.ask("PUT", f"{AT}/papers/consent", {"document": str(uuid4())})
        assert theirs.json()["reason"] == "no_such_paper"
        assert await office.done("POST", "/v1/staff/share", asked)
        (line,) = await owner.done("GET", "/v1/me/given")
        assert (line["recipient"], line["case"], line["items"]) == ("acme", "agents", ["phone_number"])
        (choice,) = await owner.done("GET", "/v1/me/receivers")
        assert (choice["receiver"], choice["allowed"], choice["separate"]) == ("acme", None, True)
        for allowed in (True, False):
            said = {"purpose": "service", "allowed": allowed, "separate": choice["separate"]}
            await owner.done("PUT", "/v1/me/receivers/acme", said)
            (choice,) = await owner.done("GET", "/v1/me/receivers")
            assert choice["allowed"] is allowed
        (listed,) = await office.done("GET", "/v1/staff/receivers")
        assert listed["papers"] == sorted(ALWAYS)
        await office.done("DELETE", AT)
        gone = await office.ask("POST", "/v1/staff/share", asked)
        assert gone.json()["reason"] == "case_unlisted"
        assert (await office.ask("DELETE", AT)).status_code == 404
