"""A Citus cluster of somebody's, named by TROTH_TEST_CITUS_DSN: databases are made and distributed there.

The variable is the way in of a superuser on the coordinator, whose pg_hba.conf lets our roles in by password
from here. A database is not copied from a template, since it is spread over machines: it is migrated and
distributed anew, with the statements that docs/howto/many-machines.md names, which takes seconds.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.servers.embedded import ALL, make_all
from troth.app.embedded.postgres_roles import verifier
from troth.app.places import own_file
from troth.db import migrate
from troth.db.roles import WORKING, Role

STATEMENTS = files("troth.db").joinpath("citus.sql").read_text(encoding="utf-8")


def distribute(owner: str) -> None:
    """Run the statements, each by itself, as whoever follows the page does."""
    with psycopg.connect(owner, autocommit=True) as conn:
        for statement in filter(str.strip, STATEMENTS.split(";\n")):
            conn.execute(statement.encode())


class Cluster:
    """Databases on the cluster whose superuser's way in is ``dsn``; the roles' passwords lie in ``folder``.

    They are made anew when none are given.
    """

    def __init__(self, dsn: str, folder: Path, passwords: Mapping[str, str] | None = None) -> None:
        self._dsn = dsn
        words = passwords or {name: secrets.token_urlsafe(24) for name in (*Role, ALL)}
        lines = "".join(f"*:*:*:{name}:{word}\n" for name, word in words.items())
        self._passfile = own_file(folder / "cluster.pgpass", lines)
        with psycopg.connect(dsn, autocommit=True) as conn:
            for role in Role:
                if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                    inherits = "" if role not in WORKING else "NOINHERIT"
                    conn.execute(f"CREATE ROLE {role} LOGIN {inherits}")
            make_all(conn)
            for name, word in words.items():
                conn.execute(f"ALTER ROLE {name} PASSWORD '{verifier(word)}'")

    def dsn(self, role: str, database: str) -> str:
        """Return the way in for a role: the same server and TLS, with its own password."""
        parts = {key: value for key, value in conninfo_to_dict(self._dsn).items() if key != "password"}
        here = {"user": role, "dbname": database, "passfile": str(self._passfile)}
        return make_conninfo("", **parts | here)

    def make(self, name: str, *, empty: bool = False) -> None:
        self._order(f'CREATE DATABASE "{name}" OWNER troth_owner')
        with psycopg.connect(self._dsn, dbname=name, autocommit=True) as conn:
            conn.execute("ALTER SCHEMA public OWNER TO troth_owner")
            if conn.execute("SELECT FROM pg_available_extensions WHERE name = 'citus'").fetchone():
                conn.execute("CREATE EXTENSION IF NOT EXISTS citus")
        if not empty:
            asyncio.run(migrate(self.dsn(Role.OWNER, name)))
            distribute(self.dsn(Role.OWNER, name))

    def drop(self, name: str) -> None:
        self._order(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _order(self, statement: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            conn.execute(statement.encode())
