"""Forward-only migrations: numbered SQL files, each in one transaction, run once, by the schema's owner.

A file that was applied may never change: its hash is kept, and a difference stops the start with a sentence.
A new table needs one row in `troth.db.grants`: after migrating, roles may do what stands there, no more.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString, cast

from psycopg import AsyncConnection

from troth.db.grants import bring_about
from troth.db.roles import PATIENCE, Role

if TYPE_CHECKING:
    from collections.abc import Sequence


class MigrationChanged(Exception):
    """an applied migration differs from its file: restore the file and add a new migration instead"""


def migrations() -> Sequence[tuple[str, str]]:
    """Return (name, SQL text) of every migration, in order."""
    folder = files("troth.db").joinpath("migrations")
    found = [(f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)


async def migrate(dsn: str, *, only: frozenset[str] | None = None) -> Sequence[str]:
    """Bring the database at ``dsn`` (a role that owns the schema) up to date; return what was applied.

    With ``only``, no more than the migrations of these names, and nothing granted: the schema of an older
    release, for a backup of it. Safe to run from several processes at once: an advisory lock makes the others
    wait.
    """
    applied: list[str] = []
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("SET client_min_messages = error")
        await conn.execute("SELECT pg_advisory_lock(7420)")
        # From here on nobody is waited for at length: what waits for us waits for the system to start.
        for name, value in PATIENCE[Role.OWNER].options().items():
            await conn.execute("SELECT set_config(%s, %s, false)", (name, value))
        # Should this process be killed, its session ends soon, and lets the next one go on.
        await conn.execute("SET client_connection_check_interval = '2s'")
        await conn.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 bytea NOT NULL)"
        )
        rows = await (await conn.execute("SELECT name, sha256 FROM migration")).fetchall()
        known = {str(name): bytes(digest) for name, digest in rows}
        for name, text in migrations():
            digest = hashlib.sha256(text.encode()).digest()
            if name in known:
                if known[name] != digest:
                    raise MigrationChanged(f"{name}: {MigrationChanged.__doc__}")
                continue
            if only is not None and name not in only:
                continue
            async with conn.transaction():
                await conn.execute(cast("LiteralString", text))
                await conn.execute("INSERT INTO migration VALUES (%s, %s)", (name, digest))
            applied.append(name)
        if only is None:
            async with conn.transaction():
                await bring_about(conn)
        await conn.execute("SELECT pg_advisory_unlock(7420)")
    return applied
