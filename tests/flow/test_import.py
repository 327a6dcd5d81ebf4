"""An existing user base comes in by file: what is known holds, what is unknown is a no and is asked for."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import PASSWORD, POLICY, House, Person, open_house
from troth import ledger
from troth.edges.cli.people import NotAFile, rows
from troth.ledger.entries import stamp
from troth.ledger.verify import Broken, Verified
from troth.subjects.accounts import SignInRefused
from troth.subjects.codes import WrongCode
from troth.subjects.imports import Line
from troth.subjects.passwords import WeakPassword
from troth.terms import ActKind, PolicyName, SubjectId

THEN = "2026-02-01T08:00:00+00:00"
NAME = PolicyName(POLICY)


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path / "data") as one:
        yield one


async def seen(house: House, **changed: object) -> dict[str, Any]:
    shown = (await house.http.get(f"/v1/policies/{POLICY}?language=en")).json()
    return {
        "version": shown["version"],
        "language": "en",
        "at": THEN,
        "text_hash": shown["text_hash"],
    } | changed


def phone(n: int) -> str:
    return f"+86138{n:08d}"


def written(folder: Path, *people: object, name: str = "people.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(p if isinstance(p, str) else json.dumps(p) + "\n" for p in people))
    return file


async def take(house: House, file: Path) -> tuple[int, int, list[Line]]:
    digest = sha256(file.read_bytes()).digest()
    done = [each async for each in house.troth.import_people(NAME, digest, rows(file))][-1]
    return done.reached, done.stored, list(await house.troth.import_lines(NAME, digest))


async def come(house: House, login: str) -> Person:
    asked = await house.http.post("/v1/sessions/code", json={"login": login})
    assert asked.status_code == 202
    body = {"login": login, "code": await house.code()}
    begun = await house.http.post("/v1/sessions/by-code", json=body)
    assert begun.status_code == 200, begun.text
    return Person(house, "", begun.json()["token"], "")


def everything(database: Dsns) -> list[tuple[Any, ...]]:
    tables = ("subject", "act", "ledger_entry", "document", "blind_index", "account", "import_line")
    with psycopg.connect(database.owner) as conn:
        return [conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]  # noqa: S608


async def test_who_is_taken_in_signs_in_by_code_with_what_they_agreed_to(
    house: House, tmp_path: Path, database: Dsns
) -> None:
    known = await seen(house)
    chosen = [
        known | {"function": "customer_flow"},
        known | {"function": "store_guard", "text_hash": "unknown"},
    ]
    file = written(tmp_path, {"phone": phone(1), "adult": True, "accepted": known, "chosen": chosen})
    assert await take(house, file) == (1, 1, [Line(1, stored=True, reason="choice_unknown")])
    me = await (await come(house, phone(1))).done("GET", "/v1/me")
    states = me["functions"]
    assert states["customer_flow"]["why"] == "need_missing"  # chosen; a store and a camera come later
    assert states["store_guard"]["why"] == "not_chosen"
    with psycopg.connect(database.owner) as conn:
        acts = conn.execute("SELECT kind, at FROM act ORDER BY seq").fetchall()
        bodies = conn.execute("SELECT body FROM ledger_entry WHERE kind = 'registered'").fetchall()
    assert ("accepted", datetime(2026, 2, 1, 8, tzinfo=UTC)) in acts
    said = json.loads(bytes(bodies[0][0]))["details"]
    assert said == {"imported": 1, "document": sha256(file.read_bytes()).hexdigest()}


async def test_no_password_is_on_file_until_they_set_one(
    house: House, tmp_path: Path, database: Dsns
) -> None:
    row = {"phone": phone(1), "adult": True, "accepted": await seen(house)}
    await take(house, written(tmp_path, row))
    with psycopg.connect(database.owner) as conn:
        supplied = conn.execute("SELECT item FROM act WHERE kind = 'supplied'").fetchall()
        stored = conn.execute("SELECT count(*) FROM document").fetchone()
    assert (supplied, stored) == ([("phone_number",)], (1,))
    me = await come(house, phone(1))
    held = (await me.done("GET", "/v1/me/records"))["functions"]["register"]
    assert held == ["phone_number"]
    assert (await me.ask("PUT", "/v1/me/password", {"password": "short"})).status_code == 422
    begun = await me.done("PUT", "/v1/me/password", {"password": PASSWORD})
    assert (await me.ask("GET", "/v1/me")).status_code == 401  # one session goes on: the new one
    me = Person(house, "", begun["token"], "")
    held = (await me.done("GET", "/v1/me/records"))["functions"]["register"]
    assert held == ["password", "phone_number"]
    assert await house.troth.sign_in(phone(1), PASSWORD)
    carried = len(house.letters.carried)
    await house.troth.ask_code(phone(1))
    await house.troth.deliver(house.letters)
    assert len(house.letters.carried) == carried + 1  # with a code or a password, as they like
    for current in (None, "not the old one 77"):
        body = {"password": "another one 88", "current": current}
        assert (await me.ask("PUT", "/v1/me/password", body)).status_code == 401
    await me.done("PUT", "/v1/me/password", {"password": "another one 88", "current": PASSWORD})
    assert await house.troth.sign_in(phone(1), "another one 88")


async def test_who_took_their_agreement_back_still_signs_in_by_code(house: House, tmp_path: Path) -> None:
    row = {"phone": phone(1), "adult": True, "accepted": await seen(house)}
    await take(house, written(tmp_path, row))
    me = await come(house, phone(1))
    account = SubjectId(UUID((await me.done("GET", "/v1/me"))["account"]))
    async with house.troth._system.db.transaction() as tx:
        standing = await ledger.standing(tx, account, lock=True)
        assert standing is not None
        accepted = next(act for act in standing.acts if act.kind is ActKind.ACCEPTED)
        await ledger.record(tx, account, replace(accepted, kind=ActKind.ENDED, at=house.clock.now()))
    me = await come(house, phone(1))
    assert (await me.done("GET", "/v1/me"))["functions"]["register"]["why"] == "acceptance_ended"


async def test_what_was_done_before_is_dated_when_it_was_put_on_record(
    house: House, tmp_path: Path, database: Dsns
) -> None:
    known = await seen(house)
    await house.troth.sequence()  # a head is signed, long after they accepted: nothing may go back behind it
    before = await house.troth.verify_ledger()
    assert isinstance(before, Verified)
    await take(
        house, written(tmp_path, *({"phone": phone(n), "adult": True, "accepted": known} for n in range(3)))
    )
    await house.troth.sequence()
    after = await house.troth.verify_ledger()
    assert isinstance(after, Verified)
    assert after.size > before.size + 9
    with psycopg.connect(database.owner) as conn:
        texts = conn.execute("SELECT body FROM ledger_entry WHERE kind = 'accepted'").fetchall()
        acts = conn.execute("SELECT DISTINCT at FROM act WHERE kind = 'accepted'").fetchall()
    said = [json.loads(bytes(text)) for (text,) in texts]
    assert {(each["at"], each["details"]["done"]) for each in said} == {
        (stamp(house.clock.now()), stamp(acts[0][0]).lower())
    }


async def test_an_act_that_was_moved_to_another_time_shows(
    house: House, tmp_path: Path, database: Dsns
) -> None:
    await take(house, written(tmp_path, {"phone": phone(1), "adult": True, "accepted": await seen(house)}))
    await house.troth.sequence()
    assert isinstance(await house.troth.verify_ledger(), Verified)
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE act SET at = at - interval '1 day' WHERE kind = 'accepted'")
    found = await house.troth.verify_ledger()
    assert isinstance(found, Broken)
    assert found.why == "it is not the act that its entry proves"


UNFIT: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("no line of JSON", lambda _: "{nonsense\n", "malformed"),
    ("a list", lambda _: [1], "malformed"),
    ("a strange field", lambda known: {"phone": phone(1), "accepted": known, "x": 1}, "malformed"),
    ("no number", lambda known: {"phone": "twelve", "accepted": known}, "bad_phone"),
    ("no address", lambda known: {"phone": phone(1), "email": "x", "accepted": known}, "bad_email"),
    ("nothing to sign in with", lambda known: {"accepted": known}, "no_login"),
    ("an age unknown", lambda known: {"phone": phone(1), "accepted": known}, "age_unknown"),
    ("acceptance unknown", lambda _: {"phone": phone(1), "accepted": "unknown"}, "acceptance_unknown"),
    (
        "no text",
        lambda k: {"phone": phone(1), "accepted": k | {"text_hash": "unknown"}},
        "acceptance_unknown",
    ),
    (
        "not our text",
        lambda k: {"phone": phone(1), "accepted": k | {"text_hash": "a" * 64}},
        "acceptance_unknown",
    ),
    (
        "another language's text",
        lambda k: {"phone": phone(1), "accepted": k | {"language": "zh"}},
        "acceptance_unknown",
    ),
    (
        "a version we never had",
        lambda k: {"phone": phone(1), "accepted": k | {"version": 9}},
        "acceptance_unknown",
    ),
    (
        "still to come",
        lambda k: {"phone": phone(1), "accepted": k | {"at": "2027-01-01T00:00Z"}},
        "acceptance_unknown",
    ),
    (
        "before there was this text",
        lambda k: {"phone": phone(1), "accepted": k | {"at": "2020-03-02T15:59:59Z"}},
        "acceptance_unknown",
    ),
    (
        "a password",
        lambda k: {"phone": phone(1), "accepted": k, "items": {"password": {"argon2id": "x"}}},
        "malformed",
    ),
    (
        "a number beside the number",
        lambda k: {"phone": phone(1), "accepted": k, "items": {"phone_number": {"value": phone(2)}}},
        "malformed",
    ),
    (
        "a time without a zone",
        lambda k: {"phone": phone(1), "accepted": k | {"at": "2026-02-01"}},
        "acceptance_unknown",
    ),
]


async def test_what_may_not_be_stored_is_said_by_its_line_and_leaves_nothing(
    house: House, tmp_path: Path, database: Dsns
) -> None:
    known = await seen(house)
    before = everything(database)
    reached, stored, lines = await take(house, written(tmp_path, *(row(known) for _, row, _ in UNFIT)))
    assert (reached, stored) == (len(UNFIT), 0)
    assert [(UNFIT[one.line - 1][0], one.stored, one.reason) for one in lines] == [
        (what, False, reason) for what, _, reason in UNFIT
    ]
    assert everything(database)[:-1] == before[:-1]


async def test_one_person_is_stored_once(house: House, tmp_path: Path) -> None:
    known = await seen(house)
    await house.owner(phone=phone(3))
    people = [{"phone": phone(n), "adult": True, "accepted": known} for n in (1, 2, 1, 3)]
    one = await take(house, written(tmp_path, *people))
    assert one == (
        4,
        2,
        [Line(3, stored=False, reason="duplicate"), Line(4, stored=False, reason="duplicate")],
    )
    other = await take(
        house,
        written(tmp_path, *people[:1], {"phone": phone(4), "adult": True, "accepted": known}, name="b.jsonl"),
    )
    assert other == (2, 1, [Line(1, stored=False, reason="duplicate")])


async def test_a_second_run_changes_nothing(house: House, tmp_path: Path, database: Dsns) -> None:
    known = await seen(house)
    file = written(tmp_path, {"phone": phone(1), "adult": True, "accepted": known}, "broken\n")
    first = await take(house, file)
    after = everything(database)
    assert await take(house, file) == first
    assert everything(database) == after


async def test_who_is_nobody_gets_no_code_and_hears_the_same(house: House) -> None:
    carried = len(house.letters.carried)
    for login in (phone(2), "nobody@example.org", "nonsense"):
        assert (await house.http.post("/v1/sessions/code", json={"login": login})).status_code == 202
    await house.troth.deliver(house.letters)
    assert len(house.letters.carried) == carried
    with pytest.raises(WrongCode):
        await house.troth.sign_in_by_code(phone(2), "000000")


async def test_a_forgotten_password_is_replaced_with_a_code_and_every_session_ends(house: House) -> None:
    owner = await house.owner(phone=phone(1))
    await house.troth.ask_code(phone(1))
    code = await house.code()
    with pytest.raises(WeakPassword):
        await house.troth.reset_password(phone(1), code, "short")
    with pytest.raises(WrongCode):
        await house.troth.reset_password(phone(1), "000000", "another long password 78")
    done = await house.troth.reset_password(phone(1), code, "another long password 78")
    assert (await owner.ask("GET", "/v1/me")).status_code == 401
    owner.token = done.token
    await owner.done("GET", "/v1/me")
    with pytest.raises(SignInRefused):
        await house.troth.sign_in(phone(1), PASSWORD)
    await house.troth.sign_in(phone(1), "another long password 78")
    with pytest.raises(WrongCode):
        await house.troth.reset_password(phone(1), code, "a third long password 79")


async def test_a_code_signs_in_once(house: House, tmp_path: Path) -> None:
    await take(house, written(tmp_path, {"phone": phone(1), "adult": True, "accepted": await seen(house)}))
    await come(house, phone(1))
    with pytest.raises(WrongCode):
        await house.troth.sign_in_by_code(phone(1), await house.code())


async def test_a_table_says_the_same(house: House, tmp_path: Path) -> None:
    known = await seen(house)
    columns = ["phone", "adult", *(f"accepted_{key}" for key in known), "chosen"]
    file = tmp_path / "people.csv"
    with file.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(columns)
        table.writerow(
            [phone(1), "yes", *known.values(), json.dumps([known | {"function": "customer_flow"}])]
        )
        table.writerow([phone(2), "yes"])
    assert await take(house, file) == (2, 1, [Line(3, stored=False, reason="malformed")])
    me = await (await come(house, phone(1))).done("GET", "/v1/me")
    assert me["functions"]["customer_flow"]["why"] == "need_missing"


def test_a_table_of_something_else_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,shoe size\n")
    with pytest.raises(NotAFile):
        next(rows(file))


async def test_a_killed_run_goes_on_where_it_stopped(house: House, tmp_path: Path, database: Dsns) -> None:
    known = await seen(house)
    file = written(tmp_path, *({"phone": phone(n), "adult": True, "accepted": known} for n in range(4000)))
    environ = {**os.environ, **database.environ, "TROTH_DATA": str(tmp_path / "data")}
    words = (sys.executable, "-m", "troth.main.troth", "import", str(file), "--policy", POLICY)

    async def run() -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*words, env=environ, stdout=pipe, stderr=pipe)

    with psycopg.connect(database.owner, autocommit=True) as conn:
        process = await run()
        while (row := conn.execute("SELECT reached FROM import_file").fetchone()) is None or row[0] == 0:
            assert process.returncode is None, (await process.communicate())[1].decode()
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        reached = conn.execute("SELECT reached FROM import_file").fetchone()
        assert reached is not None
        assert 0 < reached[0] < 4000
        process = await run()
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert b"rows 4000; stored 4000" in out
        assert conn.execute("SELECT count(*), count(DISTINCT subject) FROM account").fetchone() == (
            4000,
            4000,
        )
    assert (tmp_path / "people.jsonl.result.csv").read_text() == "line,outcome,reason\n"
