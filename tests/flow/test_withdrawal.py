"""A withdrawal that is committed is obeyed: by every worker, by the broker, whoever was told or not.

The controls take out what the promise rests on, in this process, and see it break.
"""

import asyncio
import os
import random
import signal
from contextlib import asynccontextmanager
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest

from tests.flow.devices_rig import FLOW, Wall, camera, crossing, linked, shop
from tests.flow.test_devices_killed import broker_pid
from troth import ledger
from troth.app.bus import NatsBus
from troth.app.doors.chores import ChoreDoors
from troth.db import Database
from troth.devices import DeviceDoor, Devices
from troth.devices.batch import Batch, Sent
from troth.gate import Gate
from troth.ledger import standings, telling
from troth.ledger.standings import Standings
from troth.terms import Act, ActKind
from troth.vault import Vault

WORKERS = 4


@asynccontextmanager
async def workers(owner, database):
    """Four gates with a memory each, as in four processes."""
    doors = []
    async with Database(database.app, size=8) as db, Database(database.app, size=4) as aside:
        for _ in range(WORKERS):
            policy = owner.compiled.policy
            gate = Gate({policy.name: {policy.version: owner.compiled}}, aside, owner.clock)
            vault = Vault(owner.keyring, owner.clock)
            devices = Devices(
                db=aside, gate=gate, vault=vault, keyring=owner.keyring, clock=owner.clock, region="CN"
            )
            doors.append(DeviceDoor(db, devices))
        yield doors


def blocks(database, subject):
    with psycopg.connect(database.owner) as conn:
        return conn.execute("SELECT count(*) FROM event_block WHERE subject = %s", (subject,)).fetchone()[0]


async def streaming(owner, bound, doors, over):
    """Hand in readings through every worker until ``over``."""

    async def one(door):
        while not over.is_set():
            await door.ingest_each(
                [Sent(bound.token, FLOW, Batch(uuid4(), (crossing(owner.clock.now()),))) for _ in range(3)]
            )

    await asyncio.gather(*(one(door) for door in doors))


async def stored_after_withdrawals(database, tmp_path, times=8):
    """Withdraw and choose again while four workers store; return how many blocks came after a commit.

    What there is at a withdrawal is counted while its lock is held, and again before the next choice.
    """
    chance, after = random.Random(13), 0  # noqa: S311 - a moment, not a secret
    async with shop(database, tmp_path, Wall()) as owner, workers(owner, database) as doors:
        bound = await owner.ready(FLOW)
        over = asyncio.Event()
        stream = asyncio.create_task(streaming(owner, bound, doors, over))
        for _ in range(times):
            running = blocks(database, owner.subject)
            while blocks(database, owner.subject) == running:  # until the stream flows again
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.uniform(0.02, 0.08))  # the moment is the point
            before = await owner_withdraws(owner, database)
            await asyncio.sleep(0.05)  # to give what should not happen the time to happen
            after += blocks(database, owner.subject) - before
            await owner.act(ActKind.CHOSEN, function=FLOW)
        over.set()
        await stream
        assert blocks(database, owner.subject) > times, "nothing was streamed"
    return after


async def owner_withdraws(owner, database):
    async with owner.db.transaction() as tx:
        act = Act(
            kind=ActKind.WITHDRAWN, policy=owner.compiled.policy.name, at=owner.clock.now(), function=FLOW
        )
        await ledger.record(tx, owner.subject, act)
        return blocks(database, owner.subject)


async def test_nothing_is_collected_after_the_commit_of_a_withdrawal(database, tmp_path):
    assert await stored_after_withdrawals(database, tmp_path) == 0


async def test_control_a_memory_that_believes_itself_collects_on(database, tmp_path, monkeypatch):
    def believes(self, subject, _generation):
        kept = self._kept.get(subject)
        return kept and kept[1]

    monkeypatch.setattr(Standings, "_known", believes)
    assert await stored_after_withdrawals(database, tmp_path, 3) > 0


async def in_the_middle(owner, bound, withdraw, monkeypatch):
    """Withdraw between a decision and its effect; return whether the withdrawal had to wait."""
    decided, on = asyncio.Event(), asyncio.Event()
    through = Vault.append_each

    async def slowly(self, tx, sheaves, **more):
        decided.set()
        await on.wait()
        return await through(self, tx, sheaves, **more)

    monkeypatch.setattr(Vault, "append_each", slowly)
    taking = asyncio.create_task(
        owner.door.ingest_each([Sent(bound.token, FLOW, Batch(uuid4(), (crossing(owner.clock.now()),)))])
    )
    await decided.wait()
    withdrawing = asyncio.create_task(withdraw())
    done, _ = await asyncio.wait({withdrawing}, timeout=0.5)
    on.set()
    await taking
    await withdrawing
    return not done


async def test_a_withdrawal_waits_for_what_was_decided_before_it(database, tmp_path, monkeypatch):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)

        async def withdraw():
            assert await owner_withdraws(owner, database) == 1  # the block is there before the withdrawal is

        assert await in_the_middle(owner, bound, withdraw, monkeypatch)
        assert blocks(database, owner.subject) == 1


