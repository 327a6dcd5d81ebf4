"""The ledger under attack by whoever administers its database, and by its maker.

Every attack is made with the rights of the superuser; each must be named.
"""

# ruff: noqa: S608  # the attacker puts their own SQL together

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth import ledger
from troth.db import Database
from troth.ledger import EntryKind, NewEntry, checkpoint, evidence, tree
from troth.ledger import verify as verifying
from troth.ledger.checkpoint import Head, sign
from troth.ledger.proofs import consistency, inclusion, latest_head
from troth.ledger.receipts import NoReceipt, receipt, verify_receipt
from troth.ledger.replay import Broken
from troth.ledger.sequencer import Sequencer, TreeDamaged
from troth.ledger.signing import Signer
from troth.ledger.verify import Verified, verify
from troth.terms import Act, ActKind, Reason

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SIGNER = Signer("troth/test", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
POLICY = "sunmi-camera"


class Clock:
    def __init__(self):
        self.at = START

    def now(self):
        return self.at


class Log:
    """A ledger with three heads: a subject's four acts, ten decisions about them, ten denials of nobody."""

    def __init__(self, db, owner):
        self.db, self.owner, self.clock = db, owner, Clock()
        self.sequencer = Sequencer(db, SIGNER, self.clock)
        self.heads = []

    async def number(self):
        done = await self.sequencer.run_once()
        async with self.db.transaction() as tx:
            self.heads.append(await latest_head(tx))
        self.clock.at += timedelta(hours=1)
        return done

    async def fill(self):
        async with self.db.transaction() as tx:
            self.subject, self.other = await ledger.new_subject(tx), await ledger.new_subject(tx)
            for kind in (ActKind.SHOWN, ActKind.ACCEPTED, ActKind.CHOSEN, ActKind.WITHDRAWN):
                done = Act(
                    kind=kind, policy=POLICY, at=self.clock.at, version=1, language="en", text_hash="a" * 64
                )
                self.latest = await ledger.record(tx, self.subject, done)
        await self.number()
        for subject in (self.subject, None):
            async with self.db.transaction() as tx:
                for _ in range(10):
                    await ledger.append(
                        tx, NewEntry(kind=EntryKind.DECISION, at=self.clock.at, subject=subject)
                    )
            await self.number()
        return self

    async def verify(self, against=None):
        async with self.db.transaction() as tx:
            return await verify(tx, SIGNER.public, against)

    async def attack(self, *statements):
        async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as conn:
            await conn.execute("SET session_replication_role = replica")  # no foreign key stands in the way
            for statement in statements:
                await conn.execute(statement)

    async def rewrite(self, key=SIGNER, *, hours=3):
        """Number what is there anew and sign it with the maker's own key, a head for each hour."""
        await self.attack("TRUNCATE ledger_queue, ledger_leaf, ledger_node, ledger_head")
        for hour in range(hours):
            self.clock.at = START + timedelta(hours=hour)
            await self.attack(
                "INSERT INTO ledger_queue (entry) SELECT entry FROM ledger_entry e WHERE "
                f"at <= '{self.clock.at.isoformat()}' "
                "AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.entry = e.entry) "
                "ORDER BY at, (SELECT seq FROM act a WHERE a.entry = e.entry), entry"
            )
            await Sequencer(self.db, key, self.clock).run_once()


@pytest_asyncio.fixture
async def log(database):
    async with Database(database.app, size=3) as db:
        yield await Log(db, database.owner).fill()


async def test_an_honest_ledger_verifies_also_against_every_head_it_gave_out(log):
    for head in (None, *log.heads):
        found = await log.verify(head)
        assert isinstance(found, Verified), found
        assert (found.size, found.heads, found.pending) == (24, 3, 0)


async def test_an_empty_ledger_verifies(database):
    async with Database(database.app, size=1) as db:
        assert await Log(db, database.owner).verify() == Verified(0, tree.EMPTY_ROOT, 0, 0)


async def test_what_waits_for_a_number_is_counted_as_pending(log):
    async with log.db.transaction() as tx:
        await ledger.append(tx, NewEntry(kind=EntryKind.REQUEST, at=log.clock.at))
    assert (await log.verify()).pending == 1


SEVENTH = "entry = (SELECT entry FROM ledger_leaf WHERE leaf = 7)"
FLIP = f"UPDATE ledger_entry SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE {SEVENTH}"
REHASH = (
    "UPDATE ledger_leaf l SET hash = sha256('\\x00'::bytea || body) "
    "FROM ledger_entry e WHERE e.entry = l.entry"
)
# What the superuser does, where it shows, and why (one of these).
ATTACKS = {
    "an edited entry": ([FLIP], "leaf 7", "edited or swapped"),
    "an edited entry with its leaf": ([FLIP, REHASH], "leaf 7", "not an entry|another id|rewritten"),
    "a dropped text": ([f"DELETE FROM ledger_entry WHERE {SEVENTH}"], "leaf 7", "dropped"),
    "a dropped leaf": (["DELETE FROM ledger_leaf WHERE leaf = 7"], "leaf 7", "dropped"),
    "a dropped tail": (["DELETE FROM ledger_leaf WHERE leaf > 20"], "head 24", "the log has 21"),
    "swapped leaves": (
        [
            "UPDATE ledger_leaf SET leaf = CASE leaf WHEN 7 THEN 1008 ELSE 1007 END WHERE leaf IN (7, 8)",
            "UPDATE ledger_leaf SET leaf = leaf - 1000 WHERE leaf > 1000",
        ],
        "head 14",
        "rewritten",
    ),
    "swapped texts": (
        [
            (
                "UPDATE ledger_entry e SET body = o.body FROM ledger_entry o, ledger_leaf a, ledger_leaf b "
                "WHERE a.leaf = 7 AND b.leaf = 8 AND e.entry = a.entry AND o.entry = b.entry"
            )
        ],
        "leaf 7",
        "edited or swapped",
    ),
    "a leaf without an entry": (
        ["UPDATE ledger_leaf SET entry = gen_random_uuid() WHERE leaf = 7"],
        "leaf 7",
        "dropped",
    ),
    "a back-dated row": (
        [f"UPDATE ledger_entry SET at = at - interval '1 day' WHERE {SEVENTH}"],
        "leaf 7",
        "another id, time or kind",
    ),
    "a relabelled row": (
        [f"UPDATE ledger_entry SET kind = 'shown' WHERE {SEVENTH}"],
        "leaf 7",
        "another id, time or kind",
    ),
    "a bent node": (
        ["UPDATE ledger_node SET hash = sha256('x') WHERE level = 2 AND index = 1"],
        "node 2/1",
        "not that of its leaves",
    ),
    "a dropped node": (
        ["DELETE FROM ledger_node WHERE level = 1 AND index = 3"],
        "node 1/3",
        "not that of its leaves",
    ),
    "a node of nothing": (
        ["INSERT INTO ledger_node VALUES (9, 9, sha256('x'))"],
        "the tables",
        "belong to no log",
    ),
    "a bent head": (
        ["UPDATE ledger_head SET root = sha256('x') WHERE size = 14"],
        "head 14",
        "another size, root",
    ),
    "a head's words": (
        ["UPDATE ledger_head SET signed = replace(signed, E'\\n14\\n', E'\\n15\\n') WHERE size = 14"],
        "head 14",
        "not signed by",
    ),
    "a head nobody signed": (
        ["UPDATE ledger_head SET signed = 'trust me' WHERE size = 14"],
        "head 14",
        "not a signed",
    ),
    "a head taken out": (["DELETE FROM ledger_head WHERE size = 24"], "leaf 23", "no signed head covers it"),
    "an entry kept from the queue": (
        ["INSERT INTO ledger_entry VALUES (gen_random_uuid(), now(), 'request', '{}')"],
        "entry ",
        "nor waits",
    ),
    "a waiting entry emptied": (
        ["INSERT INTO ledger_queue (entry) VALUES (gen_random_uuid())"],
        "entry ",
        "its text is gone",
    ),
    "a withdrawal taken out of a standing": (
        ["DELETE FROM act WHERE kind = 'withdrawn'"],
        "entry ",
        "taken out",
    ),
    "an act changed": (["UPDATE act SET version = 2 WHERE kind = 'accepted'"], "act 2 of", "not the act"),
    "a withdrawal turned into a choice": (
        ["UPDATE act SET kind = 'chosen' WHERE kind = 'withdrawn'"],
        "act 4 of",
        "not the act",
    ),
    "an act slipped in": (
        [
            (
                "INSERT INTO act (subject, seq, kind, policy, at, entry) "
                "SELECT subject, 9, 'chosen', policy, at, gen_random_uuid() FROM act WHERE seq = 1"
            )
        ],
        "act 9 of",
        "no entry proves it",
    ),
    "an entry dropped before its number": (
        ["UPDATE ledger_opening o SET entry = gen_random_uuid() FROM act a WHERE a.entry = o.entry"],
        "entry ",
        "its text is gone",
    ),
    "an opening turned to someone else": (
        ["DELETE FROM act", "UPDATE ledger_opening SET subject = gen_random_uuid()"],
        "entry ",
        "another subject",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_every_attack_is_named(log, name):
    statements, where, why = ATTACKS[name]
    await log.attack(*statements)
    found = await log.verify()
    assert isinstance(found, Broken), found
    assert found.where.startswith(where), found
    assert any(word in found.why for word in why.split("|")), found


async def test_an_entry_put_in_later_with_an_old_date_is_back_dated(log):
    async with log.db.transaction() as tx:
        await ledger.append(tx, NewEntry(kind=EntryKind.ACCEPTED, at=START))  # numbered three hours later
    await log.number()
    found = await log.verify()
    assert isinstance(found, Broken)
    assert found.where.startswith("leaf 24")
    assert "back-dated" in found.why


async def test_an_entry_dated_ahead_is_named(log):
    async with log.db.transaction() as tx:
        await ledger.append(tx, NewEntry(kind=EntryKind.ACCEPTED, at=log.clock.at + timedelta(days=1)))
    await log.number()
    found = await log.verify()
    assert isinstance(found, Broken)
    assert (found.where, "after the head" in found.why) == ("leaf 24", True)


async def test_a_log_rewritten_with_the_makers_key_is_found_against_a_head_in_a_receipt(log):
    async with log.db.transaction() as tx:
        mine = await receipt(tx, SIGNER, log.subject, log.latest, method="tick", how_to_withdraw="/privacy")
    kept = verify_receipt(mine, SIGNER.public).head
    await log.attack(
        "DELETE FROM act WHERE kind = 'withdrawn'",
        "DELETE FROM ledger_opening WHERE entry IN (SELECT entry FROM ledger_entry WHERE kind = 'withdrawn')",
        "DELETE FROM ledger_entry WHERE kind = 'withdrawn'",
    )
    await log.rewrite()
    assert isinstance(await log.verify(), Verified), "to itself, a wholly rewritten log looks fine"
    found = await log.verify(kept)
    assert isinstance(found, Broken)
    assert found.where == "the head given"


async def test_a_log_cut_short_is_found_against_a_head(log):
    await log.attack(
        "DELETE FROM ledger_head WHERE size > 14",
        "DELETE FROM ledger_leaf WHERE leaf >= 14",
        "DELETE FROM ledger_node WHERE (index + 1) << level > 14",
        "DELETE FROM ledger_entry WHERE entry NOT IN (SELECT entry FROM ledger_leaf)",
        "DELETE FROM ledger_opening WHERE entry NOT IN (SELECT entry FROM ledger_leaf)",
    )
    assert isinstance(await log.verify(), Verified)
    found = await log.verify(log.heads[-1])
    assert found == Broken("the head given", "it covers 24 entries, but the log has 14: the rest was dropped")


async def test_a_log_signed_with_another_key_is_not_this_log(log):
    other = Signer("troth/test", Ed25519PrivateKey.generate())
    with pytest.raises(TreeDamaged, match="another one than this keyring's"):
        await log.rewrite(other)
    await log.attack("DELETE FROM ledger_key")
    await log.rewrite(other)
    assert (await log.verify()).where == "the keys"
    await log.attack("DELETE FROM ledger_key")
    assert (await log.verify()).where == "head 4"
    assert (await log.verify(sign(Head("troth/test", 1, b"\0" * 32, START), other))).where == "the head given"
    assert (await log.verify("nonsense")).where == "the head given"


@pytest.mark.parametrize("body", ["x", "[]"])
async def test_a_text_that_is_no_entry_is_named_even_when_it_was_numbered(log, body):
    forged = uuid4()
    await log.attack(
        f"INSERT INTO ledger_entry VALUES ('{forged}', now(), 'request', '{body}')",
        f"INSERT INTO ledger_queue (entry) VALUES ('{forged}')",
    )
    await log.number()
    found = await log.verify()
    assert found == Broken(f"leaf 24, entry {forged}", "its text is not an entry")


@pytest.mark.parametrize(
    ("size", "at", "where", "why"),
    [(24, START - timedelta(days=1), "head 24", "before head 14"), (0, START, "head 0", "over no entry")],
)
async def test_a_head_out_of_order_is_named_even_when_the_maker_signed_it(log, size, at, where, why):
    root = checkpoint.read(log.heads[-1], SIGNER.public).root
    signed = sign(Head("troth/test", size, root, at), SIGNER)
    await log.attack(
        f"DELETE FROM ledger_head WHERE size = {size}",
        "ALTER TABLE ledger_head DROP CONSTRAINT ledger_head_size_check",
        f"INSERT INTO ledger_head VALUES ({size}, '\\x{root.hex()}', '{signed}', now())",
    )
    found = await log.verify()
    assert isinstance(found, Broken)
    assert (found.where, why in found.why) == (where, True)


async def test_verifying_reads_in_batches_of_any_size(log, monkeypatch):
    for module in (verifying, evidence):
        monkeypatch.setattr(module, "_BATCH", 4)
    for head in log.heads:
        assert isinstance(await log.verify(head), Verified)


async def test_an_act_is_proved_by_an_entry_of_its_own(log):
    async with log.db.transaction() as tx:
        entry = NewEntry(kind=EntryKind.BOUND, at=log.clock.at, policy=POLICY, subject=log.subject)
        need = Act(kind=ActKind.SUPPLIED, policy=POLICY, at=log.clock.at, need="camera")
        await ledger.act(tx, log.subject, need, await ledger.append(tx, entry))
    assert "not the act" in (await log.verify()).why


async def test_after_erasures_the_ledger_verifies_and_no_entry_leads_to_the_person(log):
    async with log.db.transaction() as tx:
        await ledger.forget(tx, log.subject)
    async with log.db.transaction() as tx:
        about = {"at": log.clock.at, "subject": log.subject}
        await ledger.append(tx, NewEntry(kind=EntryKind.CERTIFICATE, **about))
        await ledger.append(tx, NewEntry(kind=EntryKind.DENIED, reason=Reason.CANCELLED, **about))
        with pytest.raises(NoReceipt):
            await receipt(tx, SIGNER, log.subject, log.latest, method="tick", how_to_withdraw="/privacy")
    await log.number()
    for head in (None, *log.heads):
        assert isinstance(await log.verify(head), Verified)
    async with await psycopg.AsyncConnection.connect(log.owner) as conn:
        for left in ("SELECT FROM ledger_opening", "SELECT FROM act"):
            assert await (await conn.execute(left)).fetchall() == []
        bodies = await (await conn.execute("SELECT body FROM ledger_entry")).fetchall()
    assert not any(
        str(log.subject).encode() in body or log.subject.hex.encode() in body for (body,) in bodies
    )


async def test_a_receipt_is_checked_offline_and_its_head_fits_the_log_for_ever(log):
    async with log.db.transaction() as tx:
        token = await receipt(tx, SIGNER, log.subject, log.latest, method="tick", how_to_withdraw="/privacy")
    got = verify_receipt(token, SIGNER.public)
    assert (got.subject, got.entry, got.kind, got.leaf) == (str(log.subject), str(log.latest), "withdrawn", 3)
    assert (got.policy, got.version, got.language, got.text_hash) == (POLICY, 1, "en", "a" * 64)
    for _ in range(3):
        async with log.db.transaction() as tx:
            await ledger.append(tx, NewEntry(kind=EntryKind.DECISION, at=log.clock.at))
        await log.number()
        assert isinstance(await log.verify(got.head), Verified)


async def test_a_receipt_before_the_number_says_pending_and_carries_the_head_before(log):
    async with log.db.transaction() as tx:
        done = Act(kind=ActKind.CHOSEN, policy=POLICY, at=log.clock.at, version=1)
        entry = await ledger.record(tx, log.subject, done)
    async with log.db.transaction() as tx:
        token = await receipt(tx, SIGNER, log.subject, entry, method="tick", how_to_withdraw="/privacy")
        with pytest.raises(NoReceipt):
            await receipt(tx, SIGNER, log.other, entry, method="tick", how_to_withdraw="/privacy")
        with pytest.raises(NoReceipt):
            await receipt(tx, SIGNER, log.subject, uuid4(), method="tick", how_to_withdraw="/privacy")
    got = verify_receipt(token, SIGNER.public)
    assert (got.leaf, got.head) == (None, log.heads[-1])


async def test_proofs_are_read_from_the_stored_tree(log):
    async with log.db.transaction() as tx:
        found = await inclusion(tx, log.latest)
        assert found is not None
        assert found.signed == log.heads[-1]
        assert await inclusion(tx, uuid4()) is None
        path = await consistency(tx, 4, 24)
    verified = [await log.verify(head) for head in log.heads]
    assert all(isinstance(each, Verified) for each in verified)
    assert path
