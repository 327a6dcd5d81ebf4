"""Partitions of growing tables: made ahead, filled from the default one, dropped when over."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import LockNotAvailable

from tests.fakes.vault import START, Bench, reading
from troth.db import Database
from troth.db.partitions import Every, Span, ensure, expire, spans
from troth.terms import Verb
from troth.vault.growth import GROWING

SEEN, BLOCKS = GROWING


async def prepare(tx, today):
    """Make what a week around ``today`` needs, of every table that grows."""
    week = timedelta(days=7)
    made = [await ensure(tx, growing, today - week, today + week) for growing in GROWING]
    return [name for names in made for name in names]


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


@pytest.fixture
async def owner(database):
    async with Database(database.owner) as db:
        yield db


async def partitions(db, parent):
    async with db.transaction() as tx:
        query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %(parent)s::regclass"
        rows = await tx.conn.execute(query, {"parent": parent})
        return sorted(row[0] for row in await rows.fetchall())


@given(st.sampled_from(Every), st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.integers(0, 70))
def test_spans_cover_every_day_once(every, since, days):
    found = list(spans(every, since, since + timedelta(days=days)))
    assert found[0].first <= since < found[0].end
    assert found[-1].first <= since + timedelta(days=days) < found[-1].end
    assert all(one.end == following.first for one, following in pairwise(found))


def test_a_month_ends_where_the_next_begins():
    assert list(spans(Every.MONTH, date(2025, 12, 31), date(2026, 1, 1))) == [
        Span(date(2025, 12, 1), date(2026, 1, 1)),
        Span(date(2026, 1, 1), date(2026, 2, 1)),
    ]


async def test_making_them_twice_makes_them_once(owner):
    async with owner.transaction() as tx:
        made = await prepare(tx, date(2026, 3, 2))
    assert "event_block_purpose_2026_03" in made
    assert "reading_seen_2026_03_02" in made
    async with owner.transaction() as tx:
        assert await prepare(tx, date(2026, 3, 2)) == []


async def test_rows_move_out_of_the_default_partition_and_stay_readable(bench, owner):
    subject = await bench.subject()
    sent = [reading(at=START + timedelta(days=20 * n)) for n in range(4)]
    await bench.append(subject, sent)
    async with owner.transaction() as tx:
        await ensure(tx, BLOCKS, date(2026, 3, 1), date(2026, 3, 31))
        await ensure(tx, SEEN, date(2026, 3, 2), date(2026, 3, 2))
        counts = [
            await tx.value(f"SELECT count(*) FROM {table}")  # noqa: S608
            for table in (
                "event_block_purpose_2026_03",
                "event_block_purpose_rest",
                "reading_seen_2026_03_02",
            )
        ]
    assert counts == [2, 2, 1]
    assert await bench.events(subject) == sent
    assert (await bench.append(subject, sent)).duplicates == 4


async def test_those_who_write_meanwhile_lose_nothing(bench, owner):
    subjects = [await bench.subject() for _ in range(3)]
    days = [START + timedelta(days=n) for n in range(40)]

    async def send(subject):
        for day in days:
            await bench.append(subject, [reading(at=day)])

    async def split():
        for day in days:
            async with owner.transaction() as tx:
                await ensure(tx, SEEN, day.date(), day.date())
                await ensure(tx, BLOCKS, day.date(), day.date())

    await asyncio.gather(split(), *(send(subject) for subject in subjects))
    for subject in subjects:
        assert len(await bench.events(subject)) == len(days)


async def test_a_reader_in_the_way_holds_up_the_split_and_not_the_other_way_round(bench, owner):
    subject = await bench.subject()
    await bench.append(subject, [reading()])
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, "watch", "motion")
        assert await bench.vault.count(tx, permit) == 1
        with pytest.raises(LockNotAvailable):
            async with owner.transaction() as splitting:
                await prepare(splitting, START.date())
        assert await bench.vault.count(tx, permit) == 1
    async with owner.transaction() as splitting:
        assert await prepare(splitting, START.date())


async def test_expired_partitions_go_and_so_do_such_rows_elsewhere(bench, owner):
    subject = await bench.subject()
    sent = [reading(at=START + timedelta(days=31 * n)) for n in range(3)]
    await bench.append(subject, sent)
    async with owner.transaction() as tx:
        await ensure(tx, BLOCKS, date(2026, 3, 1), date(2026, 3, 31))
        dropped = await expire(tx, BLOCKS, date(2026, 5, 1))
    assert dropped == ("event_block_purpose_2026_03",)
    assert await bench.events(subject) == sent[2:]
    assert await partitions(owner, "event_block_purpose") == ["event_block_purpose_rest"]


async def test_a_partition_does_not_go_before_its_last_day(owner):
    async with owner.transaction() as tx:
        await ensure(tx, BLOCKS, date(2026, 3, 1), date(2026, 3, 31))
        assert await expire(tx, BLOCKS, date(2026, 3, 31)) == ()


async def test_ciphertext_is_neither_compressed_nor_measured_in_any_partition(owner):
    async with owner.transaction() as tx:
        await prepare(tx, date(2026, 3, 2))
        query = """SELECT c.relname, a.attname, a.attstorage, a.attstattarget FROM pg_attribute a
                     JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('r', 'p')
                      AND a.attname IN ('sealed', 'wrapped', 'plan')
                      AND c.relnamespace = 'public'::regnamespace
                      AND c.relname ~ '^(vault|document|event_block|blind_index|erasure)'"""
        rows = await (await tx.conn.execute(query)).fetchall()
    assert len(rows) >= 9
    for table, column, storage, target in rows:
        assert target == 0, (table, column)
        assert storage == ("x" if column == "wrapped" else "e"), (table, column)  # 60 bytes never move out


async def test_the_app_may_not_make_or_drop_partitions(bench):
    for act in ("CREATE TABLE mine (a int)", "DROP TABLE event_block_purpose_rest"):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            async with bench.tx() as tx:
                await tx.run(act)
