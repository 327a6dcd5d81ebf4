"""A connection on which statements travel together, each parsed by the server once.

What nobody needs an answer to waits, and goes out with the next statement that somebody asks about or with
the commit: in order, one write and one wait for all of them. The first of a transaction brings its BEGIN.
When one fails, the server skips what stands behind it up to the end of the trip, the COMMIT included.
Decides nothing about when a transaction ends.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, TypeVar, cast

from psycopg import AsyncConnection, OperationalError, ProgrammingError
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import copy_to, fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import tuple_row
from psycopg.sql import Composable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence

    from psycopg import AsyncCursor, AsyncTransaction
    from psycopg.abc import Buffer, Params, QueryNoTemplate
    from psycopg.pq import Format
    from psycopg.pq.abc import PGconn, PGresult
    from psycopg.rows import AsyncRowFactory

Row = TypeVar("Row")
_TUPLES = cast("AsyncRowFactory[Any]", tuple_row)
_A_PIECE = 128 * 1024
"""How much of a COPY is handed over at once."""
_MOST_ON_ITS_WAY = 4 * 1024 * 1024
"""How much of a COPY may wait to be taken by the server while more is made."""
_MOST_PREPARED = 256
"""How many statements one session keeps parsed; the oldest makes room."""
_PARAMETER = re.compile(r"%\((?P<name>[a-z_0-9]+)\)s|%%|%")


class Statement(NamedTuple):
    """A statement with its parameters as the server takes them."""

    query: bytes
    params: Sequence[Buffer | None] | None = None
    types: tuple[int, ...] = ()
    formats: Sequence[Format] | None = None

    def __repr__(self) -> str:
        return "Statement(...)"  # its parameters may be anyone's


_Key = tuple[bytes, tuple[int, ...]]
"""What one parsed statement is good for: its text, with parameters of these types."""
_FORGOTTEN: _Key = (b"", ())
_BEGIN, _COMMIT = Statement(b"BEGIN"), Statement(b"COMMIT")


class Line(AsyncConnection[Any]):
    """A connection for `Tx`. What is done with it in psycopg's own way comes after all that waits."""

    def __init__(self, pgconn: PGconn, row_factory: AsyncRowFactory[Any] = _TUPLES) -> None:
        super().__init__(pgconn, row_factory)
        self._waiting: list[Statement] = []
        self._names: dict[_Key, bytes] = {}
        self._made = 0
        self._on_its_way = 0  # bytes of a COPY, at most
        self._adapter = Transformer(self)

    def statement(self, query: LiteralString | Composable, params: Mapping[str, object] | None) -> Statement:
        """Return ``query`` with its ``%(name)s`` filled in; raises `ProgrammingError` when one is missing."""
        said = query.as_string(self) if isinstance(query, Composable) else query
        if params is None:
            return Statement(said.encode())
        text, names = _numbered(said)
        try:
            values = [params[name] for name in names]
        except KeyError as missing:
            raise ProgrammingError(f"a statement's parameter is missing: {missing}") from None
        dumped = self._adapter.dump_sequence(values, [PyFormat.AUTO] * len(names))
        return Statement(text, dumped, self._adapter.types or (), self._adapter.formats)

    def later(self, one: Statement) -> None:
        """Let ``one`` go with whatever goes next."""
        self._waiting.append(one)

    async def ask(self, *more: Statement) -> PGresult:
        """Send all that waits and ``more``; return the answer to the last. Raises the first failure."""
        return (await self.ask_each(*more))[-1]

    async def ask_each(self, *more: Statement) -> list[PGresult]:
        """Do that; return the answers to ``more``."""
        async with self.lock:
            trip = [*self._waiting, *more]
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                trip.insert(0, _BEGIN)
            self._waiting.clear()
            return (await self.wait(self._trip(trip)))[-max(1, len(more)) :]

    async def fill(self, query: LiteralString, parts: Sequence[Callable[[], Iterable[bytes]]]) -> None:
        """Run the statements of ``query``, one ``COPY ... FROM STDIN (FORMAT binary)`` for each of ``parts``.

        A part yields what its COPY is to take, piece by piece, each made while the server is at work on what
        it was handed before. What a part raises is raised here, and its COPY has then failed like any other
        statement. Binary, so that no value can stand in an error's text.
        """
        if self._waiting or self.pgconn.transaction_status == TransactionStatus.IDLE:
            await self.ask()
        async with self.lock:
            await self.wait(self._fill(query.encode(), parts))

    def load(self, answer: PGresult, make: Callable[[Sequence[Any]], Row], most: int) -> list[Row]:
        """Return the rows of ``answer``, at most ``most``."""
        self._adapter.set_pgresult(answer)
        try:
            return self._adapter.load_rows(0, min(answer.ntuples, most), make)
        finally:
            self._adapter.set_pgresult(None)

    async def execute(  # pyright: ignore[reportIncompatibleMethodOverride]  # no template strings
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool = False,
    ) -> AsyncCursor[Any]:
        """Execute in psycopg's way, after what waits."""
        await self.settle()
        return await super().execute(query, params, prepare=prepare, binary=binary)

    @asynccontextmanager
    async def transaction(
        self,
        savepoint_name: str | None = None,
        force_rollback: bool = False,  # noqa: FBT001, FBT002  # psycopg's signature
    ) -> AsyncGenerator[AsyncTransaction]:
        """Open a savepoint of the transaction: what waits inside stands or falls with it."""
        if self._waiting or self.pgconn.transaction_status == TransactionStatus.IDLE:
            await self.ask()
        async with super().transaction(savepoint_name, force_rollback) as point:
            try:
                yield point
                await self.settle()
            finally:
                self._waiting.clear()

    async def settle(self) -> None:
        """Send what waits."""
        if self._waiting:
            await self.ask()

    async def commit(self) -> None:
        """Send what waits and the COMMIT; when that raises, nothing was committed or the server is gone."""
        if self._waiting or self.pgconn.transaction_status == TransactionStatus.INTRANS:
            await self.ask(_COMMIT)
        else:
            await super().commit()

    async def rollback(self) -> None:
        """Undo everything; what waits is never sent."""
        self._waiting.clear()
        await super().rollback()

    def _trip(self, trip: Sequence[Statement]) -> PQGen[list[PGresult]]:
        """Go there and back. Left before its end, the session is of no use to anyone and is closed."""
        answers: list[PGresult] = []
        failed: PGresult | None = None
        try:
            self.pgconn.enter_pipeline_mode()
            sent = [new for one in trip for new in self._send(one)]
            self.pgconn.pipeline_sync()
            yield from send(self.pgconn)
            for new in sent:
                answer = yield from self._answer()
                if answer.status in {ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED}:
                    failed = failed or answer
                    if new is not None:  # not parsed: the next try has to
                        self._names.pop(new, None)
                elif new is None:
                    answers.append(answer)
            yield from self._answer()  # that of the sync
            self.pgconn.exit_pipeline_mode()
        except BaseException as broken:
            self.pgconn.finish()
            if failed is not None and isinstance(broken, OperationalError):
                raise error_from_result(failed) from broken  # its last words
            raise
        if failed is not None:
            raise error_from_result(failed, encoding=self.info.encoding)
        return answers

    def _fill(self, query: bytes, parts: Sequence[Callable[[], Iterable[bytes]]]) -> PQGen[None]:
        """Go there, hand over part by part, and come back. Left before its end, the session is closed."""
        fault: Exception | None = None
        try:
            self.pgconn.send_query(query)
            yield from send(self.pgconn)
            for part in parts:
                pieces = _Pieces(part)
                pieces.make_until(self._answered)
                answer = yield from self._heard()
                if answer.status != ExecStatus.COPY_IN:
                    fault = pieces.fault
                    break
                while piece := pieces.next():
                    yield from self._hand_over(piece)
                fault = pieces.fault
                self.pgconn.put_copy_end(None if fault is None else b"called off")
                if fault is not None:
                    answer = yield from self._heard()
                    break
            else:
                answer = yield from self._heard()
        except BaseException:
            self.pgconn.finish()
            raise
        if fault is not None:
            raise fault
        if answer.status != ExecStatus.COMMAND_OK:
            raise error_from_result(answer, encoding=self.info.encoding)

    def _hand_over(self, piece: memoryview) -> PQGen[None]:
        """Let a piece go, and wait for it to be gone only where much is on its way."""
        for at in range(0, len(piece), _A_PIECE):
            part = piece[at : at + _A_PIECE]
            yield from copy_to(self.pgconn, part, flush=False)
            self._on_its_way += len(part)
            if self.pgconn.flush() == 0:
                self._on_its_way = 0
            elif self._on_its_way > _MOST_ON_ITS_WAY:
                yield from send(self.pgconn)
                self._on_its_way = 0

    def _heard(self) -> PQGen[PGresult]:
        yield from send(self.pgconn)
        return (yield from self._answer())

    def _answered(self) -> bool:
        """Let go what waits to; tell whether the server has said something, without waiting for it."""
        self.pgconn.flush()
        self.pgconn.consume_input()
        return not self.pgconn.is_busy()

    def _send(self, one: Statement) -> list[_Key | None]:
        """Queue ``one``; return what will be answered: a key for something parsed, None for the statement."""
        key = one.query, one.types
        answered: list[_Key | None] = [None]
        name = self._names.get(key)
        if name is None:
            if len(self._names) >= _MOST_PREPARED:
                oldest = self._names.pop(next(iter(self._names)))
                self.pgconn.send_query_params(b"DEALLOCATE " + oldest, None)
                answered.insert(0, _FORGOTTEN)
            self._made += 1
            name = b"troth_%d" % self._made
            self.pgconn.send_prepare(name, one.query, param_types=one.types)
            self._names[key] = name
            answered.insert(-1, key)
        self.pgconn.send_query_prepared(name, one.params, param_formats=one.formats)
        return answered

    def _answer(self) -> PQGen[PGresult]:
        found = yield from fetch_many(self.pgconn)
        if not found:
            raise OperationalError("the server closed the connection")
        return found[-1]


