"""The pool and the transaction that everything else is handed.

The caller owns the transaction: decision, effect and evidence commit together or not at all. Nothing here
retries, and nothing here logs a statement or a value.
"""

from __future__ import annotations

import select
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, LiteralString, Self, TypeVar

from psycopg import AsyncConnection, OperationalError, Rollback
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from troth.db.line import Line
from troth.db.roles import patience_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

Row = TypeVar("Row")
_PATIENCE_S = 10
"""How long one waits for a connection before hearing that there is none; locks are waited for as long."""
_STUBBORN_S = 8
"""For how long the pause between attempts to connect doubles, from one second, before it starts again."""


class NothingCommitted(Exception):
    """a statement of this transaction failed, so nothing of it was committed: do it again"""


@dataclass(slots=True)
class Next(Generic[Row]):
    """A question that goes with another, right behind it: it sees all that was committed while that waited.

    Its ``rows`` are there once the other is answered.
    """

    kind: type[Row]
    query: LiteralString
    params: Mapping[str, object] | None = None
    rows: Sequence[Row] = ()


class Tx:
    """An open transaction. Handed down by argument; whoever opened it commits it.

    Statements keep their order. What `later` was told is seen by everything after it.
    """

    __slots__ = ("conn",)

    def __init__(self, conn: Line) -> None:
        self.conn = conn

    def later(self, query: LiteralString, params: Mapping[str, object] | None = None) -> None:
        """Execute on the way: with the next statement that answers, or with the commit.

        For what nobody needs an answer of. If it fails, that is where it raises, and nothing is committed.
        """
        self.conn.later(self.conn.statement(query, params))

    async def run(self, query: LiteralString, params: Mapping[str, object] | None = None) -> int:
        """Execute and return the number of rows touched."""
        answer = await self.conn.ask(self.conn.statement(query, params))
        touched = answer.command_tuples
        return -1 if touched is None else touched

    async def rows(
        self,
        kind: type[Row],
        query: LiteralString,
        params: Mapping[str, object] | None = None,
        *,
        then: Sequence[Next[Any]] = (),
    ) -> list[Row]:
        """Return every row as a ``kind`` (its fields named as the columns); ``then`` is answered as well."""
        more = [self.conn.statement(each.query, each.params) for each in then]
        answer, *answers = await self.conn.ask_each(self.conn.statement(query, params), *more)
        for each, rows in zip(then, answers, strict=True):
            each.rows = self._loaded(each.kind, rows)
        return self._loaded(kind, answer)

    async def row(
        self, kind: type[Row], query: LiteralString, params: Mapping[str, object] | None = None
    ) -> Row | None:
        """Return the first row as a ``kind``, or None when there is none."""
        answer = await self.conn.ask(self.conn.statement(query, params))
        return next(iter(self.conn.load(answer, _maker(kind, answer), 1)), None)

    async def copy(self, query: LiteralString, types: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Run ``COPY ... FROM STDIN (FORMAT binary)`` with ``rows``; return how many.

        Binary, so that no value can stand in an error's text; ``types`` are PostgreSQL's names, by column.
        """
        n = 0
        await self.conn.settle()
        async with self.conn.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(types)
            for row in rows:
                await copy.write_row(row)
                n += 1
        return n

    async def value(self, query: LiteralString, params: Mapping[str, object] | None = None) -> Any:
        """Return the first column of the first row, or None when there is none."""
        answer = await self.conn.ask(self.conn.statement(query, params))
        return next((row[0] for row in self.conn.load(answer, tuple, 1)), None)

    def _loaded(self, kind: type[Row], answer: PGresult) -> list[Row]:
        return self.conn.load(answer, _maker(kind, answer), answer.ntuples)


def _maker(kind: type[Row], answer: PGresult) -> Callable[[Sequence[Any]], Row]:
    """Return what makes a ``kind`` of the columns of ``answer``, by their names."""
    names = [(answer.fname(n) or b"").decode() for n in range(answer.nfields)]
    if names == _fields(kind):  # in the order of the fields, mostly
        return getattr(kind, "_make", None) or (lambda values: kind(*values))
    return lambda values: kind(**dict(zip(names, values, strict=True)))


@lru_cache(maxsize=1024)
def _fields(kind: type[object]) -> list[str]:
    """Return the fields of a dataclass, a struct or a named tuple, in the order in which it takes them."""
    if is_dataclass(kind):
        return [each.name for each in fields(kind) if each.init]
    return list(getattr(kind, "_fields", getattr(kind, "__struct_fields__", ())))


class Database:
    """A pool of connections to one PostgreSQL.

    Use as ``async with Database(dsn) as db: async with db.transaction() as tx: ...``. With ``ready`` 0
    nothing is connected before it is needed. A session waits as long as its role does (`PATIENCE`).
    """

    def __init__(self, dsn: str, *, size: int = 8, ready: int = 1) -> None:
        # client_min_messages: server notices may carry values.
        wanted = {**patience_of(dsn).options(), "client_min_messages": "error", "timezone": "UTC"}
        options = " ".join(f"-c {name}={value}" for name, value in wanted.items())
        self._pool: AsyncConnectionPool[Line] = AsyncConnectionPool(
            dsn,
            connection_class=Line,
            min_size=ready,
            max_size=size,
            open=False,
            kwargs={"options": options, "prepare_threshold": None},  # a line prepares by itself
            check=self._check,
            timeout=_PATIENCE_S,
            reconnect_timeout=_STUBBORN_S,
            reconnect_failed=AsyncConnectionPool.check,  # begins anew, so that waits never grow long
        )

    async def _check(self, conn: Line) -> None:
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

        `Rollback` goes no further. What was to go `later` raises here, before anyone believes in the commit.

        Raises `NothingCommitted` when a statement failed inside and the caller went on all the same: the
        server would answer that commit with a silent rollback.
        """
        with suppress(Rollback):
            async with self._pool.connection() as conn:
                yield Tx(conn)
                if conn.pgconn.transaction_status == TransactionStatus.INERROR:
                    raise NothingCommitted(NothingCommitted.__doc__)
                await conn.commit()


def _spoken_to(conn: AsyncConnection[Any]) -> bool:
    """Whether the server said something, a farewell or a closed socket included, to an idle connection."""
    waiting = select.poll()
    waiting.register(conn.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
