"""A server of your own, over TLS: it works as docs/howto/database.md says, and what is less is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.flow.api_people import CAMERA, open_house
from tests.servers.authority import Authority
from tests.servers.debian import HOST, PAGE, blocks
from troth.app.prepare import prepare
from troth.app.settings import BadSetting, Settings
from troth.db.fit import OLDEST
from troth.db.roles import MEANING, WORKING, Role
from troth.ledger.verify import Verified
from troth.subjects.staff import Role as Staff
from troth.vault import certificate

SIGNED_IN = "SELECT ssl, version, current_user FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture
def server(debian):
    """Where `database` is."""
    return debian


def files(debian, database: str, folder: Path) -> dict[str, str]:
    """Write a way in for each role into a file of its own, with the password in it; return the settings."""
    told = {"TROTH_DATA": str(folder)}
    for role in Role:
        name = "TROTH_DSN_FILE" if role is Role.APP else f"TROTH_{role.name}_DSN_FILE"
        path = folder / f"{role}.dsn"
        path.touch(mode=0o600)
        path.write_text(debian.dsn(role, database, passfile="", password=debian.passwords[role]) + "\n")
        told[name] = str(path)
    return told


@pytest.mark.parametrize("role", list(Role))
def test_every_role_signs_in_over_tls_with_its_own_password(debian, database, role):
    with psycopg.connect(database.of[role]) as conn:
        assert conn.execute(SIGNED_IN).fetchone() in {(True, "TLSv1.3", role), (True, "TLSv1.2", role)}
    other = next(one for one in Role if one is not role)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(debian.dsn(role, database.name, passfile="", password=debian.passwords[other]))


@pytest.fixture
def told(debian, database, tmp_path):
    """The settings of a deployment on that database, as the page says."""
    return files(debian, database.name, tmp_path)


async def test_a_person_registers_stores_and_is_forgotten(database, told, tmp_path):
    await prepare(Settings.from_environ(told))
    database.environ = told
    async with open_house(database, tmp_path) as house:
        owner = await house.owner()
        maker = await house.staff(Staff.MAKER)
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
        await owner.done("POST", "/v1/me/devices", CAMERA)
        assert CAMERA["serial"] in (await owner.ask("GET", "/v1/me/copy")).text
        offer = await owner.done("POST", "/v1/me/cancel", {})
        left = await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
        house.clock.advance(days=1, minutes=5)
        assert await house.troth.turn_epoch()
        while await house.troth.erase():
            pass
        seen = (await house.http.post("/v1/farewell", json={"farewell": left["farewell"]})).json()
        paper = certificate.verify(seen["certificate"], house.troth._system.signer.public)
        assert str(paper.erasure) == left["erasure"]
        await house.troth.sequence()
        assert isinstance(await house.troth.verify_ledger(), Verified)
    with psycopg.connect(database.owner) as conn:
        assert conn.execute("SELECT count(*) FROM document").fetchone() == (0,)


def another_authority(_debian, folder):
    return {"sslrootcert": str(Authority(folder / "other.pem").certificate)}


def plain(_debian, _folder):
    return {"sslmode": "disable", "sslrootcert": ""}


def another_name(_debian, _folder):
    return {"host": "db.example"}


LESS = {
    plain: ("no encryption", "the server wants TLS"),
    another_authority: ("certificate verify failed", "name the file"),
    another_name: ("does not match host name", "write the name"),
}
"""What less there can be, why it is refused, and what to do, as it says."""


@pytest.mark.parametrize("less", LESS, ids=lambda less: less.__name__)
async def test_what_is_less_is_refused_in_one_sentence(debian, database, told, tmp_path, less):
    why, remedy = LESS[less]
    way = {"passfile": "", "password": debian.passwords[Role.KEEPER]} | less(debian, tmp_path)
    Path(told["TROTH_KEEPER_DSN_FILE"]).write_text(debian.dsn(Role.KEEPER, database.name, **way))
    with pytest.raises(BadSetting, match=f"{why}.*: {remedy}") as caught:
        await prepare(Settings.from_environ(told))
    said = str(caught.value)
    assert "\n" not in said
    assert "TROTH_KEEPER_DSN" in said
    assert debian.passwords[Role.KEEPER] not in said


def test_the_page_is_enough_to_serve(debian, database, tmp_path):
    """The shell lines as they stand, with the paths and the port of this test; then what PostgreSQL sees."""
    (lines,) = blocks("sh")
    at = f"host={HOST} hostaddr=127.0.0.1 port={debian.port} dbname={database.name}"
    for written, here in {
        "/etc/troth/ca.pem": debian.authority.certificate,
        "/etc/troth/owner.pgpass": debian.passfile,
        "/etc/troth/pgpass": debian.passfile,
        f"host={HOST} dbname=troth": at,
        "\ntroth serve": f"\nexec {Path(sys.executable).with_name('troth')} serve",
    }.items():
        assert written in lines
        lines = lines.replace(written, str(here))
    quiet = {"TROTH_DATA": str(tmp_path), "TROTH_HTTP_PORT": "0", "TROTH_MQTT_PORT": "0"}
    with subprocess.Popen(
        ["/bin/sh", "-ec", lines], env={"PATH": os.environ["PATH"], "COLUMNS": "200"} | quiet,
        stderr=subprocess.PIPE, text=True,
    ) as serving:  # fmt: skip
        said = []
        try:
            for line in serving.stderr:
                said.append(line)
                if "stop with Ctrl-C" in line:
                    break
            asked = (
                "SELECT usename, bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                " WHERE datname = %s AND usename IS NOT NULL GROUP BY 1"
            )
            with psycopg.connect(debian.superuser(), autocommit=True) as conn:
                seen = dict(conn.execute(asked, (database.name,)).fetchall())
        finally:
            serving.send_signal(signal.SIGINT)
            said += serving.stderr.readlines()
    assert serving.returncode == 0, "".join(said)
    assert {Role.APP, Role.SEQUENCER} <= seen.keys() <= set(WORKING), "".join(said)
    assert all(seen.values())


def test_the_page_names_every_role_and_the_oldest_server_that_is_taken():
    for role, meaning in MEANING.items():
        assert f"| `{role}` | {meaning} |" in PAGE
    assert f"PostgreSQL {OLDEST}" in PAGE
