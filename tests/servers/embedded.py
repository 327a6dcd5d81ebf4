"""The embedded server, with one role more that may do what all working roles may together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from troth.db.roles import WORKING, Role

if TYPE_CHECKING:
    from troth.app.embedded.postgres import Postgres

ALL = "troth_test"


def make_all(conn: psycopg.Connection) -> None:
    """Make the role `ALL`, once the others are there."""
    if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", (ALL,)).fetchone() is None:
        conn.execute(f"CREATE ROLE {ALL} LOGIN INHERIT IN ROLE {', '.join(sorted(WORKING))}")


def let_all_in(server: Postgres) -> None:
    """Make the role `ALL` on this server of ours, which then asks it for no password."""
    hba = server.sockets.parent / "data" / "pg_hba.conf"
    with psycopg.connect(server.dsn(Role.OWNER), autocommit=True) as conn:
        make_all(conn)
        if ALL not in hba.read_text():
            hba.write_text(f"local all {ALL} trust\n{hba.read_text()}")
            conn.execute("SELECT pg_reload_conf()")


class Embedded:
    """Copies the migrated database ``troth`` as often as tests ask."""

    def __init__(self, server: Postgres) -> None:
        self.dsn = server.dsn
        self._manager = psycopg.connect(server.dsn(Role.OWNER, "postgres"), autocommit=True)

    def make(self, name: str, *, empty: bool = False) -> None:
        template = "template0" if empty else "troth"
        self._manager.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')

    def drop(self, name: str) -> None:
        self._manager.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._manager.close()
