"""Debian's PostgreSQL on a port of this machine, over TLS, set up by the words of docs/howto/database.md.

Its SQL blocks are run by a superuser as they stand there, and its line for pg_hba.conf is the server's; only
the passwords, the address range and, for copies, the database's name are put in.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import make_conninfo

from tests.servers.authority import Authority
from tests.servers.embedded import ALL, make_all
from troth.app.embedded.identity import account, identity_for
from troth.app.embedded.postgres_roles import verifier
from troth.app.places import own_directory, own_file
from troth.app.ports import free_port
from troth.app.supervisor import Child, on_leash
from troth.db.roles import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "db.internal"
PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "database.md").read_text(encoding="utf-8")
_HBA = re.compile(r"^hostssl .*$", re.MULTILINE)
_SUPERUSER = "postgres"


def blocks(language: str) -> Sequence[str]:
    """Return the blocks of the page that are written in ``language``, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def newest_programs() -> Path | None:
    """Return the programs of the newest PostgreSQL that Debian's packages put here."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in found), key=lambda path: int(path.parent.name), default=None)


class Debian:
    """One cluster in ``folder``; start its `child` with a supervisor, then `set_up` once."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._programs = programs
        self._folder = own_directory(folder)
        self._data = folder / "data"
        self._sockets = own_directory(folder / "run")
        self._identity = "same"
        self.port = free_port("127.0.0.1")
        self.authority = Authority(folder / "ca.pem")
        self.passwords = {name: secrets.token_urlsafe(24) for name in (*Role, ALL)}
        lines = (f"{HOST}:{self.port}:*:{name}:{word}\n" for name, word in self.passwords.items())
        self.passfile = own_file(folder / "pgpass", "".join(lines))

    def dsn(self, role: str, database: str = "troth", **changed: str) -> str:
        """Return the way in over TLS, as the page writes it: the name is checked, and resolved right here."""
        told = {
            "host": HOST, "hostaddr": "127.0.0.1", "port": str(self.port), "dbname": database, "user": role,
            "sslmode": "verify-full", "sslrootcert": str(self.authority.certificate),
            "passfile": str(self.passfile),
        }  # fmt: skip
        return make_conninfo("", **{key: value for key, value in (told | changed).items() if value})

    def superuser(self, database: str = "postgres") -> str:
        """Return the way in of whoever runs the server: a socket that this user alone can reach."""
        return make_conninfo(
            host=str(self._sockets), port=str(self.port), user=_SUPERUSER, dbname=database, sslmode="disable"
        )

    @property
    def child(self) -> Child:
        """What a supervisor needs to keep this server up."""
        return Child(
            name="debian-postgresql",
            argv=(str(self._programs / "postgres"), "-D", str(self._data)),
            environment={"LC_ALL": "C", "TZ": "UTC"},
            log=self._folder / "postgresql.log",
            before=self._prepare,
            ready=self._ready,
            identity=lambda: self._identity,
            stop_signal=SIGINT,
        )

    async def _prepare(self) -> None:
        if self._data.exists():
            return
        self._identity = await identity_for(self._programs / "postgres", self._data)
        own_directory(self._data)
        certificate, key = self.authority.issue(HOST, self._folder)
        self._hand_over(self._data, self._sockets, certificate, key)
        process = await on_leash(
            [str(self._programs / "initdb"), "-D", str(self._data), "-U", _SUPERUSER, "--auth=reject",
             "--encoding=UTF8", "--locale=C", "--no-sync"],
            environment={"LC_ALL": "C", "PATH": str(self._programs)},
            output=asyncio.subprocess.PIPE,
            identity=self._identity,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        (told,) = _HBA.findall(PAGE)
        told = told.replace("10.0.0.0/8", "127.0.0.1/32")
        # Beside the page's: whoever runs the server, the test's own role, and databases by other names.
        copies = told.replace(" troth ", " all ").replace("troth_owner", f"{ALL},troth_owner")
        (self._data / "pg_hba.conf").write_text(
            f"local all {_SUPERUSER} trust\nlocal all all scram-sha-256\n{told}\n{copies}\n"
        )
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                f"unix_socket_directories = '{self._sockets}'\nssl = on\nssl_cert_file = '{certificate}'\n"
                f"ssl_key_file = '{key}'\nfsync = off\nfull_page_writes = off\n"
            )

    def _hand_over(self, *paths: Path) -> None:
        ids = account(self._identity)
        for path in paths if ids else ():
            os.chown(path, *ids)

    async def _ready(self) -> bool:
        with suppress(psycopg.OperationalError):
            await (await psycopg.AsyncConnection.connect(self.superuser())).close()
            return True
        return False

    def set_up(self) -> None:
        """Do what the page says: its SQL as it stands, then a password for each role."""
        said = subprocess.run(
            [self._programs / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", self.superuser()],
            input="".join(blocks("sql")), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        with psycopg.connect(self.superuser(), autocommit=True) as conn:
            make_all(conn)
            for name, word in self.passwords.items():
                conn.execute(f"ALTER ROLE {name} PASSWORD '{verifier(word)}'")

    def make(self, name: str, *, empty: bool = False) -> None:
        template = "template0" if empty else "troth"
        with psycopg.connect(self.superuser(), autocommit=True) as conn:
            conn.execute(f'CREATE DATABASE "{name}" OWNER troth_owner TEMPLATE "{template}"')
            for order in re.findall(r"^ALTER DATABASE troth (SET .*);$", PAGE, re.MULTILINE):
                conn.execute(f'ALTER DATABASE "{name}" {order}')
        with psycopg.connect(self.superuser(name), autocommit=True) as conn:
            conn.execute("ALTER SCHEMA public OWNER TO troth_owner")

    def drop(self, name: str) -> None:
        with psycopg.connect(self.superuser(), autocommit=True) as conn:
            conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
