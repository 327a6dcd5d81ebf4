"""A guardian's word: for one number, one text and a child; without it, and after it, nothing of the child."""

from datetime import datetime
from typing import Any

import psycopg

from tests.flow.api_people import House, open_house
from troth.subjects.roles import Role
from troth.terms import LEGAL_TIME

POLICY = "kmuun"
BORN = "2018-05-01"


async def child(house: House, **more: object) -> dict[str, Any]:
    return await house.form(policy=POLICY, declares_adult=None, birth_date=BORN, **more)


async def test_a_child_has_an_account_as_long_as_the_word_of_a_guardian_stands(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        office = await house.staff(Role.PRIVACY)
        form = await child(house)
        text = {key: form[key] for key in ("policy", "version", "language", "text_hash")}
        said = text | {"contact": form["phone"], "born": BORN}

        async def refused(**changed: object) -> str:
            return str((await house.http.post("/v1/accounts", json=form | changed)).json()["reason"])

        assert await refused() == "guardian_missing"
        assert await refused(guardian="2036-05-01.9999999999.00") == "not_their_word"
        grown = await office.ask("POST", "/v1/staff/guardians", said | {"born": "1990-01-01"})
        assert grown.json()["reason"] == "no_guardian_asked"
        wrong = await office.ask("POST", "/v1/staff/guardians", said | {"text_hash": "0" * 64})
        assert wrong.json()["reason"] == "not_the_text"

        word = (await office.done("POST", "/v1/staff/guardians", said))["guardian"]
        assert await refused(guardian=word, phone="+8613800138001") == "not_their_word"
        house.clock.advance(days=8)
        assert await refused(guardian=word) == "not_their_word"
        word = (await office.done("POST", "/v1/staff/guardians", said))["guardian"]
        who = await house.owner(**form | {"guardian": word, "birth_date": BORN})

        service = await house.staff(Role.SERVICE)
        use = {
            "subject": who.account,
            "function": "register",
            "purpose": "create_account",
            "items": ["phone_number"],
        }
        assert (await service.done("POST", "/v1/service/use", use))["values"]
        with psycopg.connect(database.owner) as conn:
            over = conn.execute(
                "SELECT until FROM act WHERE subject = %s AND kind = 'guardian_consented'", [who.account]
            ).fetchall()
        assert over == [(datetime(2036, 5, 1, tzinfo=LEGAL_TIME),)]

        await office.done("POST", "/v1/staff/guardians/no-longer", {"contact": form["phone"]})
        late = await service.ask("POST", "/v1/service/use", use)
        assert late.json()["reason"] == "guardian_missing"