async def test_control_without_the_lock_an_effect_follows_the_withdrawal(database, tmp_path, monkeypatch):
    unlocked = dict(standings.QUERIES)
    unlocked["hold"] = unlocked["hold"].replace("FOR NO KEY UPDATE", "")
    monkeypatch.setattr(standings, "QUERIES", unlocked)
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)

        async def withdraw():
            assert await owner_withdraws(owner, database) == 0

        assert not await in_the_middle(owner, bound, withdraw, monkeypatch)
        assert blocks(database, owner.subject) == 1


async def test_a_standing_of_a_transaction_that_rolled_back_is_never_used(database, tmp_path):
    """The memory may hold what never came true; no generation leads to it."""
    async with shop(database, tmp_path) as owner:
        await owner.ready()
        name = owner.compiled.policy.name

        async def chosen_in_vain():
            async with owner.db.transaction() as tx:
                chosen = Act(kind=ActKind.CHOSEN, policy=name, at=owner.clock.now(), function=FLOW)
                await ledger.record(tx, owner.subject, chosen)
                held = await owner.gate.hold(tx, [owner.subject])
                assert held.of(owner.subject).acts[-1].kind is ActKind.CHOSEN
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await chosen_in_vain()
        await owner.act(ActKind.WITHDRAWN, function=FLOW)
        async with owner.db.transaction() as tx:
            held = await owner.gate.hold(tx, [owner.subject])
            assert ActKind.CHOSEN not in {act.kind for act in held.of(owner.subject).acts}


async def test_standings_held_by_another_transaction_are_not_taken(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.ready(FLOW)
        async with owner.db.transaction() as tx, owner.db.transaction() as other:
            held = await owner.gate.hold(tx, [owner.subject])
            with pytest.raises(AssertionError):
                await owner.gate.admit_each(other, held, [])


async def test_the_memory_stays_within_its_bounds(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        small = Standings(most_acts=8)
        subjects = []
        for _ in range(3):
            await owner.own()  # three acts each
            subjects.append(owner.subject)
        for _ in range(2):
            async with owner.db.transaction() as tx:
                held = await small.hold(tx, subjects)
                assert {len(held.of(one).acts) for one in subjects} == {3}
        assert sum(len(kept.acts) for _, kept in small._kept.values()) <= 8


def teller(owner, bus):
    return ChoreDoors(SimpleNamespace(db=owner.db, bus=bus))


async def untold(owner):
    async with owner.db.transaction() as tx:
        return await telling.untold(tx)


async def test_a_change_that_nobody_was_told_of_is_told_until_a_link_dealt_with_it(
    database, nats_server, tmp_path
):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        bus = await NatsBus.connect(nats_server.url, nats_server.keys.worker_seed)
        try:
            assert await untold(owner)
            assert await teller(owner, bus).tell() == 0  # no link: it stays untold
            async with linked(owner, nats_server, workers=0), camera(bound, nats_server) as device:
                await device.let_in()
                assert await teller(owner, bus).tell() > 0
                assert not await untold(owner)
                owner.bus, kept = None, owner.bus  # the process dies between its commit and its word
                await owner.act(ActKind.WITHDRAWN, function=FLOW)
                owner.bus = kept
                assert device.connected == 1
                assert await teller(owner, bus).tell() == 1
                await device.let_in(2, within_s=1)
                assert not await untold(owner)
        finally:
            await bus.close()


async def test_what_was_withdrawn_while_the_broker_was_away_is_shut_when_it_is_back(
    database, nats_server, tmp_path
):
    async with shop(database, tmp_path, Wall()) as owner:
        bound = await owner.ready(FLOW)
        bus = await NatsBus.connect(nats_server.url, nats_server.keys.worker_seed)
        try:
            async with linked(owner, nats_server), camera(bound, nats_server) as device:
                await device.acked([await device.send(FLOW, [crossing(owner.clock.now())])])
                await teller(owner, bus).tell()
                (pid,) = broker_pid(nats_server)
                os.kill(pid, signal.SIGKILL)
                kept, owner.bus = owner.bus, None
                await owner.act(ActKind.WITHDRAWN, function=FLOW)  # nobody can be told, and it holds
                owner.bus = kept
                ask = Sent(bound.token, FLOW, Batch(uuid4(), (crossing(owner.clock.now()),)))
                (ack,) = await owner.door.ingest_each([ask])
                assert (ack.stored, ack.denied) == (0, 1)
                await device.let_in(2, within_s=20)
                lost = await device.send(FLOW, [crossing(owner.clock.now())])
                async with asyncio.timeout(10):
                    while await teller(owner, bus).tell() == 0 and await untold(owner):
                        await asyncio.sleep(0.05)
                stream = await owner.bus.jetstream().stream_info("UP")
                assert lost in device.waiting
                assert stream.state.messages == 0
            assert blocks(database, owner.subject) == 1
        finally:
            await bus.close()
