"""From the first release's data to today's schema: nothing lost, everything still opens and still verifies.

`tests/data/release_1` was written by that release: its rows (`pg_dump --data-only`), keyring and receipts, of
someone with a camera and twenty readings, and of someone who cancelled.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import cast

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import Dsns
from tests.flow.api_people import PASSWORD, PHONE, Person, open_house
from troth.app import system
from troth.app.embedded.postgres import Postgres
from troth.app.supervisor import Supervisor
from troth.db import Role, migrate
from troth.db.migrate import MigrationChanged, migrations
from troth.ledger.verify import Verified

RELEASE = Path(__file__).parents[1] / "data" / "release_1"
LAST = "0006_rights.sql"


@pytest.fixture
def released(make_empty):
    """A database as the first release left it."""
    database = make_empty()
    fill(database.owner)
    return database


def fill(owner):
    """Migrate and load as the first release would have."""
    with psycopg.connect(owner, autocommit=True) as conn:
        conn.execute("CREATE TABLE migration (name text PRIMARY KEY, sha256 bytea NOT NULL)")
        for name, text in migrations():
            if name <= LAST:
                conn.execute(text.encode())
                digest = hashlib.sha256(text.encode()).digest()
                conn.execute("INSERT INTO migration VALUES (%s, %s)", (name, digest))
        conn.execute((RELEASE / "data.sql").read_bytes())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the first release kept in files; its policies' texts were not among them."""

    async def nothing_to_publish(_system):
        """Leave on record what the release published."""

    monkeypatch.setattr(system, "_publish", nothing_to_publish)
    for name, content in json.loads((RELEASE / "story.json").read_text())["files"].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(bytes.fromhex(content))
        path.chmod(0o600)
    for directory in [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]:
        directory.chmod(0o700)
    return tmp_path


def applied(database: Dsns) -> list[str]:
    with psycopg.connect(database.owner) as conn:
        return [str(row[0]) for row in conn.execute("SELECT name FROM migration ORDER BY name").fetchall()]


async def test_the_story_goes_on_after_the_upgrade(released, folder):
    done = await migrate(released.owner)
    assert done[0] > LAST
    assert applied(released) == [name for name, _text in migrations()]
    told = json.loads((RELEASE / "story.json").read_text())
    async with open_house(released, folder) as house:
        house.clock.advance(minutes=20)
        verdict = await house.troth.verify_ledger()
        assert isinstance(verdict, Verified)
        assert verdict.size == 43
        assert verdict.pending >= 1  # what the first release had not numbered yet
        assert await house.troth.sequence() >= verdict.pending
        signed_in = await house.http.post("/v1/sessions", json={"login": PHONE, "password": PASSWORD})
        assert signed_in.status_code in {200, 201}, signed_in.text
        owner = Person(house, told["account"], signed_in.json()["token"], "")
        flow = await owner.done("GET", "/v1/me/footfall?day=2026-03-02")
        assert sum(hour["count"] if "count" in hour else hour["in"] for hour in flow["hours"]) == 20
        receipts = await owner.done("GET", "/v1/me/receipts")
        assert len(receipts) >= len(told["receipts"])
        offer = await owner.done("POST", "/v1/me/cancel", {})
        await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
        await house.troth.sequence()
        assert isinstance(await house.troth.verify_ledger(), Verified)


async def test_two_processes_that_migrate_at_once_share_the_work(released):
    both = await asyncio.gather(migrate(released.owner), migrate(released.owner), migrate(released.owner))
    done = [name for one in both for name in one]
    assert sorted(done) == [name for name, _text in migrations() if name > LAST]
    assert [] in both


SLOW = """
    import asyncio, importlib, sys
    module = importlib.import_module("troth.db.migrate")
    real = module.migrations()
    slow = "CREATE TABLE half (n int); SELECT pg_sleep(600); CREATE TABLE rest ()"
    module.migrations = lambda: [*real[:7], ("0006a_slow.sql", slow), *real[7:]]
    asyncio.run(module.migrate(sys.argv[1]))
"""
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE '%%pg_sleep(600)%%'"


def wait_until(conn, database, busy):
    deadline = time.monotonic() + 30
    while (conn.execute(BUSY, (database.name,)).fetchone()[0] > 0) is not busy:
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_a_migration_whose_process_is_killed_leaves_nothing_and_the_next_start_goes_on(
    released, postgres
):
    with (
        psycopg.connect(
            postgres.owner_dsn.replace("dbname=troth", "dbname=postgres"), autocommit=True
        ) as conn,
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SLOW), released.owner], stderr=subprocess.PIPE
        ) as first,
    ):
        wait_until(conn, released, busy=True)
        first.kill()
        first.wait()
        await migrate(released.owner)  # the server notices within seconds that nobody is there
        wait_until(conn, released, busy=False)
    names = [name for name, _text in migrations()]
    assert applied(released) == names
    with psycopg.connect(released.owner) as conn:
        assert conn.execute("SELECT to_regclass('half'), to_regclass('rest')").fetchone() == (None, None)


async def test_a_file_that_was_applied_may_not_change(released):
    with psycopg.connect(released.owner) as conn:
        conn.execute("UPDATE migration SET sha256 = '\\x00' WHERE name = %s", (LAST,))
    with pytest.raises(MigrationChanged, match=LAST):
        await migrate(released.owner)


@pytest.mark.parametrize("bent", ["DELETE FROM ledger_opening", "UPDATE act SET entry = gen_random_uuid()"])
async def test_acts_without_entries_from_before_do_not_stop_the_upgrade_and_are_named(released, folder, bent):
    with psycopg.connect(released.owner) as conn:
        conn.execute(cast("psycopg.abc.Query", bent))
    await migrate(released.owner)
    async with open_house(released, folder) as house:
        verdict = await house.troth.verify_ledger()
    assert not isinstance(verdict, Verified)


class FirstRelease(Postgres):
    """The embedded server as the first release ran it: no role has a password, and the socket is trusted."""

    TRUSTING = "local all troth_owner trust\nlocal all troth_app trust\nlocal all all reject\n"

    def dsn(self, role, database="troth"):
        return make_conninfo(host=str(self.sockets), port=5432, user=role, dbname=database)

    async def _teach_passwords(self):
        """It knew of none."""


async def test_a_data_directory_of_the_first_release_learns_the_roles_and_their_passwords(
    scratch, folder, monkeypatch
):
    directory = scratch / "first"
    old = FirstRelease(directory, settings={"fsync": "off"})
    with monkeypatch.context() as then:
        then.setattr("troth.app.embedded.postgres.HBA", FirstRelease.TRUSTING)
        async with Supervisor([old.child]):
            fill(old.owner_dsn)
    assert not (directory / "roles").exists()
    server = Postgres(directory, settings={"fsync": "off"})
    for _ in range(2):  # the second start finds nothing to do
        async with Supervisor([server.child]):
            for role in (Role.OWNER, Role.APP):
                with pytest.raises(psycopg.OperationalError, match="no password supplied"):
                    psycopg.connect(old.dsn(role), passfile="/dev/null")
            await migrate(server.owner_dsn)
            for role in Role:
                with psycopg.connect(server.dsn(role)) as conn:
                    assert conn.execute("SELECT current_user").fetchone() == (role,)
            async with open_house(Dsns(server, "troth"), folder) as house:
                verdict = await house.troth.verify_ledger()
                assert isinstance(verdict, Verified)
                assert verdict.size == 43
    assert {path.stat().st_mode & 0o077 for path in (directory / "roles").iterdir()} == {0}
