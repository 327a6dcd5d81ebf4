"""Many messages in one transaction: what one alone would get, each of them gets, and none sinks another."""

import asyncio
import random
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.flow.devices_rig import FLOW, GUARD, MOTION, Shop, crossing, shop
from troth import ledger
from troth.devices import ingest
from troth.devices.batch import Ack, Batch, Malformed, Refusal, Sent
from troth.terms import ActKind, Reading

UNKNOWN = "0" * 32


def sent(bound, *readings, function=FLOW):
    return Sent(bound.token, function, Batch(uuid4(), readings))


async def neighbours(owner, n):
    """Return more owners in the same system, each with a bound camera and both functions chosen."""
    found = []
    for number in range(n):
        one = Shop.__new__(Shop)
        vars(one).update(vars(owner))
        await one.own()
        serial = f"CAM-N{number}"
        await one.stock(serial)
        bound = await one.bind(serial)
        await one.choose(FLOW, GUARD)
        found.append((one, bound))
    owner.clock.pass_(hours=1)
    return found


async def test_a_bad_one_leaves_the_others_as_they_are(database, tmp_path, monkeypatch):
    # so that it gets as far as the vault
    anything = SimpleNamespace(misfit=lambda *_: None, fit=lambda *_: True)
    monkeypatch.setattr(ingest, "VALUES", anything)
    async with shop(database, tmp_path) as owner:
        owner.vault._values = anything
        (first, one), (_, two) = await neighbours(owner, 2)
        now = owner.clock.now()
        batches = [
            sent(one, crossing(now)),
            sent(one, crossing(now), crossing(now, weight=2**70)),  # would not come back equal
            Sent(UNKNOWN, FLOW, Batch(uuid4(), (crossing(now),))),
            sent(two, crossing(now), crossing(now)),
            sent(two, crossing(now), function="no_such_function"),
        ]
        good, unfit, unknown, other, denied = await owner.door.ingest_each(batches)
        assert isinstance(unfit, Malformed)
        assert (unfit.reason, unfit.batch) == (Refusal.WRONG_SHAPE, batches[1].batch.id)
        assert isinstance(unknown, Malformed)
        assert unknown.reason is Refusal.UNKNOWN_TOKEN
        assert (good.stored, other.stored, denied.denied) == (1, 2, 1)
        assert len(await first.stored()) == 1


async def test_of_two_batches_with_one_reading_the_first_stores_it(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        again, new = crossing(owner.clock.now()), crossing(owner.clock.now())
        first, second = await owner.door.ingest_each([sent(bound, again), sent(bound, again, new)])
        assert (first.stored, first.duplicates) == (1, 0)
        assert (second.stored, second.duplicates) == (1, 1)
        (third,) = await owner.door.ingest_each([sent(bound, new, again)])
        assert (third.stored, third.duplicates) == (0, 2)
        assert len(await owner.stored()) == 2


async def test_small_batches_of_a_device_are_one_block_and_each_is_told_its_own(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        a, b, c, d = [crossing(owner.clock.now()) for _ in range(4)]
        first = await owner.door.ingest_each([sent(bound, a), sent(bound, b)])
        assert [(ack.stored, ack.duplicates) for ack in first] == [(1, 0), (1, 0)]
        with psycopg.connect(database.owner) as conn:
            assert conn.execute("SELECT count(*) FROM event_block").fetchone() == (1,)
        again = await owner.door.ingest_each([sent(bound, c), sent(bound, b), sent(bound, d, a)])
        assert [(ack.stored, ack.duplicates) for ack in again] == [(1, 0), (0, 1), (1, 1)]
        assert {each.id for each in await owner.stored()} == {a.id, b.id, c.id, d.id}


async def test_when_the_database_fails_one_each_is_taken_alone(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        (_, one), (second, two) = await neighbours(owner, 2)
        now = owner.clock.now()
        with psycopg.connect(database.owner, autocommit=True) as conn:
            # a failure that only this subject's rows meet, and nobody foresaw
            conn.execute(
                f"ALTER TABLE reading_seen ADD CONSTRAINT strange CHECK (subject <> '{second.subject}')"
            )
        good, bad = await owner.door.ingest_each([sent(one, crossing(now)), sent(two, crossing(now))])
        assert isinstance(good, Ack)
        assert good.stored == 1
        assert isinstance(bad, psycopg.errors.CheckViolation)


async def test_batches_that_name_the_same_owners_in_any_order_never_wait_in_a_ring(database, tmp_path):
    chance = random.Random(3)  # noqa: S311 - an order, not a secret
    async with shop(database, tmp_path) as owner:
        found = await neighbours(owner, 5)

        async def some():
            order = chance.sample(found, len(found))
            at = owner.clock.now()
            taken = [sent(bound, crossing(at)) for _, bound in order]
            return await owner.door.ingest_each(taken)

        every = await asyncio.gather(*(some() for _ in range(24)))
        assert all(isinstance(ack, Ack) and ack.stored == 1 for acks in every for ack in acks)
        for one, _ in found:
            assert len(await one.stored()) == 24


MEASURED = st.tuples(st.sampled_from(("line_crossing", MOTION, "face_feature")), st.integers(-90, 30))
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("send"),
            st.integers(0, 1),
            st.sampled_from((FLOW, GUARD)),
            st.lists(MEASURED, max_size=4),
        ),
        st.tuples(
            st.just("act"),
            st.integers(0, 1),
            st.sampled_from((ActKind.WITHDRAWN, ActKind.CHOSEN)),
            st.sampled_from((FLOW, GUARD)),
        ),
    ),
    min_size=2,
    max_size=12,
)


async def _play(owner, people, steps, *, together):
    """Take the steps; batches between two acts together or each alone. Return what became of each."""
    said, waiting = [], []
    ids = random.Random(5)  # noqa: S311 - the same readings in both plays

    async def take():
        if together:
            said.extend(await owner.door.ingest_each(waiting))
        else:
            said.extend([(await owner.door.ingest_each([one]))[0] for one in waiting])
        waiting.clear()

    start = owner.clock.now()
    for step in steps:
        one, bound = people[step[1]]
        if step[0] == "act":
            await take()
            owner.clock.pass_(minutes=1)
            await one.act(step[2], function=step[3])
        else:
            readings = tuple(
                Reading(UUID(int=ids.randrange(6)), item, start + timedelta(minutes=m), {"direction": "in"})
                for item, m in step[3]
            )
            waiting.append(Sent(bound.token, step[2], Batch(uuid4(), readings)))
    await take()
    return [(a.stored, a.duplicates, a.dropped, a.denied) for a in said]


CROSSED, MOVED = ("line_crossing", 0), (MOTION, 0)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=[("send", 0, FLOW, [CROSSED] * 2), ("send", 0, FLOW, [CROSSED, MOVED, CROSSED])])
def test_together_is_as_each_alone(make_database, tmp_path_factory, steps):
    async def both():
        found = []
        for together in (True, False):
            folder = tmp_path_factory.mktemp("keys")
            async with shop(make_database(), folder) as owner:
                people = await neighbours(owner, 2)
                said = await _play(owner, people, steps, together=together)
                async with owner.db.transaction() as tx:
                    counts = await ledger.counts(
                        tx, owner.clock.now() - timedelta(days=9), owner.clock.now() + timedelta(days=9)
                    )
                ingested = sorted((c.function, c.outcome, c.reason, c.n) for c in counts)
                found.append((said, ingested))
        return found

    together, alone = asyncio.run(both())
    assert together == alone
