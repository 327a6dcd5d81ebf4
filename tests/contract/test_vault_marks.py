"""A reading is stored once, however often it is sent, in whatever company: few at a time, or many."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.fakes.vault import START, Bench, reading
from troth.terms import DeviceId, Verb
from troth.vault import Sheaf, Stored, blocks


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


def sent(n):
    return [reading(at=START + timedelta(seconds=k)) for k in range(n)]


@pytest.mark.parametrize("n", [3, 500])
async def test_what_was_sent_before_is_known_again_in_any_company(bench, n):
    subject = await bench.subject()
    first, second = sent(n), sent(n)
    assert await bench.append(subject, first) == Stored(n, 0)
    assert await bench.append(subject, first) == Stored(0, n)
    mixed = [first[-1], *second[1:], first[0]]
    assert await bench.append(subject, mixed) == Stored(n - 1, 2)
    assert await bench.append(subject, [*first, *second]) == Stored(1, 2 * n - 1)
    held = await bench.events(subject)
    assert sorted(one.id for one in held) == sorted(one.id for one in [*first, *second])


@pytest.mark.parametrize("n", [3, 500])
async def test_what_is_there_twice_in_one_batch_is_stored_once(bench, n):
    subject = await bench.subject()
    batch = sent(n)
    assert await bench.append(subject, [*batch, *batch]) == Stored(n, n)
    assert len(await bench.events(subject)) == n


async def test_another_subject_device_function_or_day_is_another_reading(bench):
    one, other = await bench.subject(), await bench.subject()
    batch = sent(200)
    next_day = [reading(at=one.measured + timedelta(days=1), of=one.id) for one in batch]
    assert await bench.append(one, batch) == Stored(200, 0)
    assert await bench.append(other, batch) == Stored(200, 0)
    assert await bench.append(one, batch, function="guard") == Stored(200, 0)
    assert await bench.append(one, batch, device=DeviceId(uuid4())) == Stored(200, 0)
    assert await bench.append(one, next_day) == Stored(200, 0)


async def test_what_one_subject_sent_before_is_known_beside_the_same_of_another(bench):
    """An app of theirs says no device: nothing but the subject tells the two readings apart."""
    one, other = await bench.subject(), await bench.subject()
    batch = sent(3)
    assert await bench.append(one, batch) == Stored(3, 0)
    sheaves = [Sheaf(bench.permit(each, Verb.COLLECT, "watch", "motion"), batch) for each in (one, other)]
    async with bench.tx() as tx:
        taken = await bench.vault.append_each(tx, sheaves)
    assert [each.counted() for each in taken] == [Stored(0, 3), Stored(3, 0)]
    assert [len(await bench.events(each)) for each in (one, other)] == [3, 3]


@pytest.mark.parametrize("n", [1, 100])
async def test_a_mark_is_the_first_half_of_what_it_once_was(bench, database, n):
    subject, device = await bench.subject(), DeviceId(UUID(int=5))
    batch = sent(n)
    await bench.append(subject, batch, device=device)
    halves = {blocks.mark("sunmi-camera/watch", device, one.id).bytes[:8] for one in batch}
    with psycopg.connect(database.owner) as owner:
        rows = owner.execute("SELECT subject, at_day, mark FROM reading_seen").fetchall()
    assert {row[:2] for row in rows} == {(subject, START.date())}
    assert {mark.to_bytes(8, "big", signed=True) for *_, mark in rows} == halves


async def test_a_batch_that_fails_behind_its_marks_leaves_none(bench):
    subject = await bench.subject()
    batch = sent(100)

    async def fail():
        async with bench.tx() as tx:
            await bench.vault.append(tx, bench.permit(subject, Verb.COLLECT, "watch", "motion"), batch)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await bench.append(subject, batch) == Stored(100, 0)
