"""The embedded PostgreSQL over real processes: what it makes, survives and refuses."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from troth.app.embedded import identity
from troth.app.embedded.postgres import AlreadyRunning, OtherVersion, Postgres, wheel_programs
from troth.app.places import Unusable
from troth.app.supervisor import Supervisor

ROOT = os.geteuid() == 0
PATIENCE_S = 60  # a busy machine is late, not broken
FAST = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture
def short(scratch: Path) -> Path:
    """A private directory with a path that is short enough for a socket."""
    return Path(tempfile.mkdtemp(dir=scratch))


async def start_and_stop(server: Postgres) -> None:
    async with Supervisor([server.child]):
        pass


def shown(server: Postgres, name: str) -> str:
    with psycopg.connect(server.owner_dsn) as conn:
        row = conn.execute("SELECT current_setting(%s)", (name,)).fetchone()
        assert row is not None
        return str(row[0])


def modes(folder: Path) -> set[str]:
    return {f"{path.stat().st_mode & 0o077:02o}" for path in [folder, *folder.iterdir()] if path.is_dir()}


def alive(pid: int) -> bool:
    """Tell whether the process runs; one that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def answers(server: Postgres) -> None:
    """Wait until a session can be opened."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(server.owner_dsn):
                    return
            await asyncio.sleep(0.01)


def test_it_makes_a_cluster_that_only_this_user_can_reach(short: Path):
    server = Postgres(short / "pg")

    async def story():
        async with Supervisor([server.child]):
            assert shown(server, "data_checksums") == "on"
            assert shown(server, "listen_addresses") == ""
            assert shown(server, "fsync") == "on"
            assert shown(server, "log_min_error_statement") == "panic"
            assert modes(short / "pg") == {"00"}
            socket = server.sockets / ".s.PGSQL.5432"
            assert socket.stat().st_mode & 0o077 == 0

    asyncio.run(story())
    assert sorted(path.name for path in short.iterdir()) == ["pg"]


def test_only_our_roles_may_connect(postgres: Postgres):
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS stranger")
        conn.execute("CREATE ROLE stranger LOGIN SUPERUSER")
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects"):
        psycopg.connect(postgres.owner_dsn, user="stranger")


def test_no_value_reaches_the_log(postgres: Postgres, database):
    marker = "13800138000"
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (a text PRIMARY KEY, b int)")
        conn.execute("INSERT INTO t VALUES (%s, 1)", (marker,))
        with pytest.raises(psycopg.errors.UniqueViolation, match=marker):
            conn.execute("INSERT INTO t VALUES (%s, 1)", (marker,))
        with pytest.raises(psycopg.DataError, match=marker), conn.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write(f"x\t{marker}oops\n")
        with pytest.raises(psycopg.DataError, match=marker):
            conn.execute(f"SELECT '{marker}oops'::int")
        with pytest.raises(psycopg.errors.RaiseException):
            conn.execute(f"DO $$ BEGIN RAISE EXCEPTION '{marker}'; END $$")
        with psycopg.connect(database.owner, autocommit=True) as other, suppress(psycopg.OperationalError):
            pid = other.info.backend_pid
            conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
            other.execute(f"SELECT '{marker}'")
    log = postgres.sockets.parent / "postgresql.log"
    deadline = time.monotonic() + 5
    while "terminating connection" not in log.read_text():  # the last of it has arrived, so all has
        assert time.monotonic() < deadline, "the log is not the real one"
        time.sleep(0.01)
    assert marker not in log.read_text()


def test_a_killed_server_is_back_with_all_that_was_committed(short: Path):
    server = Postgres(short / "pg")

    async def story():
        async with Supervisor([server.child]) as supervisor:
            async with await psycopg.AsyncConnection.connect(server.owner_dsn) as conn:
                await conn.execute("CREATE TABLE t AS SELECT 7 AS n")
            for _ in range(3):
                busy = await psycopg.AsyncConnection.connect(server.owner_dsn)
                endless = asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 1e10)"))
                pid = supervisor.health()[0].pid
                assert pid is not None
                os.kill(pid, 9)
                await answers(server)
                with pytest.raises(psycopg.OperationalError):  # its session was ended, not left behind
                    await asyncio.wait_for(endless, 3)
                await busy.close()
            async with await psycopg.AsyncConnection.connect(server.owner_dsn) as conn:
                assert await (await conn.execute("SELECT n FROM t")).fetchone() == (7,)

    asyncio.run(story())


def test_a_pid_file_that_names_some_other_program_does_not_stop_the_start(short: Path):
    server = Postgres(short / "pg", settings=FAST)
    asyncio.run(start_and_stop(server))
    (short / "pg" / "data" / "postmaster.pid").write_text(f"{os.getppid()}\n{short}/pg/data\n0\n5432\n\n\n\n")
    asyncio.run(start_and_stop(Postgres(short / "pg", settings=FAST)))


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_succeeds(short: Path):
    program = textwrap.dedent("""
        import asyncio, pathlib, psycopg, sys
        from troth.app.embedded.postgres import Postgres
        from troth.app.supervisor import Supervisor
        async def main():
            server = Postgres(pathlib.Path(sys.argv[1]))
            async with Supervisor([server.child]) as supervisor:
                busy = await psycopg.AsyncConnection.connect(server.owner_dsn)
                asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 1e10)"))
                await asyncio.sleep(0)
                print(supervisor.health()[0].pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program, short / "pg"], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        pid = int(first.stdout.readline())
        first.kill()
    asyncio.run(start_and_stop(Postgres(short / "pg")))
    assert not alive(pid)