class _Pieces:
    """What one COPY is to take, as far as it is made. ``fault`` is what kept the rest from being made."""

    def __init__(self, part: Callable[[], Iterable[bytes]]) -> None:
        self.fault: Exception | None = None
        self._made: deque[bytes] = deque()
        self._to_come = self._each(part)

    def make_until(self, enough: Callable[[], bool]) -> None:
        """Make pieces ahead until there are enough."""
        for piece in self._to_come:
            self._made.append(piece)
            if enough():
                return

    def next(self) -> memoryview:
        """Return the next piece; an empty one: there is none."""
        return memoryview(self._made.popleft() if self._made else next(self._to_come, b""))

    def _each(self, part: Callable[[], Iterable[bytes]]) -> Iterator[bytes]:
        try:
            yield from filter(None, part())
        except Exception as fault:  # noqa: BLE001 - the server is told first, and then the caller
            self.fault = fault


@lru_cache(maxsize=1024)
def _numbered(query: str) -> tuple[bytes, tuple[str, ...]]:
    """Return ``query`` with ``$1`` for ``%(name)s``, and the names in the order of their numbers."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found["name"] is None:
            raise ProgrammingError("a statement takes named parameters only: %(name)s, and %% for a per cent")
        return f"${names.setdefault(found['name'], len(names) + 1)}"

    return _PARAMETER.sub(number, query).encode(), tuple(names)
