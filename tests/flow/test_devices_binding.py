"""Binding on a real database: codes, limits, tokens, what lies where."""

import asyncio
import contextlib
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import UndefinedTable

from tests.flow.devices_rig import CODE, FLOW, GUARD, crossing, shop
from troth.db import NothingCommitted
from troth.devices import (
    KINDS,
    AlreadyBound,
    Batch,
    Malformed,
    NotYourDevice,
    Refusal,
    UnfitSerial,
    WrongCode,
)
from troth.devices.credentials import secret_hash
from troth.devices.identifiers import About
from troth.subjects.tries import TooManyTries
from troth.terms import ActKind, Denied, Reason


async def test_a_right_code_binds_and_the_secret_is_kept_as_a_hash_only(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready()
        with psycopg.connect(database.owner) as conn:
            (row,) = conn.execute("SELECT token, secret_hash FROM device").fetchall()
            dump = str(conn.execute("SELECT d::text, s::text FROM device d, device_stock s").fetchall())
        assert row == (bound.token, secret_hash(bound.secret))
        assert (len(bound.token), len(bound.secret)) == (32, 64)
        assert bound.secret not in dump
        assert "CAM-1" not in dump
        assert bound.token not in repr(bound)


async def test_code_and_serial_are_read_as_people_type_them(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        await owner.stock("cam-1 ", "7741 2280")
        await owner.bind("CAM 1", "77412280")


async def test_five_wrong_codes_lock_a_quarter_of_an_hour_even_for_the_right_one(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        await owner.stock()
        for _ in range(5):
            with pytest.raises(WrongCode):
                await owner.bind(code="0000-0000")
        for code in ("0000-0000", CODE):
            with pytest.raises(TooManyTries):
                await owner.bind(code=code)
        owner.clock.pass_(minutes=15, seconds=1)
        await owner.bind()


async def test_tries_are_counted_by_serial_number_over_all_subjects(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.stock()
        for _ in range(5):
            await owner.own()
            with pytest.raises(WrongCode):
                await owner.bind(code="0000-0000")
        await owner.own()
        with pytest.raises(TooManyTries):
            await owner.bind()


async def test_parallel_guesses_do_not_outrun_the_limit(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        await owner.stock()
        guesses = [owner.bind(code=f"0000-{n:04}") for n in range(12)]
        said = await asyncio.gather(*guesses, return_exceptions=True)
        assert sum(isinstance(one, WrongCode) for one in said) == 5
        assert sum(isinstance(one, TooManyTries) for one in said) == 7


async def test_an_unknown_serial_number_sounds_like_a_wrong_code(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        with pytest.raises(WrongCode):
            await owner.bind("NO-SUCH")
        for unfit in ("", " - ", "x" * 200):
            with pytest.raises(UnfitSerial):
                await owner.bind(unfit)


async def test_a_bound_device_is_not_bound_twice(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.ready()
        with pytest.raises(AlreadyBound):
            await owner.bind()
        await owner.own()
        with pytest.raises(AlreadyBound):
            await owner.bind()


async def test_who_has_not_accepted_binds_nothing(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        await owner.act(ActKind.ENDED)
        await owner.stock()
        with pytest.raises(Denied) as denied:
            await owner.bind()
        assert denied.value.decision.reason is Reason.ACCEPTANCE_ENDED
        with psycopg.connect(database.owner) as conn:
            assert conn.execute("SELECT count(*) FROM device").fetchone() == (0,)


async def test_identifiers_lie_in_the_vault_for_each_device_and_go_with_it(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        first = await owner.ready()
        await owner.stock("CAM-2")
        second = await owner.bind("CAM-2")
        assert await _serials(owner) == {str(first.device): "CAM-1", str(second.device): "CAM-2"}
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, first.device)
        assert await _serials(owner) == {str(second.device): "CAM-2"}
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, second.device)
            with pytest.raises(NotYourDevice):
                await owner.devices.unbind(tx, owner.subject, second.device)
        assert await _serials(owner) == {}


async def test_a_device_that_changes_hands_gets_another_token(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        before = await owner.ready()
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, before.device)
        await owner.own()
        after = await owner.bind()
        assert (after.token, after.device) != (before.token, before.device)
        assert await owner.door.knows(before.token, before.secret) is Refusal.UNKNOWN_TOKEN
        assert (await owner.door.knows(after.token, after.secret)).subject == owner.subject


async def test_permissions_follow_the_standing(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready()

        async def may():
            return (await owner.door.knows(bound.token, bound.secret)).functions

        assert await may() == frozenset()
        await owner.choose(FLOW, GUARD)
        assert await may() == {FLOW, GUARD}
        await owner.act(ActKind.WITHDRAWN, function=GUARD)
        assert await may() == {FLOW}
        await owner.act(ActKind.ENDED)
        assert await may() == frozenset()
        async with owner.db.transaction() as tx:
            assert await owner.devices.forget(tx, owner.subject) == 1
        assert await owner.door.knows(bound.token, bound.secret) is Refusal.UNKNOWN_TOKEN
        assert await owner.door.functions(owner.subject) == {}


async def test_what_was_measured_while_withdrawn_is_never_stored(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        clock = owner.clock
        allowed_before = crossing(clock.now())
        clock.pass_(minutes=10)
        await owner.act(ActKind.WITHDRAWN, function=FLOW)
        meanwhile = crossing(clock.pass_(minutes=10))
        clock.pass_(minutes=10)
        await owner.act(ActKind.CHOSEN, function=FLOW)
        after = crossing(clock.pass_(minutes=10))
        ahead = crossing(clock.now().replace(year=2030))
        batch = Batch(uuid4(), (ahead, after, meanwhile, allowed_before))
        ack = await owner.door.ingest(bound.token, FLOW, batch)
        assert (ack.stored, ack.denied, ack.dropped, ack.duplicates) == (1, 3, 0, 0)
        assert [reading.id for reading in await owner.stored()] == [after.id]


async def test_a_failure_while_deciding_is_no_verdict(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        batch = Batch(uuid4(), (crossing(owner.clock.now()),))
        with psycopg.connect(database.owner, autocommit=True) as conn:
            conn.execute("ALTER TABLE decision_count RENAME TO gone")
            with pytest.raises(UndefinedTable):
                await owner.door.ingest(bound.token, FLOW, batch)
            conn.execute("ALTER TABLE gone RENAME TO decision_count")
        assert (await owner.door.ingest(bound.token, FLOW, batch)).stored == 1


async def test_a_transaction_that_failed_inside_is_not_taken_for_committed(database, tmp_path):
    async def careless(db):
        async with db.transaction() as tx:
            with contextlib.suppress(psycopg.Error):
                await tx.run("SELECT 1 FROM nowhere")

    async with shop(database, tmp_path) as owner:
        with pytest.raises(NothingCommitted):
            await careless(owner.db)


async def test_a_token_that_is_gone_is_malformed(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.ready(FLOW)
        with pytest.raises(Malformed) as malformed:
            await owner.door.ingest("0" * 32, FLOW, Batch(uuid4(), (crossing(owner.clock.now()),)))
        assert malformed.value.reason is Refusal.UNKNOWN_TOKEN


async def test_a_device_released_while_its_readings_wait_for_the_lock_is_unknown(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)

        async def sends():
            return await owner.door.ingest(bound.token, FLOW, Batch(uuid4(), (crossing(owner.clock.now()),)))

        assert (await sends()).stored == 1  # from now on its owner is known by heart
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, bound.device)
            waiting = asyncio.create_task(sends())
            await _somebody_waits(database)
        with pytest.raises(Malformed) as malformed:
            await waiting
        assert malformed.value.reason is Refusal.UNKNOWN_TOKEN
        with pytest.raises(Malformed):
            await sends()


async def _somebody_waits(database):
    asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(10):
        async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as conn:
            while await (await conn.execute(asked)).fetchone() == (0,):
                await asyncio.sleep(0.01)


async def _serials(owner):
    kind = KINDS["camera"]
    identifiers, now = owner.devices._identifiers, owner.clock.now()
    about = About(subject=owner.subject, policy="sunmi-camera", device=uuid4(), kind=kind, at=now)
    async with owner.db.transaction() as tx:
        return (await identifiers._open(tx, about, "bind"))[kind.serial]