def test_a_directory_in_use_is_refused_and_its_user_is_not_disturbed(postgres: Postgres, monkeypatch):
    monkeypatch.setattr("troth.app.embedded.postgres._OTHERS_GONE_S", 0.2)
    directory = postgres.sockets.parent
    with pytest.raises(
        AlreadyRunning, match=r"is in use by another process \(\d+\): stop it, or name another"
    ):
        asyncio.run(start_and_stop(Postgres(directory)))
    with psycopg.connect(postgres.owner_dsn) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_directory_of_another_version_is_refused(short: Path):
    sixteen = wheel_programs().parents[1] / "pginstall" / "bin"
    asyncio.run(start_and_stop(Postgres(short / "pg", programs=sixteen, settings=FAST)))
    with pytest.raises(OtherVersion, match="was made by postgresql 16 and this is 18: dump it with 16"):
        asyncio.run(start_and_stop(Postgres(short / "pg")))


def test_a_directory_that_others_can_open_is_refused_and_left_as_it_is(short: Path):
    (short / "pg").mkdir()
    (short / "pg").chmod(0o755)
    with pytest.raises(Unusable, match=r"can be opened by others \(mode 0755\): run 'chmod 700"):
        asyncio.run(start_and_stop(Postgres(short / "pg")))
    assert (short / "pg").stat().st_mode & 0o777 == 0o755
    assert list((short / "pg").iterdir()) == []


def test_a_directory_without_room_is_refused_before_anything_is_made(short: Path):
    with pytest.raises(Unusable, match=r"no space: \d+ MB are free and 1000000000 MB are needed: free some"):
        asyncio.run(start_and_stop(Postgres(short / "pg", room_mb=10**9)))
    assert not (short / "pg" / "data").exists()


@pytest.mark.skipif(not ROOT, reason="only root can mount a small file system")
def test_a_disk_that_fills_up_while_the_cluster_is_made_leaves_nothing_half_made(short: Path):
    (short / "small").mkdir(mode=0o700)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "small", short / "small"], check=False
    ).returncode:
        pytest.skip("this system lets nobody mount")
    try:
        with pytest.raises(Unusable, match="No space left on device"):
            asyncio.run(start_and_stop(Postgres(short / "small" / "pg", room_mb=0)))
        assert not (short / "small" / "pg" / "data").exists()
    finally:
        subprocess.run(["umount", short / "small"], check=True)


