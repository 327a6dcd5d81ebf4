"""Statements that travel together: their order, their errors, and what is left of a trip cut short."""

# ruff: noqa: PT012  # it is leaving the transaction that raises

import asyncio
from typing import NamedTuple

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.pq import TransactionStatus

from troth.db import Database, Next, NothingCommitted, arrays, binary
from troth.db import line as lines
from troth.db.line import Line

ADD = "INSERT INTO traveller (n) VALUES (%(n)s)"
ALL = "SELECT array_agg(n ORDER BY n) FROM traveller"


class Row(NamedTuple):
    n: int


class Count(NamedTuple):
    many: int


@pytest_asyncio.fixture
async def db(database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute("CREATE TABLE traveller (n integer PRIMARY KEY CHECK (n > 0))")
        conn.execute("GRANT SELECT, INSERT ON traveller TO troth_test")
    async with Database(database.app, size=1) as found:
        yield found


@pytest.fixture
def trips(monkeypatch):
    """How many statements each trip had."""
    seen, real = [], Line._trip

    def trip(self, statements):
        seen.append([one.query.split()[0].decode() for one in statements])
        return real(self, statements)

    monkeypatch.setattr(Line, "_trip", trip)
    return seen


async def there(db):
    async with db.transaction() as tx:
        return await tx.value(ALL)


async def test_a_transaction_that_asks_nothing_is_one_trip(db, trips):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        tx.later(ADD, {"n": 2})
        assert trips == []
    assert trips == [["BEGIN", "INSERT", "INSERT", "COMMIT"]]
    assert await there(db) == [1, 2]


async def test_a_next_question_goes_on_the_same_trip_and_sees_what_the_first_did(db, trips):
    async with db.transaction() as tx:
        added = Next(Row, "SELECT n FROM traveller ORDER BY n")
        count = Next(Count, "SELECT count(*) AS many FROM traveller WHERE n > %(n)s", {"n": 1})
        first = await tx.rows(Row, f"{ADD} RETURNING n", {"n": 1}, then=(added, count))
        assert (first, added.rows, count.rows) == ([Row(1)], [Row(1)], [Count(0)])
    assert trips == [["BEGIN", "INSERT", "SELECT", "SELECT"], ["COMMIT"]]


async def test_texts_arrive_as_they_are_in_an_array(db):
    strange = ["", "a", '"', "\\", '\\"', "{", "}", ",", "NULL", " ", "a b", "\n", "\u6f22", "'", "%s", "{}"]
    async with db.transaction() as tx:
        for some in (strange, ["only"], []):
            assert await tx.value("SELECT %(all)s::text[]", {"all": arrays.texts(some)}) == some


async def test_what_waits_goes_before_whatever_is_asked(db, trips):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        assert await tx.value(ALL) == [1]
        tx.later(ADD, {"n": 2})
        assert await (await tx.conn.execute(ALL)).fetchone() == ([1, 2],)
        tx.later(ADD, {"n": 4})
        await tx.copy("COPY traveller (n) FROM STDIN (FORMAT binary)", ["int4"], [(3,)])
        assert await tx.run("SELECT FROM traveller") == 4
    assert trips[0] == ["BEGIN", "INSERT", "SELECT"]
    assert trips[-1] == ["COMMIT"]


async def test_a_transaction_in_which_nothing_was_said_sends_nothing(db, trips):
    async with db.transaction():
        pass
    with pytest.raises(KeyError):
        async with db.transaction() as tx:
            tx.later(ADD, {"n": 1})
            raise KeyError
    assert trips == []
    assert await there(db) is None


async def test_a_failure_on_the_way_is_raised_before_anyone_believes_in_the_commit(db):
    with pytest.raises(psycopg.errors.CheckViolation):
        async with db.transaction() as tx:
            tx.later(ADD, {"n": 1})
            tx.later(ADD, {"n": -1})
            tx.later(ADD, {"n": 2})
    assert await there(db) is None


async def test_the_first_failure_is_the_one_that_is_raised_and_nothing_behind_it_is_done(db):
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with db.transaction() as tx:
            tx.later(ADD, {"n": 1})
            tx.later(ADD, {"n": 1})
            tx.later(ADD, {"n": -1})
            await tx.value("SELECT 1")
    assert await there(db) is None


async def test_going_on_after_a_failure_commits_nothing(db):
    with pytest.raises(NothingCommitted):
        async with db.transaction() as tx:
            tx.later(ADD, {"n": 1})
            with pytest.raises(psycopg.errors.CheckViolation):
                await tx.run(ADD, {"n": -1})
            tx.later(ADD, {"n": 2})
    assert await there(db) is None


async def test_a_deferred_constraint_fails_the_commit(db, database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute("ALTER TABLE traveller ADD COLUMN m integer UNIQUE DEFERRABLE INITIALLY DEFERRED")
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with db.transaction() as tx:
            for n in (1, 2):
                tx.later("INSERT INTO traveller (n, m) VALUES (%(n)s, 7)", {"n": n})
    assert await there(db) is None


async def test_what_does_not_fit_a_parameter_is_told_at_once(db):
    async with db.transaction() as tx:
        for params in ({"n": object()}, {"m": 1}):
            with pytest.raises(psycopg.ProgrammingError):
                tx.later(ADD, params)
        with pytest.raises(psycopg.ProgrammingError):
            tx.later("SELECT 1 WHERE 1 = %s", {})
        assert await tx.value("SELECT 7 %% %(n)s", {"n": 4}) == 3
        assert await tx.value("SELECT %(n)s + %(m)s + %(n)s", {"n": 4, "m": 1}) == 9


async def test_a_name_that_is_not_known_before_is_quoted(db):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        table = sql.Identifier("traveller")
        assert await tx.value(sql.SQL("SELECT count(*) FROM {}").format(table)) == 1
        assert await tx.value(sql.SQL("SELECT n FROM {} WHERE n = %(n)s").format(table), {"n": 1}) == 1


async def test_who_is_cancelled_on_the_way_leaves_a_session_that_works(db):
    async def sleepy():
        async with db.transaction() as tx:
            tx.later(ADD, {"n": 1})
            await tx.value("SELECT pg_sleep(30)")

    async with db.transaction() as tx:
        session = await tx.value("SELECT pg_backend_pid()")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await sleepy()
    async with db.transaction() as tx:
        assert await tx.value("SELECT pg_backend_pid()") == session
        assert await tx.value(ALL) is None


async def test_a_statement_on_the_way_has_its_own_time(db):
    with pytest.raises(psycopg.errors.QueryCanceled):
        async with db.transaction() as tx:
            await tx.run("SET LOCAL statement_timeout = 300")
            for _ in range(3):
                tx.later("SELECT pg_sleep(0.2)")  # each within its time
            assert await tx.value("SELECT 1") == 1
            tx.later("SELECT pg_sleep(10)")
    assert await there(db) is None


async def test_a_session_that_dies_on_the_way_is_replaced(db, database):
    with pytest.raises(psycopg.OperationalError):
        async with db.transaction() as tx:
            pid = await tx.value("SELECT pg_backend_pid()")
            with psycopg.connect(database.owner, autocommit=True) as conn:
                conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            tx.later(ADD, {"n": 1})
    assert await there(db) is None


async def test_what_could_not_be_parsed_is_parsed_anew(db, database):
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            async with db.transaction() as tx:
                tx.later("INSERT INTO stranger DEFAULT VALUES")
                tx.later(ADD, {"n": 1})  # never gets as far as being parsed
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute("CREATE TABLE stranger ()")
        conn.execute("GRANT INSERT ON stranger TO troth_test")
    async with db.transaction() as tx:
        tx.later("INSERT INTO stranger DEFAULT VALUES")
        tx.later(ADD, {"n": 1})
    assert await there(db) == [1]


async def test_a_session_keeps_no_more_statements_than_it_may(db, monkeypatch):
    monkeypatch.setattr(lines, "_MOST_PREPARED", 8)
    for _ in range(2):
        for n in range(20):
            async with db.transaction() as tx:
                assert await tx.value(f"SELECT %(n)s + {n}", {"n": n}) == 2 * n
    async with db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM pg_prepared_statements") == 8


async def test_a_savepoint_takes_what_waits_with_it(db):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        with pytest.raises(KeyError):
            async with tx.conn.transaction():
                tx.later(ADD, {"n": 2})
                raise KeyError
        async with tx.conn.transaction():
            tx.later(ADD, {"n": 3})
        with pytest.raises(psycopg.errors.CheckViolation):
            async with tx.conn.transaction():
                tx.later(ADD, {"n": -4})
        tx.later(ADD, {"n": 5})
        assert tx.conn.info.transaction_status is TransactionStatus.INTRANS
    assert await there(db) == [1, 3, 5]


TWO = """
SAVEPOINT two;
COPY traveller (n) FROM STDIN (FORMAT binary);
COPY traveller (n) FROM STDIN (FORMAT binary);
RELEASE SAVEPOINT two
"""


def taken(*numbers):
    return lambda: binary.pieces([binary.fields(1) + binary.number(n) for n in numbers])


async def test_copies_that_go_together_take_a_part_each_after_what_waited(db):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        await tx.conn.fill(TWO, [taken(2, 3), taken(*range(10, 50_000))])
        assert await tx.value("SELECT count(*) FROM traveller") == 49_993
    assert (await there(db))[:4] == [1, 2, 3, 10]


@pytest.mark.parametrize("parts", [(taken(1), taken(5)), (taken(5), taken(1))])
async def test_a_copy_that_fails_takes_the_others_with_it_and_leaves_the_transaction(db, parts):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        with pytest.raises(psycopg.errors.UniqueViolation):
            await tx.conn.fill(TWO, parts)
        await tx.conn.execute("ROLLBACK TO SAVEPOINT two")
        tx.later(ADD, {"n": 2})
    assert await there(db) == [1, 2]


def broken(*numbers):
    def part():
        yield from taken(*numbers)()
        raise ZeroDivisionError

    return part


@pytest.mark.parametrize(
    "parts",
    [
        (taken(3), broken()),
        (broken(3), taken(4)),
        (taken(3), broken(*range(4, 50_000))),
        (taken(3), lambda: 1 // 0),
    ],
)
async def test_a_part_that_cannot_be_made_takes_the_others_with_it_and_leaves_the_transaction(db, parts):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 1})
        with pytest.raises(ZeroDivisionError):
            await tx.conn.fill(TWO, parts)
        await tx.conn.execute("ROLLBACK TO SAVEPOINT two")
        tx.later(ADD, {"n": 2})
    assert await there(db) == [1, 2]


async def test_a_part_that_cannot_be_made_beside_a_copy_that_fails_is_told_as_either(db):
    async with db.transaction() as tx:
        with pytest.raises((ZeroDivisionError, psycopg.errors.UniqueViolation)):  # whichever is known first
            await tx.conn.fill(TWO, (taken(1, 1), broken(4)))
        await tx.conn.execute("ROLLBACK TO SAVEPOINT two")
        tx.later(ADD, {"n": 2})
    assert await there(db) == [2]


async def test_statements_that_travel_together_are_answered_each(db):
    async with db.transaction() as tx:
        tx.later(ADD, {"n": 7})
        often = "SELECT n * %(k)s AS n FROM traveller"
        answers = await tx.conn.ask_each(*[tx.conn.statement(often, {"k": k}) for k in (1, 2)])
        assert [tx.conn.load(answer, tuple, 9) for answer in answers] == [[(7,)], [(14,)]]
