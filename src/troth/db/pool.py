"""The pool and the transaction that everything else is handed.

The caller owns the transaction: decision, effect and evidence commit together or not at all. Nothing here
retries, and nothing here logs a statement or a value.
"""

from __future__ import annotations

import select
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, LiteralString, Self, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from troth.db.roles import patience_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

Row = TypeVar("Row")
_PATIENCE_S = 10
"""How long one waits for a connection before hearing that there is none; locks are waited for as long."""
_STUBBORN_S = 8
"""For how long the pause between attempts to connect doubles, from one second, before it starts again."""


class NothingCommitted(Exception):
    """a statement of this transaction failed, so nothing of it was committed: do it again"""


class Tx:
    """An open transaction. Handed down by argument; whoever opened it commits it."""

    __slots__ = ("conn",)

    def __init__(self, conn: AsyncConnection[Any]) -> None:
        self.conn = conn

    async def run(self, query: LiteralString, params: Mapping[str, object] | None = None) -> int:
        """Execute and return the number of rows touched."""
        cursor = await self.conn.execute(query, params, prepare=True)
        return cursor.rowcount

    async def rows(
        self, kind: type[Row], query: LiteralString, params: Mapping[str, object] | None = None
    ) -> list[Row]:
        """Return every row as a ``kind`` (a dataclass whose fields are named as the columns)."""
        async with self.conn.cursor(row_factory=class_row(kind)) as cursor:
            await cursor.execute(query, params, prepare=True)
            return await cursor.fetchall()

    async def row(
        self, kind: type[Row], query: LiteralString, params: Mapping[str, object] | None = None
    ) -> Row | None:
        """Return the first row as a ``kind``, or None when there is none."""
        async with self.conn.cursor(row_factory=class_row(kind)) as cursor:
            await cursor.execute(query, params, prepare=True)
            return await cursor.fetchone()

    async def copy(self, query: LiteralString, types: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Run ``COPY ... FROM STDIN (FORMAT binary)`` with ``rows``; return how many.

        Binary, so that no value can stand in an error's text; ``types`` are PostgreSQL's names, by column.
        """
        n = 0
        async with self.conn.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(types)
            for row in rows:
                await copy.write_row(row)
                n += 1
        return n

    async def value(self, query: LiteralString, params: Mapping[str, object] | None = None) -> Any:
        """Return the first column of the first row, or None when there is none."""
        cursor = await self.conn.execute(query, params, prepare=True)
        row = await cursor.fetchone()
        return None if row is None else row[0]


class Database:
    """A pool of connections to one PostgreSQL.

    Use as ``async with Database(dsn) as db: async with db.transaction() as tx: ...``. With ``ready`` 0
    nothing is connected before it is needed. A session waits as long as its role does (`PATIENCE`).
    """

    def __init__(self, dsn: str, *, size: int = 8, ready: int = 1) -> None:
        # client_min_messages: server notices may carry values.
        wanted = {**patience_of(dsn).options(), "client_min_messages": "error", "timezone": "UTC"}
        options = " ".join(f"-c {name}={value}" for name, value in wanted.items())
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            dsn,
            min_size=ready,
            max_size=size,
            open=False,
            kwargs={"options": options},
            check=self._check,
            timeout=_PATIENCE_S,
            reconnect_timeout=_STUBBORN_S,
            reconnect_failed=AsyncConnectionPool.check,  # begins anew, so that waits never grow long
        )

    async def _check(self, conn: AsyncConnection[Any]) -> None:
        """Replace every idle connection when one is dead: the pool waits longer after each that it tries.

        A server that went away, or ended this session, left something to read; if not, nothing is asked.
        """
        if not _spoken_to(conn):
            return
        try:
            await self._pool.check_connection(conn)
        except OperationalError:
            await self._pool.drain()
            raise

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=True, timeout=30)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Open a transaction; commit on leaving, roll back when an exception leaves with it.

        Raises `NothingCommitted` when a statement failed inside and the caller went on all the same: the
        server would answer that commit with a silent rollback.
        """
        async with self._pool.connection() as conn, conn.transaction():
            yield Tx(conn)
            if conn.info.transaction_status is TransactionStatus.INERROR:
                raise NothingCommitted(NothingCommitted.__doc__)


def _spoken_to(conn: AsyncConnection[Any]) -> bool:
    """Whether the server said something, a farewell or a closed socket included, to an idle connection."""
    waiting = select.poll()
    waiting.register(conn.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
