"""The command line against a real database: what it prints, and its exit status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import Dsns
from tests.flow.api_people import POLICY, House, open_house
from troth.app import policies
from troth.edges.cli.app import app
from troth.subjects.roles import Role
from troth.terms import TrothError

Run = Callable[..., Result]


@pytest.fixture
def run(database: Dsns, tmp_path: Path) -> Run:
    told = {"TROTH_DATA": str(tmp_path), **database.environ}

    def command(*words: str | Path) -> Result:
        return CliRunner(env=told).invoke(app, [str(word) for word in words])

    return command


def living(database: Dsns, folder: Path, work: Callable[[House], object]) -> object:
    async def run() -> object:
        async with open_house(database, folder) as house:
            return await work(house)

    return asyncio.run(run())


def test_check_names_file_line_column_and_what_to_write(run: Run, tmp_path: Path) -> None:
    good = run("check", Path("policies") / f"{POLICY}.yaml")
    assert good.exit_code == 0
    assert f"{POLICY} version 1" in good.output
    broken = tmp_path / "broken.yaml"
    broken.write_text("policy: x\nverion: 1\n")
    bad = run("check", broken)
    assert bad.exit_code == 1
    assert f"{broken}:2:1: " in bad.output
    assert "write" in bad.output
    assert run("check", tmp_path / "nowhere.yaml").exit_code == 2
    assert run("check", tmp_path).exit_code == 2  # a folder is no policy


def test_policy_show_is_what_people_are_shown(run: Run) -> None:
    shown = run("policy", "show", POLICY, "--lang", "zh")
    assert shown.exit_code == 0
    assert "[sunmi-camera/stored_in/CN]" in shown.output
    assert run("policy", "list").output.split() == [*policies.names()]
    assert run("policy", "show", POLICY, "--lang", "fr").exit_code == 2
    assert isinstance(run("policy", "show", "nowhere").exception, TrothError)


def test_staff_add_prints_the_token_last_and_it_works(run: Run, database: Dsns, tmp_path: Path) -> None:
    for word, role in (("maker", Role.MAKER), ("staff", Role.SUPPORT), ("audit", Role.AUDIT)):
        added = run("staff", "add", "--role", word)
        assert added.exit_code == 0, added.output
        assert added.output.startswith(role.value)
        token = added.output.split()[-1]

        async def stock(house: House, token: str = token) -> int:
            shelf = {"serial": "SS-9", "model": "SS-10", "code": "1234-5678"}
            headers = {"authorization": f"Bearer {token}"}
            return (await house.http.post("/v1/maker/devices", json=shelf, headers=headers)).status_code

        assert living(database, tmp_path, stock) == (201 if role is Role.MAKER else 403)
    assert run("staff", "add", "--role", "king").exit_code == 2


def test_ledger_and_papers_verify_until_they_are_bent(run: Run, database: Dsns, tmp_path: Path) -> None:
    async def register(house: House) -> tuple[str, str]:
        owner = await house.owner()
        await house.troth.sequence()
        receipt = (await owner.done("GET", "/v1/me/receipts"))[0]["receipt"]
        return receipt, (await house.http.get("/v1/ledger/head")).text

    receipt, head = living(database, tmp_path, register)
    paper, kept, key = tmp_path / "receipt.jws", tmp_path / "head.txt", tmp_path / "key.txt"
    paper.write_text(receipt + "\n")
    kept.write_text(head)
    key.write_text(run("ledger", "key").output)

    good = run("receipt", "verify", paper)
    assert good.exit_code == 0
    assert good.output.startswith("genuine receipt: accepted")
    assert run("receipt", "verify", paper, "--key", key).exit_code == 0
    paper.write_text(receipt[:-6] + "AAAAAA")
    bent = run("receipt", "verify", paper)
    assert bent.exit_code == 1
    assert bent.output.startswith("not genuine")

    good = run("ledger", "verify", "--against", kept)
    assert good.exit_code == 0
    assert good.output.startswith("verified: ")
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE ledger_entry SET at = at + interval '1 day' WHERE kind = 'accepted'")
    bent = run("ledger", "verify", "--against", kept)
    assert bent.exit_code == 1
    assert bent.output.startswith("broken at leaf ")


def test_keys_rotate_moves_what_lives_and_destroys_the_old(run: Run, database: Dsns, tmp_path: Path) -> None:
    async def register(house: House) -> str:
        return (await house.owner()).token

    token = living(database, tmp_path, register)
    done = run("keys", "rotate")
    assert done.exit_code == 0
    assert "destroyed epochs: kek 1, index 1" in done.output

    async def me(house: House) -> int:
        headers = {"authorization": f"Bearer {token}"}
        return (await house.http.get("/v1/me/copy", headers=headers)).status_code

    assert living(database, tmp_path, me) == 200


def test_without_a_system_a_command_says_where_it_looked(tmp_path: Path) -> None:
    said = CliRunner(env={"TROTH_DATA": str(tmp_path)}).invoke(app, ["keys", "rotate"])
    assert isinstance(said.exception, TrothError)
    assert str(tmp_path) in str(said.exception)
