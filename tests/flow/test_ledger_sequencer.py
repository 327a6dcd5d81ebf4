"""Numbers come after commits, once, without a gap, whatever dies in between."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth import ledger
from troth.db import Database, Tx
from troth.ledger import EntryKind, NewEntry, checkpoint
from troth.ledger.proofs import latest_head
from troth.ledger.sequencer import Sequencer, TreeDamaged
from troth.ledger.signing import Signer
from troth.ledger.sql import QUERIES
from troth.ledger.verify import Verified, verify
from troth.terms import Act, ActKind

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SIGNER = Signer("troth/test", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
ENTRY = NewEntry(kind=EntryKind.DECISION, at=AT)


class Clock:
    at = AT

    def now(self):
        return self.at


@pytest_asyncio.fixture
async def db(database):
    async with Database(database.app, size=8) as found:
        yield found


def sequencer(db, **more):
    return Sequencer(db, SIGNER, Clock(), **more)


async def add(db, n=1):
    async with db.transaction() as tx:
        return [await ledger.append(tx, ENTRY) for _ in range(n)]


async def look(db):
    async with db.transaction() as tx:
        return await verify(tx, SIGNER.public)


async def test_only_what_has_committed_gets_a_number(db):
    one = sequencer(db)
    async with db.transaction() as tx:
        await ledger.append(tx, ENTRY)
        (second,) = await add(db)  # begun later, committed first
        assert await one.run_once() == 1
    assert await one.run_once() == 1
    assert await one.run_once() == 0
    async with db.transaction() as tx:
        assert await tx.value(QUERIES["leaf"], {"entry": second}) == 0
    assert (await look(db)).size == 2


async def test_what_is_rolled_back_gets_none(db):
    async with db.transaction() as tx:
        await ledger.append(tx, ENTRY)
        raise psycopg.Rollback
    assert await sequencer(db).run_once() == 0
    assert (await look(db)).size == 0


async def test_one_transactions_entries_keep_their_order(db):
    made = await add(db, 20)
    await sequencer(db).run_once()
    async with db.transaction() as tx:
        assert [await tx.value(QUERIES["leaf"], {"entry": entry}) for entry in made] == list(range(20))


async def test_batches_are_bounded_and_heads_consistent(db):
    await add(db, 25)
    one = sequencer(db, most=10)
    assert [await one.run_once() for _ in range(4)] == [10, 10, 5, 0]
    found = await look(db)
    assert (found.size, found.heads) == (25, 3)


async def test_a_head_is_never_earlier_than_the_one_before(db):
    one = sequencer(db)
    await add(db)
    await one.run_once()
    one._clock.at = AT - timedelta(hours=1)
    await add(db)
    await one.run_once()
    async with db.transaction() as tx:
        assert checkpoint.read(await latest_head(tx), SIGNER.public).at == AT


async def test_an_entry_queued_twice_gets_one_number(db):
    (entry,) = await add(db)
    async with db.transaction() as tx:
        for _ in range(2):
            await tx.run("INSERT INTO ledger_queue (entry) VALUES (%(entry)s)", {"entry": entry})
    one = sequencer(db)
    assert await one.run_once() == 1
    async with db.transaction() as tx:
        await tx.run("INSERT INTO ledger_queue (entry) VALUES (%(entry)s)", {"entry": entry})
    assert await one.run_once() == 0
    assert await look(db) == Verified(1, (await look(db)).root, 1, 0)


async def test_entries_whose_text_is_gone_do_not_stop_the_others(db, database):
    gone = await add(db, 3)
    await add(db, 2)
    async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as conn:
        await conn.execute("DELETE FROM ledger_entry WHERE entry = ANY(%s)", (gone,))
    one = sequencer(db, most=2)
    assert [await one.run_once() for _ in range(3)] == [1, 1, 0]
    assert "its text is gone" in (await look(db)).why


async def test_writers_and_sequencers_side_by_side_leave_neither_gap_nor_fork(db):
    done = asyncio.Event()

    async def write():
        for _ in range(25):
            await add(db)

    async def number(one):
        while not done.is_set():
            await one.run_once()

    numbering = [asyncio.create_task(number(sequencer(db, most=7))) for _ in range(2)]
    await asyncio.gather(*(write() for _ in range(4)))
    done.set()
    await asyncio.gather(*numbering)
    last = sequencer(db)
    while await last.run_once():
        pass
    found = await look(db)
    assert isinstance(found, Verified), found
    assert (found.size, found.pending) == (100, 0)


class Crash(Exception):
    pass


@pytest.mark.parametrize("moment", range(12))
@pytest.mark.parametrize("how", ["error", "connection"])
async def test_a_crash_at_any_moment_leaves_neither_gap_nor_fork(db, database, monkeypatch, moment, how):
    await add(db, 5)
    await sequencer(db).run_once()
    await add(db, 5)
    left = [moment]

    def dying(real):
        async def step(self, *args, **kwargs):
            result = await real(self, *args, **kwargs)
            left[0] -= 1
            if left[0] == -1 and how == "error":
                raise Crash
            if left[0] == -1:  # the server loses this backend; the sequencer sees a dead connection
                pid = self.conn.info.backend_pid
                async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as other:
                    await other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            return result

        return step

    with monkeypatch.context() as patched:
        for name in ("run", "value", "rows"):
            patched.setattr(Tx, name, dying(getattr(Tx, name)))
        with pytest.raises((Crash, psycopg.OperationalError)):
            await sequencer(db).run_once()
    half = await look(db)
    assert (half.size, half.pending) == (5, 5), "all of it or nothing"
    assert await sequencer(db).run_once() == 5
    assert (await look(db)).size == 10


async def test_there_are_no_more_moments_than_were_tried(db, monkeypatch):
    await add(db)
    await sequencer(db).run_once()
    await add(db)
    steps = []
    for name in ("run", "value", "rows"):
        real = getattr(Tx, name)

        async def step(self, *args, real=real, **kwargs):
            steps.append(1)
            return await real(self, *args, **kwargs)

        monkeypatch.setattr(Tx, name, step)
    await sequencer(db).run_once()
    assert len(steps) == 12


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_node SET hash = sha256('x')",
        "DELETE FROM ledger_head",
        "UPDATE ledger_head SET signed = 'trust me'",
        "DELETE FROM ledger_leaf WHERE leaf = 3",
        "DELETE FROM ledger_node",
    ],
)
async def test_nothing_is_signed_over_damage(db, database, damage):
    await add(db, 4)
    await sequencer(db).run_once()
    async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as conn:
        await conn.execute(damage)
    await add(db)
    with pytest.raises(TreeDamaged):
        await sequencer(db).run_once()


@pytest.mark.parametrize("again", [0, 4])
async def test_a_sequencer_never_goes_back_behind_a_head_it_has_seen(db, database, again):
    one = sequencer(db)
    await add(db, 4)
    await one.run_once()
    async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as conn:
        await conn.execute("TRUNCATE ledger_entry, ledger_leaf, ledger_node, ledger_head")
    if again:
        await add(db, again)
        await sequencer(db).run_once()
    await add(db)
    with pytest.raises(TreeDamaged, match="went back"):
        await one.run_once()


FORBIDDEN = [
    *(f"UPDATE {where} = NULL" for where in ("ledger_entry SET body", "ledger_leaf SET hash")),
    *(f"UPDATE {where} = NULL" for where in ("ledger_node SET hash", "ledger_head SET signed")),
    *(f"DELETE FROM ledger_{table}" for table in ("entry", "leaf", "node", "head")),  # noqa: S608  # constants
    *(f"TRUNCATE ledger_{table}" for table in ("entry", "leaf", "node", "head", "queue", "opening")),
    *("UPDATE act SET version = 1", "TRUNCATE act", "DELETE FROM subject", "TRUNCATE decision_count"),
    *("UPDATE subject SET subject = NULL", "UPDATE ledger_opening SET subject = NULL"),
    *("UPDATE ledger_queue SET entry = NULL", "DELETE FROM decision_count"),
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_app_can_only_add_to_the_ledger(database, statement):
    async with await psycopg.AsyncConnection.connect(database.app) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(statement)


async def test_evidence_about_a_locked_subject_does_not_wait(db):
    async with db.transaction() as tx:
        subject = await ledger.new_subject(tx)
    async with db.transaction() as tx:
        await ledger.standing(tx, subject, lock=True)
        async with asyncio.timeout(5), db.transaction() as door:  # a denial, in a transaction of its own
            await ledger.append(door, NewEntry(kind=EntryKind.DENIED, at=AT, subject=subject))
        assert len(await ledger.about(tx, subject)) == 1


async def test_evidence_that_races_with_forgetting_leaves_no_opening(db):
    async with db.transaction() as tx:
        subject = await ledger.new_subject(tx)

    async def deny():
        async with db.transaction() as door:
            await ledger.append(door, NewEntry(kind=EntryKind.DENIED, at=AT, subject=subject))

    async with db.transaction() as tx:
        await ledger.forget(tx, subject)
        racing = asyncio.create_task(deny())
        async with db.transaction() as watch:  # until the server says that it waits for us
            while not await watch.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0)
    await racing
    async with db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM ledger_opening") == 0
        assert await tx.value("SELECT count(*) FROM ledger_entry") == 1


async def test_one_subjects_acts_have_an_order(db):
    async with db.transaction() as tx:
        subject = await ledger.new_subject(tx)

    async def choose(n):
        async with db.transaction() as tx:
            before = await ledger.standing(tx, subject, lock=True)
            await ledger.record(
                tx,
                subject,
                Act(kind=ActKind.CHOSEN, policy="p", at=AT, version=len(before.acts), function=f"f{n}"),
            )

    await asyncio.gather(*(choose(n) for n in range(12)))
    async with db.transaction() as tx:
        acts = (await ledger.standing(tx, subject, lock=False)).acts
    assert [done.version for done in acts] == list(range(12)), "each saw all that came before"
