"""Whatever is changed in any column of any table of the ledger, verification says so.

The attacker is the superuser. Every column of these tables is either bent here or named as not covered.
"""

# ruff: noqa: S608  # the attacker puts their own SQL together

import random
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth import ledger
from troth.db import Database
from troth.ledger import EntryKind, NewEntry
from troth.ledger.replay import Broken
from troth.ledger.sequencer import Sequencer
from troth.ledger.signing import Signer
from troth.ledger.verify import Verified, verify
from troth.terms import Act, ActKind

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SIGNER = Signer("troth/test", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
TABLES = (
    "subject",
    "act",
    "ledger_entry",
    "ledger_queue",
    "ledger_leaf",
    "ledger_node",
    "ledger_head",
    "ledger_key",
    "ledger_opening",
)
NOT_COVERED = {
    ("ledger_queue", "place"),  # only the order of what has no number yet
    ("act", "until"),  # a child's birthday: only its year is on record
    ("subject", "generation"),  # known to be random
    ("subject", "told"),
    ("subject", "door"),
    ("subject", "subject"),  # who has no row has no standing: nothing opens
}
TIMES = 3
BEND = {
    "uuid": "overlay(coalesce({c}, '{nobody}')::text placing '{hex}' from {hexat})::uuid",
    "bytea": "set_byte({c}, {at} % octet_length({c}), get_byte({c}, {at} % octet_length({c})) # {bit})",
    "text": "overlay(coalesce({c}, '') placing '{letter}' from 1 + {at} % (1 + length(coalesce({c}, ''))))",
    "timestamp with time zone": "{c} + interval '1 microsecond'",
    "bigint": "coalesce({c}, 0) + 1000",
    "integer": "coalesce({c}, 0) + 50",
    "boolean": "NOT {c}",
}
CHECKS = ("ALTER TABLE act DROP CONSTRAINT act_kind_check",)


class Clock:
    def now(self):
        return AT


@pytest_asyncio.fixture
async def db(database):
    async with Database(database.app, size=2) as db:
        async with db.transaction() as tx:
            subject = await ledger.new_subject(tx)
            for kind in (ActKind.SHOWN, ActKind.ACCEPTED, ActKind.CHOSEN):
                await ledger.record(
                    tx, subject, Act(kind=kind, policy="p", at=AT, version=1, text_hash="a" * 64)
                )
            for _ in range(4):
                await ledger.append(tx, NewEntry(kind=EntryKind.DECISION, at=AT, subject=subject))
        await Sequencer(db, SIGNER, Clock()).run_once()
        async with db.transaction() as tx:
            await ledger.append(tx, NewEntry(kind=EntryKind.REQUEST, at=AT))  # waits
        yield db


async def look(db):
    async with db.transaction() as tx:
        return await verify(tx, SIGNER.public)


async def columns(conn):
    query = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = ANY(%s) ORDER BY 1, 2"
    )
    found = await (await conn.execute(query, (list(TABLES),))).fetchall()
    return [(table, column, kind) for table, column, kind in found if (table, column) not in NOT_COVERED]


def bent(column, kind, chance):
    chosen = {
        "at": chance.randrange(500),
        "bit": 1 << chance.randrange(8),
        "letter": chance.choice("QXZ"),
        "hex": chance.choice(["00000001", "fffffff0"]),
        "hexat": 1,
        "nobody": UUID(int=7),
    }
    return BEND[kind].format(c=f'"{column}"', **chosen)


async def bend(conn, table, column, kind, chance):
    """Change one row's column; return whether the value is another one now."""
    if (table, column) == ("subject", "state"):
        new = "CASE state WHEN 'live' THEN 'erased' ELSE 'live' END"
    else:
        new = bent(column, kind, chance)
    numbered = "ledger_leaf JOIN ledger_entry USING (entry)"
    rows = numbered if table == "ledger_entry" else table  # a text that waits has no hash yet
    order = f"md5({table}.ctid::text || '{chance.random()}')"
    where = f"ctid = (SELECT {table}.ctid FROM {rows} ORDER BY {order} LIMIT 1)"
    done = await conn.execute(
        f'UPDATE {table} SET "{column}" = {new} WHERE {where} AND "{column}" IS DISTINCT FROM {new}'
    )
    return done.rowcount == 1


@pytest.mark.parametrize("seed", range(TIMES))
async def test_no_column_of_the_ledger_can_be_changed_unseen(db, database, seed):
    chance = random.Random(seed)  # noqa: S311  # which byte: to be repeated
    unseen = []
    async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as conn:
        await conn.execute("SET session_replication_role = replica")
        for check in CHECKS:
            await conn.execute(check)
        for table in TABLES:
            await conn.execute(f"CREATE TABLE saved_{table} AS TABLE {table}")
        for table, column, kind in await columns(conn):
            assert await bend(conn, table, column, kind, chance), (table, column)
            if not isinstance(await look(db), Broken):
                unseen.append((table, column))
            await conn.execute(f"DELETE FROM {table}")
            await conn.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE saved_{table}")
        assert isinstance(await look(db), Verified), "put back as it was"
    assert unseen == []
