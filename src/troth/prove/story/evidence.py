"""What the tables hold, seen from outside: plain SQL as the database's owner, no code of ours in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import LiteralString, Self

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

_PERSONAL: Mapping[str, LiteralString] = {
    "subjects": "SELECT count(*) FROM subject WHERE state <> 'erased'",
    "acts": "SELECT count(*) FROM act",
    "documents": "SELECT count(*) FROM document",
    "blocks": "SELECT count(*) FROM event_block",
    "films": "SELECT count(*) FROM media",
    "keys": "SELECT count(*) FROM vault_key",
    "index entries": "SELECT count(*) FROM blind_index",
    "sessions": "SELECT count(*) FROM session",
    "codes": "SELECT count(*) FROM code",
    "messages": "SELECT count(*) FROM outbox",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Looks into the database at ``dsn`` (the owner's), by a connection of ``pool`` or one for each look."""

    dsn: str
    pool: AsyncConnectionPool | None = None

    @classmethod
    @asynccontextmanager
    async def kept_open(cls, dsn: str) -> AsyncGenerator[Self]:
        """Look often: connections are kept, each look in a transaction of its own."""
        pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
            dsn, min_size=1, max_size=4, open=False
        )
        async with pool:
            yield cls(dsn, pool)

    @asynccontextmanager
    async def _look(self) -> AsyncGenerator[AsyncConnection]:
        if self.pool is not None:
            async with self.pool.connection() as conn:
                yield conn
            return
        async with await AsyncConnection.connect(self.dsn) as conn:
            yield conn

    async def value(self, query: LiteralString, params: Mapping[str, object] | None = None) -> int:
        """Return the one number that ``query`` yields (0 for none)."""
        async with self._look() as conn:
            row = await (await conn.execute(query, params)).fetchone()
            return int(row[0] or 0) if row else 0

    async def text(self, query: LiteralString, params: Mapping[str, object] | None = None) -> str:
        """Return the one text that ``query`` yields (empty for none)."""
        async with self._look() as conn:
            row = await (await conn.execute(query, params)).fetchone()
            return str(row[0] or "") if row else ""

    async def change(self, query: LiteralString, params: Mapping[str, object] | None = None) -> int:
        """Do what a dishonest administrator would: run ``query`` and commit; return the rows touched."""
        async with self._look() as conn:
            return (await conn.execute(query, params)).rowcount

    async def rows_about_people(self) -> Mapping[str, int]:
        """Return how many rows each table that can be about a person holds."""
        return {name: await self.value(query) for name, query in _PERSONAL.items()}

    async def checkpoint(self) -> None:
        """Make PostgreSQL write everything it knows to its files."""
        async with await AsyncConnection.connect(self.dsn, autocommit=True) as conn:
            await conn.execute("CHECKPOINT")

    async def counted(self, function: str, reason: str) -> int:
        """Return how often ``function`` was refused or trimmed for ``reason``."""
        return await self.value(
            "SELECT sum(n) FROM decision_count WHERE function = %(function)s AND reason = %(reason)s",
            {"function": function, "reason": reason},
        )