def test_a_half_made_cluster_is_made_anew(short: Path):
    (short / "pg" / "data.new" / "base").mkdir(parents=True)
    for path in (short / "pg", short / "pg" / "data.new"):
        path.chmod(0o700)
    asyncio.run(start_and_stop(Postgres(short / "pg", settings=FAST)))
    assert not (short / "pg" / "data.new").exists()


def test_a_setting_that_the_server_refuses_is_named(short: Path):
    with pytest.raises(Unusable, match="shared_bufers"):
        asyncio.run(start_and_stop(Postgres(short / "pg", settings={"shared_bufers": "1"})))


def test_a_path_too_long_for_a_socket_gets_a_private_directory_that_goes_again(short: Path):
    server = Postgres(short / ("long" * 25) / "pg", settings=FAST)

    async def story():
        async with Supervisor([server.child]):
            assert server.sockets.parent != short / ("long" * 25) / "pg"
            assert server.sockets.stat().st_mode & 0o777 == 0o700
            assert shown(server, "port") == "5432"

    asyncio.run(story())
    assert not server.sockets.exists()


def test_two_servers_run_side_by_side(short: Path):
    one, other = Postgres(short / "1", settings=FAST), Postgres(short / "2", settings=FAST)

    async def story():
        async with Supervisor([one.child, other.child]):
            with psycopg.connect(one.owner_dsn) as conn:
                conn.execute("CREATE TABLE only_in_one ()")
            with psycopg.connect(other.owner_dsn) as conn:
                assert conn.execute("SELECT to_regclass('only_in_one')").fetchone() == (None,)

    asyncio.run(story())


@pytest.mark.skipif(not ROOT, reason="only root has an account to step down to")
def test_where_no_user_namespace_is_to_be_had_root_steps_down_to_an_account(short: Path, monkeypatch):
    monkeypatch.setattr(identity, "NAMESPACE", "account:0:0")  # stays root, which the server refuses

    async def works(program: Path, one: str, reach: Path) -> bool:
        return one != "account:0:0" and await really_works(program, one, reach)

    really_works = identity._works
    monkeypatch.setattr(identity, "_works", works)
    before = short.stat()
    server = Postgres(short / "pg", settings=FAST)

    async def story():
        async with Supervisor([server.child]) as supervisor:
            status = Path(f"/proc/{supervisor.health()[0].pid}/status").read_text()
            assert "Uid:\t0" not in status
            assert shown(server, "data_checksums") == "on"

    asyncio.run(story())
    assert (short / "pg" / "data").stat().st_uid != 0
    assert (short / "pg").stat().st_uid == 0
    assert short.stat().st_mode == before.st_mode
    monkeypatch.undo()
    asyncio.run(start_and_stop(Postgres(short / "pg", settings=FAST)))  # again, by its owner's account


@pytest.mark.skipif(not ROOT, reason="only root can enter somebody else's directory")
def test_below_a_directory_of_somebody_else_root_steps_down_to_an_account_that_reaches(short: Path):
    (short / "theirs").mkdir(mode=0o700)
    os.chown(short / "theirs", 1000, 1000)
    server = Postgres(short / "theirs" / "pg", settings=FAST)
    asyncio.run(start_and_stop(server))
    assert (short / "theirs").stat().st_uid == 1000
    assert (short / "theirs").stat().st_mode & 0o777 == 0o700
    assert (short / "theirs" / "pg" / "data").stat().st_uid not in (0, 1000)


@pytest.mark.skipif(not ROOT, reason="only root is refused by the server")
def test_root_with_no_way_to_be_someone_else_is_told_so(short: Path, monkeypatch):
    async def never(_program: Path, _one: str, _reach: Path) -> bool:
        return False

    monkeypatch.setattr(identity, "_works", never)
    with pytest.raises(identity.NoIdentity, match=r"refuses to run as root.*start as another user"):
        asyncio.run(start_and_stop(Postgres(short / "pg")))
