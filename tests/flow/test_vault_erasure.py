"""Erasure from the plan to the certificate, cut short at every statement, seen from other processes."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.vault import ANYTHING, START, Bench, Hooks, reading
from troth import ledger
from troth.db import Tx
from troth.ledger.sequencer import Sequencer
from troth.terms import Actor, ActorKind, Basis, ItemName, Reference, Verb
from troth.vault import (
    EpochKind,
    Erased,
    FolderKeyring,
    LinkSpent,
    NotCovered,
    PlanLapsed,
    Vault,
    certificate,
)
from troth.vault.erasure import Erasure, NobodyTells, NoSuchErasure
from troth.vault.farewell import Farewell
from troth.vault.roll import Roll
from troth.vault.stages import CERTIFIABLE, NEXT, Stage
from troth.vault.sweep import NotSwept

PHONE = ItemName("phone")
PLAN = Farewell(return_address="owner@example.com", objects=("o1",))


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


async def fill(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    await bench.put(subject, "phone", {"v": 1}, function="cloud")
    await bench.append(subject, [reading(), reading(at=START - timedelta(days=40))])
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "register", "phone")
        await bench.vault.lookup.claim(tx, permit, PHONE, "+8613800138000")
    return subject


async def nothing_opens(bench, subject, vault=None):
    vault = vault or bench.vault
    calls = (
        lambda tx: vault.open(tx, bench.permit(subject, Verb.USE, "register", "phone"), PHONE),
        lambda tx: vault.open(tx, bench.permit(subject, Verb.USE, "cloud", "phone"), PHONE),
        lambda tx: vault.count(tx, bench.permit(subject, Verb.USE, "watch", "motion")),
        lambda tx: anext(vault.everything(tx, bench.own(subject))),
        lambda tx: vault.put(tx, bench.permit(subject, Verb.COLLECT, "register", "phone"), PHONE, {}),
        lambda tx: vault.append(tx, bench.permit(subject, Verb.COLLECT, "watch", "motion"), [reading()]),
    )
    for call in calls:
        async with bench.tx() as tx:
            with pytest.raises(Erased):
                await call(tx)
    async with bench.tx() as tx:
        assert await vault.lookup.find(tx, PHONE, "+8613800138000") is None


async def count(bench, table, subject):
    async with bench.tx() as tx:
        return await tx.value(f"SELECT count(*) FROM {table} WHERE subject = %(s)s", {"s": subject})  # noqa: S608


async def test_an_erasure_goes_through_its_stages_to_a_certificate(bench):
    subject, other = await fill(bench), await bench.subject()
    await bench.put(other, "phone", {"v": 2})
    begun = await bench.begin(subject, PLAN)
    assert await bench.open(subject, "phone") == {"v": 1}  # planned is not refused
    dates = {"planned": bench.clock.at}

    async def step(expected, **later):
        bench.clock.pass_(**later)
        assert await bench.advance(begun.erasure) is expected
        dates[expected.name.lower()] = bench.clock.at

    await step(Stage.REFUSED, seconds=1)
    await nothing_opens(bench, subject)
    assert [one.subject for one in bench.roll.read()] == [subject]
    assert await bench.advance(begun.erasure) is Stage.REFUSED  # waits for the epoch
    assert await count(bench, "event_block", subject) == 2  # rows are still there, and open for nobody
    await bench.turn()
    await step(Stage.UNRECOVERABLE, hours=5)
    await step(Stage.SWEPT, hours=1)
    for table in ("document", "event_block", "reading_seen", "act", "ledger_opening"):
        assert await count(bench, table, subject) == 0
    await step(Stage.TOLD, hours=1)
    await Sequencer(bench.db, bench.signer, bench.clock).run_once()
    await step(Stage.CERTIFIED, hours=1)
    async with bench.tx() as tx:
        fetched = await bench.erasure.fetch(tx, begun.link)
        assert await bench.erasure.due(tx) == (begun.erasure,)  # the farewell key is still there
    assert await bench.advance(begun.erasure) is Stage.CERTIFIED
    assert list(bench.keyring.farewells()) == []
    async with bench.tx() as tx:
        assert await bench.erasure.due(tx) == ()

    found = certificate.verify(fetched.certificate, bench.signer.public)
    assert (found.subject, found.erasure, found.stages) == (subject, begun.erasure, dates)
    assert found.epochs_destroyed == {"kek": 1, "index": 1}
    assert found.removed["vault_key"] == 2
    assert found.removed["event_block"] == 2
    assert {"document", "event_block", "vault_key", "act", "ledger_opening"} <= set(found.checked)
    assert found.head.startswith("troth/test\n")
    assert await bench.open(other, "phone") == {"v": 2}


async def test_every_stage_is_on_record_without_leading_to_the_person(bench):
    subject = await fill(bench)
    begun = await bench.begin(subject, PLAN)
    await finish(bench, begun.erasure)
    async with bench.tx() as tx:
        rows = await tx.conn.execute("SELECT entry, convert_from(body, 'UTF8') FROM ledger_entry")
        entries = {str(entry): json.loads(body) for entry, body in await rows.fetchall()}
        evidence = (await bench.erasure.look(tx, begun.erasure)).evidence
    assert [entries[evidence[stage.name.lower()]]["details"]["stage"] for stage in sorted(CERTIFIABLE)] == [
        *range(6)
    ]
    assert not any(str(subject) in json.dumps(entry) for entry in entries.values())


async def finish(bench, erasure):
    """Advance until the certificate is there and the plan is gone, ending the epoch when asked to wait."""
    for _ in range(20):
        async with bench.tx() as tx:
            before = (await bench.erasure.look(tx, erasure)).stage
            if erasure not in await bench.erasure.due(tx):
                return before
        if await bench.advance(erasure) == before == Stage.REFUSED:
            await bench.turn()
        bench.clock.pass_(minutes=1)
    raise AssertionError("never finished")


class Crash(Exception):
    pass


class _Conn:
    """A connection that counts down to its crash."""

    def __init__(self, conn, left):
        self._conn, self._left = conn, left

    def tick(self):
        self._left[0] -= 1
        if self._left[0] < 0:
            raise Crash

    async def ask(self, *trip):
        self.tick()
        return await self._conn.ask(*trip)

    async def execute(self, *args, **kwargs):
        self.tick()
        return await self._conn.execute(*args, **kwargs)

    def cursor(self, *args, **kwargs):
        self.tick()
        return self._conn.cursor(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._conn, name)


@asynccontextmanager
async def crashing(bench, left):
    async with bench.tx() as tx:
        yield Tx(_Conn(tx.conn, left))
        if left[0] == 0:
            raise Crash  # just before the commit


async def test_cut_short_at_every_statement_it_is_resumed_and_told_the_same(bench):
    recipients, said = ("courier", "insurer"), []

    async def tell(tx, erasure, recipient):
        await bench.erasure.acknowledge(tx, erasure, recipient)

    async def say(tx, erasure, plan):
        said.append((erasure, plan))

    hooks = Hooks(tell=tell, say=say)
    crashes = 0
    subject = await fill(bench)
    plan = Farewell(recipients=recipients, return_address="owner@example.com")
    begun = None
    while begun is None:
        left = [crashes]
        crashes += 1
        with suppress(Crash):
            async with crashing(bench, left) as tx:
                begun_now = await bench.erasure.begin(tx, bench.own(subject, Verb.FORGET), plan)
            begun = begun_now
    assert crashes > 4
    async with bench.tx() as tx:
        assert await bench.erasure.tidy(tx) > 0  # keys of plans that never committed
    assert list(bench.keyring.farewells()) == [begun.erasure]
    seen, crash_count, stage = [], 0, Stage.PLANNED
    while stage is not Stage.CERTIFIED:
        left, reached = [0], None
        while reached is None:
            # A new process each time: nothing is remembered but the database and the files.
            ring = FolderKeyring(bench.folder / "keyring")
            fresh = Erasure(ring, bench.clock, bench.signer, bench.roll, hooks)
            try:
                tries = [left[0]]
                async with crashing(bench, tries) as tx:
                    reached_now = await fresh.advance(tx, begun.erasure)
                reached = reached_now
            except Crash:
                crash_count += 1
                left[0] += 1
        if stage is Stage.PLANNED:
            await nothing_opens(bench, subject)
        if reached is stage is Stage.REFUSED:
            await bench.turn()
        seen.append(reached)
        stage = reached
    assert crash_count > 30
    assert seen == [1, 1, 2, 3, 3, 4, 5]  # waits for the epoch, and for the acknowledgements
    assert [one.subject for one in bench.roll.read()] == [subject]
    assert await finish(bench, begun.erasure) == Stage.CERTIFIED
    async with bench.tx() as tx:
        signed = (await bench.erasure.look(tx, begun.erasure)).certificate
    found = certificate.verify(signed, bench.signer.public)
    assert set(found.recipients) == set(recipients)
    assert said[-1] == (begun.erasure, replace(plan, link=begun.link))


async def test_what_was_refused_is_refused_in_a_process_that_had_everything_open(bench):
    """A reader in the middle of a stream, another vault, and another process altogether."""
    subject = await fill(bench)
    await bench.append(subject, [reading(at=START - timedelta(days=n)) for n in range(100)])
    begun = await bench.begin(subject, PLAN)
    other = Vault(FolderKeyring(bench.folder / "keyring"), bench.clock, ANYTHING)
    async with bench.tx() as tx:
        stream = other.events(tx, bench.permit(subject, Verb.USE, "watch", "motion"))
        await anext(stream)
        assert await bench.advance(begun.erasure) is Stage.REFUSED
        with pytest.raises(Erased):
            [one async for one in stream]
    await nothing_opens(bench, subject, other)


async def test_a_copy_that_was_cut_short_by_an_erasure_does_not_pass_for_complete(bench):
    subject = await fill(bench)
    begun = await bench.begin(subject, PLAN)
    async with bench.tx() as tx:
        stream = bench.vault.everything(tx, bench.own(subject))
        await anext(stream)
        await bench.advance(begun.erasure)
        with pytest.raises(Erased):
            [one async for one in stream]


async def test_a_writer_at_the_same_moment_leaves_nothing_that_opens(bench):
    """Whichever comes first: the row's lock puts them in an order."""
    for _ in range(10):
        subject = await bench.subject()
        begun = await bench.begin(subject, PLAN)
        outcomes = await asyncio.gather(
            bench.append(subject, [reading()]),
            bench.put(subject, "email", {"v": 1}),
            bench.advance(begun.erasure),
            bench.append(subject, [reading()], function="count"),
            return_exceptions=True,
        )
        assert all(not isinstance(one, BaseException) or isinstance(one, Erased) for one in outcomes)
        for table in ("vault_key", "document_wrap"):
            assert await count(bench, table, subject) == 0


