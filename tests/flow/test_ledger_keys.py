"""Keys change hands in the log, what is signed is outside it first, and an export needs nobody's word."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import pytest_asyncio

from troth import ledger
from troth.db import Database
from troth.ledger import EntryKind, NewEntry, checkpoint
from troth.ledger.export import export, verify_export
from troth.ledger.keys import Keys, from_jwks
from troth.ledger.proofs import latest_head, read_reigns
from troth.ledger.receipts import kept_head, receipt, verify_receipt
from troth.ledger.replay import Broken
from troth.ledger.sequencer import Sequencer, TreeDamaged, WentBack
from troth.ledger.signing import NotGenuine, Signer
from troth.ledger.tail import Tail
from troth.ledger.verify import Verified, verify
from troth.terms import Act, ActKind

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NAME = "troth/test"


class Clock:
    at = START

    def now(self):
        return self.at


class Log:
    """A ledger whose key is a file and whose tail is another, as in a served system."""

    def __init__(self, db, owner, folder):
        self.db, self.owner, self.folder, self.clock = db, owner, folder, Clock()
        self.signer = Signer.load(folder / "sign", NAME)
        self.tail = Tail(folder / "ledger.tail")
        self.sequencer = self.another()

    def another(self):
        return Sequencer(self.db, self.signer, self.clock, tail=self.tail, most=8)

    async def add(self, n=1):
        async with self.db.transaction() as tx:
            for _ in range(n):
                await ledger.append(tx, NewEntry(kind=EntryKind.DECISION, at=self.clock.at))

    async def number(self, n=3):
        await self.add(n)
        while await self.sequencer.run_once():
            pass
        async with self.db.transaction() as tx:
            return await latest_head(tx)

    async def rotate(self):
        after = Signer.next(self.folder / "sign", NAME)
        async with self.db.transaction() as tx:
            entry = await ledger.append(tx, self.sequencer.announced(after))
        await self.sequencer.rotate(after, entry)
        return after

    async def verify(self, key=None, against=None, since=None):
        async with self.db.transaction() as tx:
            return await verify(tx, key or self.signer.public, against, since=since)

    async def export(self):
        async with self.db.transaction() as tx:
            return [line async for line in export(tx)]

    async def attack(self, *statements):
        async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as conn:
            await conn.execute("SET session_replication_role = replica")
            for statement in statements:
                await conn.execute(statement)


@pytest_asyncio.fixture
async def log(database, tmp_path):
    async with Database(database.app, size=3) as db:
        yield Log(db, database.owner, tmp_path)


CUT = (
    "DELETE FROM ledger_head WHERE size > {0}",
    "DELETE FROM ledger_leaf WHERE leaf >= {0}",
    "DELETE FROM ledger_node WHERE (index + 1) << level > {0}",
)
LOST = "DELETE FROM ledger_entry WHERE entry NOT IN (SELECT entry FROM ledger_leaf)"


async def test_every_key_of_the_chain_verifies_the_whole_log(log):
    first = log.signer.public
    heads = [await log.number()]
    after = await log.rotate()
    assert log.signer.settle(after.public)
    heads.append(await log.number())
    assert log.signer.public == after.public != first
    for key in (first, after.public):
        for head in heads:
            assert isinstance(await log.verify(key, head), Verified)
            assert isinstance(verify_export(await log.export(), key, head), Verified)
    assert not (log.folder / "sign" / "ledger.next.pem").exists()
    stranger = Signer.load(log.folder / "other", NAME).public
    assert (await log.verify(stranger)).where == "the keys"


async def test_a_rotation_cut_short_is_finished_by_the_next_sequencer(log):
    await log.number()
    before = log.signer.public
    after = await log.rotate()  # the process dies before the file is put in place
    log.signer = Signer.load(log.folder / "sign", NAME)
    assert log.signer.public == before
    log.sequencer = log.another()
    await log.number()
    assert log.signer.public == after.public
    assert isinstance(await log.verify(), Verified)


async def test_a_running_process_follows_the_file(log):
    await log.number()
    other = Signer.load(log.folder / "sign", NAME)
    after = await log.rotate()
    log.signer.settle(after.public)
    assert other.public == after.public
    assert Keys.only(after.public).read(other.token({"a": 1}, "x+jws"), "x+jws") == {"a": 1}


async def test_the_former_key_signs_no_later_head(log):
    stolen = Signer(NAME, log.signer._key)
    await log.number()
    after = await log.rotate()
    with pytest.raises(TreeDamaged, match="restore the keyring"):
        await Sequencer(log.db, stolen, log.clock).run_once()
    log.signer.settle(after.public)
    await log.number()
    async with log.db.transaction() as tx:
        keys = Keys.chain(after.public, await read_reigns(tx))
        head = keys.head(await latest_head(tx))
    with pytest.raises(NotGenuine, match="not this key's to sign"):
        keys.head(checkpoint.sign(head, stolen))


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_key SET since = since + 1 WHERE number = 2",
        "UPDATE ledger_key SET handover = replace(handover, 'v1', 'v2') WHERE number = 2",
        "UPDATE ledger_key SET handover = 'x' WHERE number = 1",
        "UPDATE ledger_key SET number = 3 - number + 10",
        "DELETE FROM ledger_key WHERE number = 1",
        "DELETE FROM ledger_key WHERE number = 2",
        "UPDATE ledger_key SET key = 'x' WHERE number = 1",
    ],
)
async def test_nothing_about_the_keys_can_be_changed(log, attack):
    await log.number()
    after = await log.rotate()
    log.signer.settle(after.public)
    await log.number()
    await log.attack(attack)
    assert isinstance(await log.verify(), Broken)


async def test_receipts_and_key_sets_outlive_a_rotation(log):
    async with log.db.transaction() as tx:
        subject = await ledger.new_subject(tx)
        entry = await ledger.record(tx, subject, Act(kind=ActKind.CHOSEN, policy="p", at=START, function="f"))
    await log.number()
    async with log.db.transaction() as tx:
        token = await receipt(tx, log.signer, subject, entry, method="tick", how_to_withdraw="/privacy")
    after = await log.rotate()
    log.signer.settle(after.public)
    async with log.db.transaction() as tx:  # signed by the new key, over a head of the one before
        late = await receipt(tx, log.signer, subject, entry, method="tick", how_to_withdraw="/privacy")
        published = json.dumps(Keys.chain(after.public, await read_reigns(tx)).jwks())
    keys = from_jwks(published)
    for each in (token, late):
        assert verify_receipt(each, keys).entry == str(entry)
        assert isinstance(await log.verify(against=kept_head(each)), Verified)
    bare = [{name: one[name] for name in ("kty", "crv", "x")} for one in json.loads(published)["keys"]]
    assert verify_receipt(token, from_jwks(json.dumps({"keys": bare}), NAME)).function == "f"
    for none in ("", "[]", "{}", '{"keys": []}', '{"keys": [{"crv": "Ed25519"}]}', '{"keys": [1]}'):
        with pytest.raises(NotGenuine):
            from_jwks(none, NAME)
    with pytest.raises(NotGenuine):
        verify_receipt(token, after.public)


async def test_only_what_came_later_is_read_again(log):
    head = await log.number()
    later = await log.number(20)
    assert (await log.verify(since=head)).size == 23
    assert (await log.verify(since=later, against=head)).size == 23
    await log.attack(
        "UPDATE ledger_entry e SET body = 'x' FROM ledger_leaf l WHERE l.entry = e.entry AND leaf = 1"
    )
    assert isinstance(await log.verify(since=head), Verified), "it was verified before"
    assert (await log.verify()).where.startswith("leaf 1")
    await log.attack(
        "UPDATE ledger_entry e SET body = 'x' FROM ledger_leaf l WHERE l.entry = e.entry AND leaf = 9"
    )
    assert (await log.verify(since=head)).where.startswith("leaf 9")
    await log.attack("UPDATE ledger_node SET hash = sha256('x') WHERE level = 1 AND index = 0")
    assert (await log.verify(since=head)).where == "the head to go on from"


def _drop(lines):
    return [*lines[:2], *lines[3:]]


def _swap(lines):
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _cut(lines):
    return lines[:-1]


def _edit(lines):
    return [line.replace("decision", "denied") for line in lines]


def _twice(lines):
    said = json.loads(lines[1])
    said["entries"][1] = said["entries"][0]
    return [lines[0], json.dumps(said) + "\n", *lines[2:]]


@pytest.mark.parametrize("bend", [_drop, _swap, _cut, _edit, _twice, lambda _: [], lambda lines: lines[1:]])
async def test_an_export_that_was_bent_is_broken(log, bend):
    for _ in range(3):
        await log.number()
    lines = await log.export()
    assert isinstance(verify_export(lines, log.signer.public), Verified)
    assert isinstance(verify_export(bend(lines), log.signer.public), Broken)


async def test_a_log_rewritten_by_the_maker_is_found_in_an_export_too(log):
    kept = await log.number()
    await log.attack("TRUNCATE ledger_entry, ledger_queue, ledger_leaf, ledger_node, ledger_head")
    log.sequencer = Sequencer(log.db, log.signer, log.clock)
    await log.number()
    lines = await log.export()
    assert isinstance(verify_export(lines, log.signer.public), Verified)
    assert verify_export(lines, log.signer.public, kept).where == "the head given"


async def test_an_older_database_is_noticed_at_the_next_start(log):
    await log.number(4)
    await log.number(4)
    await log.attack(*(one.format(4) for one in CUT), LOST)
    log.sequencer = log.another()
    with pytest.raises(WentBack, match="4 entries are here"):
        await log.number()
    async with log.db.transaction() as tx:
        assert await log.sequencer.put_back(tx) == 4
    last = await log.number()
    assert log.tail.last().head == last
    found = await log.verify(against=log.tail.after(4)[0].head)
    assert (found.size, found.pending) == (14, 0), "as it was, then what came after"


async def test_another_log_of_the_same_size_is_a_fork(log):
    await log.number(4)
    await log.attack("TRUNCATE ledger_entry, ledger_queue, ledger_leaf, ledger_node, ledger_head")
    await Sequencer(log.db, log.signer, log.clock).run_once()
    await log.add(4)
    await Sequencer(log.db, log.signer, log.clock).run_once()
    with pytest.raises(TreeDamaged, match="not the one that was signed"):
        await log.another().run_once()


class Crash(Exception):
    pass


async def test_a_crash_between_tail_and_commit_is_finished_as_it_was_signed(log, monkeypatch):
    await log.number(4)
    await log.add(3)
    real = Tail.add

    def dying(self, new):
        real(self, new)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Tail, "add", dying)
        with pytest.raises(Crash):
            await log.another().run_once()
    signed = log.tail.last()
    assert (signed.size, (await log.verify()).size) == (7, 4)
    log.clock.at += timedelta(hours=1)
    await log.add(2)
    log.sequencer = log.another()
    assert [await log.sequencer.run_once() for _ in range(3)] == [3, 2, 0]
    assert isinstance(await log.verify(against=signed.head), Verified)


async def test_a_torn_line_of_the_tail_is_passed_over(log):
    await log.number(4)
    with (log.folder / "ledger.tail").open("a") as file:
        file.write('{"first": 4, "head": "')
    log.sequencer = log.another()
    await log.number(2)
    assert [(one.first, one.size) for one in Tail(log.folder / "ledger.tail").after(0)] == [(0, 4), (4, 6)]
    log.tail.forget(4)
    assert [(one.first, one.size) for one in log.tail.after(4)] == [(4, 6)]
    assert log.tail.after(0) == ()
    assert (log.folder / "ledger.tail").stat().st_mode & 0o777 == 0o600