async def test_two_workers_advance_one_step_between_them(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    stages = await asyncio.gather(*(bench.advance(begun.erasure) for _ in range(4)))
    assert set(stages) == {Stage.REFUSED}
    assert len(bench.roll.read()) == 1


async def test_refused_is_not_said_before_the_roll_is_written(bench, monkeypatch):
    subject = await fill(bench)
    begun = await bench.begin(subject, PLAN)

    def full(_self, _line):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(Roll, "add", full)
    with pytest.raises(OSError, match="no space"):
        await bench.advance(begun.erasure)
    assert await bench.open(subject, "phone") == {"v": 1}
    async with bench.tx() as tx:
        assert (await bench.erasure.look(tx, begun.erasure)).stage == 0


async def test_begun_again_the_first_plan_stands_and_the_new_link_counts(bench):
    subject = await fill(bench)
    first = await bench.begin(subject, PLAN)
    again = await bench.begin(subject, Farewell(recipients=("courier",)))
    assert again.erasure == first.erasure
    assert again.link not in repr(again)
    async with bench.tx() as tx:
        assert (await bench.erasure.look(tx, first.erasure)).recipients == 0
        assert set((await bench.erasure.fetch(tx, again.link)).stages) == {"planned"}
        with pytest.raises(LinkSpent):
            await bench.erasure.fetch(tx, first.link)


async def test_a_link_shows_the_certificate_once(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    for _ in range(2):
        async with bench.tx() as tx:
            assert (await bench.erasure.fetch(tx, begun.link)).certificate is None
    await finish(bench, begun.erasure)
    async with bench.tx() as tx:
        assert (await bench.erasure.fetch(tx, begun.link)).certificate is not None
        with pytest.raises(LinkSpent):
            await bench.erasure.fetch(tx, begun.link)


async def test_a_link_lapses_with_its_plan(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    bench.clock.pass_(days=31)
    async with bench.tx() as tx:
        with pytest.raises(LinkSpent):
            await bench.erasure.fetch(tx, begun.link)


async def test_a_plan_that_lapsed_is_destroyed_and_holds_up_only_those_who_need_it(bench):
    alone, shared = await fill(bench), await bench.subject()
    begun = [await bench.begin(alone, PLAN), await bench.begin(shared, Farewell(recipients=("courier",)))]
    bench.clock.pass_(days=31)
    assert await finish(bench, begun[0].erasure) == Stage.CERTIFIED
    for expected in (Stage.REFUSED, Stage.REFUSED):
        assert await bench.advance(begun[1].erasure) is expected
    await bench.turn()
    assert await bench.advance(begun[1].erasure) is Stage.UNRECOVERABLE
    assert await bench.advance(begun[1].erasure) is Stage.SWEPT
    with pytest.raises(PlanLapsed):
        await bench.advance(begun[1].erasure)
    assert list(bench.keyring.farewells()) == []


async def test_recipients_without_a_way_to_tell_them_stop_the_erasure_aloud(bench):
    begun = await bench.begin(await fill(bench), Farewell(recipients=("courier",)))
    await bench.advance(begun.erasure)
    await bench.turn()
    await bench.advance(begun.erasure)
    await bench.advance(begun.erasure)
    with pytest.raises(NobodyTells):
        await bench.advance(begun.erasure)


async def test_rows_that_another_package_left_stop_the_erasure_aloud(bench, database):
    import psycopg

    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE left_over (subject uuid, what text)")
        owner.execute("GRANT SELECT, INSERT, DELETE ON left_over TO troth_app")
    subject, spared = await fill(bench), await fill_alone(bench)
    begun = await bench.begin(subject, PLAN)
    async with bench.tx() as tx:
        await tx.run("INSERT INTO left_over VALUES (%(s)s, 'x')", {"s": subject})
    await bench.advance(begun.erasure)
    await bench.turn()
    await bench.advance(begun.erasure)
    with pytest.raises(NotSwept, match="left_over"):
        await bench.advance(begun.erasure)

    async def sweep(tx, who):
        return {"left_over": await tx.run("DELETE FROM left_over WHERE subject = %(s)s", {"s": who})}

    bench.erasure = Erasure(
        bench.keyring, bench.clock, bench.signer, bench.roll, Hooks(at_once=(sweep,), sweeps=(sweep,))
    )
    assert await finish(bench, begun.erasure) == Stage.CERTIFIED
    begun = await bench.begin(spared, PLAN)
    async with bench.tx() as tx:
        await tx.run("INSERT INTO left_over VALUES (%(s)s, 'x')", {"s": spared})
    await bench.advance(begun.erasure)
    assert await count(bench, "left_over", spared) == 0  # at once, with the refusal
    await finish(bench, begun.erasure)
    async with bench.tx() as tx:
        assert (await bench.erasure.look(tx, begun.erasure)).removed["left_over"] == 1  # of both rounds


async def fill_alone(bench):
    subject = await bench.subject()
    await bench.put(subject, "email", {"v": 1})
    return subject


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        ({"basis": Basis.OWN_RIGHT}, True),
        ({"basis": Basis.LEGAL_DUTY, "reference": Reference("minor", "m1")}, True),
        ({"basis": Basis.LEGAL_DUTY}, False),
        ({"basis": None}, False),
        ({"basis": Basis.OWN_RIGHT, "actor": Actor(ActorKind.STAFF, "s1")}, False),
    ],
)
async def test_only_an_own_right_or_a_referenced_duty_erases_a_subject(bench, changed, allowed):
    subject = await fill(bench)
    permit = bench.permit(subject, Verb.FORGET, "register", **changed)
    async with bench.tx() as tx:
        if allowed:
            await bench.erasure.begin(tx, permit, PLAN)
        else:
            with pytest.raises(NotCovered):
                await bench.erasure.begin(tx, permit, PLAN)


async def test_an_unknown_erasure_is_said_so(bench):
    subject = await bench.subject()
    with pytest.raises(NoSuchErasure):
        await bench.advance(subject)
    async with bench.tx() as tx:
        with pytest.raises(NoSuchErasure):
            await bench.erasure.look(tx, subject)
        assert await bench.erasure.acknowledge(tx, subject, "courier") is False


async def test_a_stage_without_its_date_is_refused_by_the_database(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    for change in (
        "stage = 1",
        "stage = 6",
        "refused_at = planned_at",
        "stage = 1, refused_at = planned_at - interval '1 s'",
    ):
        with pytest.raises(Exception, match="check constraint"):
            async with bench.tx() as tx:
                await tx.run(f"UPDATE erasure SET {change}", {})  # noqa: S608
    assert NEXT[Stage.PLANNED] is Stage.REFUSED
    assert begun.erasure


async def test_an_erased_subject_cannot_be_begun_again(bench):
    subject = await fill(bench)
    begun = await bench.begin(subject, PLAN)
    await bench.advance(begun.erasure)
    with pytest.raises(Erased):
        await bench.begin(subject, PLAN)


async def test_a_certificate_is_checked_where_nothing_of_ours_runs(bench, tmp_path):
    begun = await bench.begin(await fill(bench), PLAN)
    await finish(bench, begun.erasure)
    async with bench.tx() as tx:
        signed = (await bench.erasure.fetch(tx, begun.link)).certificate
    code = (
        "import sys; from troth.ledger.signing import PublicKey; from troth.vault.certificate import verify;"
        "print(verify(sys.argv[1], PublicKey.parse(sys.argv[2])).erasure)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        signed,
        str(bench.signer.public),
        stdout=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == str(begun.erasure)


async def test_the_stock_key_outlives_erasures(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    key = bench.keyring.current(EpochKind.STOCK)
    await finish(bench, begun.erasure)
    assert bench.keyring.current(EpochKind.STOCK) == key
    async with bench.tx() as tx:
        assert await ledger.standing(tx, await ledger.new_subject(tx), lock=False) is not None
