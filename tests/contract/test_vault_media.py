"""Media, on a folder and on a real S3 server alike: whole or in ranges, forgotten, half uploaded, swept."""

from __future__ import annotations

import os
import random
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.s3 import bucket
from tests.fakes.vault import ANYTHING, Bench
from troth.app import objects
from troth.app.stores import Bucket, UnfitStore
from troth.terms import ItemName, Verb
from troth.vault import Erased, NotCovered, NotHeld, Unsealable, WrongForm, stream
from troth.vault.farewell import Farewell
from troth.vault.media import AT_ONCE, Media, TooManyUploads
from troth.vault.objects import Objects
from troth.vault.stages import Stage
from troth.vault.upload import TooLarge, UploadLapsed

VIDEO = ItemName("cloud_video")
MIB = 1 << 20


@pytest.fixture(params=["folder", "s3"])
async def bench(request, database, tmp_path):
    objects = Objects.folder(tmp_path / "media")
    if request.param == "s3":
        objects = await bucket(request)
    async with Bench(database, tmp_path) as one:
        one.media = Media(one.db, one.keyring, one.clock, objects, values=ANYTHING, largest=20 * MIB)
        yield one


def storing(bench, subject):
    return bench.permit(subject, Verb.COLLECT, "cloud", VIDEO)


async def upload(bench, subject, data, *, of=None, told=None, at_once=3 * MIB):
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO, of=of, told=told)
    for start in range(0, len(data), at_once):
        await one.write(data[start : start + at_once])
    await one.close()
    async with bench.tx() as tx:
        return await bench.media.finish(tx, storing(bench, subject), one)


async def read(bench, subject, record, first=0, end=None):
    async with bench.tx() as tx:
        opened = await bench.media.open(tx, bench.permit(subject, Verb.USE, "cloud", VIDEO), record)
    return b"".join([part async for part in opened.read(first, end)])


async def sweep(bench):
    swept = 0
    while True:
        async with bench.tx() as tx:
            done = await bench.media.sweep(tx)
        if not done:
            return swept
        swept += done


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 8 * MIB, 8 * MIB + 5, 17 * MIB])
async def test_what_goes_in_comes_out_whole_and_in_ranges(bench, size):
    subject, data = await bench.subject(), random.Random(size).randbytes(size)  # noqa: S311
    record = await upload(bench, subject, data)
    assert await read(bench, subject, record) == data
    for first, end in ((0, 1), (size // 2, size // 2 + 9), (MIB - 3, MIB + 3), (max(size - 2, 0), size + 9)):
        assert await read(bench, subject, record, first, end) == data[first:end]
    await bench.turn()
    assert await read(bench, subject, record) == data


async def test_it_opens_only_for_its_person_function_item_and_verb(bench):
    subject, other = await bench.subject(), await bench.subject()
    record = await upload(bench, subject, b"x")
    for refused, permit in (
        (NotHeld, bench.permit(other, Verb.USE, "cloud", VIDEO)),
        (NotHeld, bench.permit(subject, Verb.USE, "watch", VIDEO)),
        (NotCovered, bench.permit(subject, Verb.USE, "cloud", "motion")),
        (NotCovered, bench.permit(subject, Verb.COLLECT, "cloud", VIDEO)),
    ):
        async with bench.tx() as tx:
            with pytest.raises(refused):
                await bench.media.open(tx, permit, record)


async def test_what_is_forgotten_is_refused_at_once_and_swept_with_its_thumbnails(bench):
    subject = await bench.subject()
    record = await upload(bench, subject, os.urandom(9 * MIB))
    thumb = await upload(bench, subject, b"small", of=record)
    other = await upload(bench, subject, b"stays")
    async with bench.tx() as tx:
        opened = await bench.media.open(tx, bench.permit(subject, Verb.USE, "cloud", VIDEO), record)
    reading = opened.read()
    await anext(reading)
    async with bench.tx() as tx:
        assert await bench.media.forget(tx, bench.permit(subject, Verb.FORGET, "cloud"), record)
    with pytest.raises(Erased):
        await anext(reading)  # also in the middle
    for gone in (record, thumb):
        with pytest.raises(NotHeld):
            await read(bench, subject, gone)
    assert await sweep(bench) == 2
    for gone in (record, thumb):
        assert await bench.media.objects.segments(gone) == []
    assert await read(bench, subject, other) == b"stays"


async def test_an_upload_that_is_never_finished_is_not_there_and_is_swept(bench):
    subject = await bench.subject()
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO)
    await one.write(os.urandom(9 * MIB))
    await one.abandon()
    with pytest.raises(NotHeld):
        await read(bench, subject, one.record)
    assert await sweep(bench) == 0  # somebody may still be writing
    bench.clock.pass_(hours=1)
    with pytest.raises(UploadLapsed):
        await one.close()
    assert await sweep(bench) == 1
    assert await bench.media.objects.segments(one.record) == []


async def test_what_was_forgotten_during_its_upload_never_exists(bench):
    subject = await bench.subject()
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO)
    await one.write(b"x")
    async with bench.tx() as tx:
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "cloud"))
    await one.close()
    async with bench.tx() as tx:
        with pytest.raises(UploadLapsed):
            await bench.media.finish(tx, storing(bench, subject), one)
    bench.clock.pass_(hours=1)
    assert await sweep(bench) == 1
    assert await bench.media.objects.segments(one.record) == []


async def test_what_is_too_large_is_refused(bench):
    subject = await bench.subject()
    with pytest.raises(TooLarge):
        await upload(bench, subject, bytes(20 * MIB + 1))


async def test_an_erasure_waits_for_the_store_and_is_retried(bench, monkeypatch):
    subject = await bench.subject()
    record = await upload(bench, subject, os.urandom(MIB))
    begun = await bench.begin(subject, Farewell())
    assert await bench.advance(begun.erasure) is Stage.REFUSED
    with pytest.raises(Erased):
        await read(bench, subject, record)
    await bench.turn()
    assert await bench.advance(begun.erasure) is Stage.UNRECOVERABLE
    with monkeypatch.context() as away:

        async def fail(_of):
            raise ConnectionError

        away.setattr(bench.media.objects, "remove", fail)
        with pytest.raises(ConnectionError):
            await sweep(bench)
    assert await bench.advance(begun.erasure) is Stage.UNRECOVERABLE
    assert await sweep(bench) == 1
    assert await bench.media.objects.segments(record) == []
    assert await bench.advance(begun.erasure) is Stage.SWEPT


@asynccontextmanager
async def tampered(bench, record, change):
    names = sorted(await bench.media.objects.segments(record))
    sealed = [await bench.media.objects.get(record, n, 0, 1 << 30) for n in range(len(names))]
    for number, data in enumerate(change(sealed)):
        await bench.media.objects.put(record, number, data)
    yield


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: [parts[0][:-1] + bytes([parts[0][-1] ^ 1]), parts[1]],
        lambda parts: [parts[0], parts[0]],
        lambda parts: [
            parts[0][stream.SEALED_CHUNK : 2 * stream.SEALED_CHUNK] * 8,
            parts[1],
        ],
    ],
)
async def test_a_chunk_that_was_changed_moved_or_repeated_does_not_open(bench, change):
    subject = await bench.subject()
    record = await upload(bench, subject, os.urandom(16 * MIB))
    async with tampered(bench, record, change):
        with pytest.raises(Unsealable):
            await read(bench, subject, record)


async def test_an_object_that_was_cut_short_does_not_open_at_its_end(bench):
    subject = await bench.subject()
    record = await upload(bench, subject, os.urandom(3 * MIB))
    async with bench.tx() as tx:
        await tx.run("UPDATE media SET size = %(s)s WHERE object = %(o)s", {"s": 2 * MIB, "o": record})
    with pytest.raises(Unsealable):
        await read(bench, subject, record)


@given(st.integers(0, 20 * MIB), st.data())
def test_parts_cover_a_range_exactly(size, data):
    first = data.draw(st.integers(0, size))
    end = data.draw(st.integers(first, size))
    found = list(stream.parts(size, first, end))
    assert sum(part.take for part in found) == end - first
    at = first
    for part in found:
        start = part.segment * stream.SEGMENT + part.first_chunk * stream.CHUNK
        assert start + part.skip == at
        assert (
            part.end
            <= -(-min(stream.SEGMENT, size - part.segment * stream.SEGMENT) // stream.CHUNK)
            * (stream.SEALED_CHUNK)
            or size == 0
        )
        at += part.take


async def test_what_it_is_lies_sealed_beside_it_and_comes_back(bench):
    subject = await bench.subject()
    told = {"type": "video/mp4", "measured": "2026-03-01T08:00:00+00:00"}
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO, told=told)
    await one.write(b"four")
    await one.close()
    async with bench.tx() as tx:
        record = await bench.media.finish(tx, storing(bench, subject), one)
        opened = await bench.media.open(tx, bench.permit(subject, Verb.USE, "cloud", VIDEO), record)
        row = await (await tx.conn.execute("SELECT media::text, told FROM media")).fetchone()
    assert opened.told == told | {"media": str(record), "bytes": 4}
    assert "video/mp4" not in row[0]
    assert b"video/mp4" not in bytes(row[1])


async def test_a_value_of_another_form_is_never_begun(bench):
    subject = await bench.subject()
    strict = Media(bench.db, bench.keyring, bench.clock, bench.media.objects)
    for item, told in ((VIDEO, {"type": "text/html"}), (VIDEO, {}), ("motion", {"type": "video/mp4"})):
        async with bench.tx() as tx:
            permit = bench.permit(subject, Verb.COLLECT, "cloud", item)
            with pytest.raises(WrongForm):
                await strict.begin(tx, permit, ItemName(item), told=told)


async def test_it_is_finished_only_where_it_was_begun(bench):
    subject, other = await bench.subject(), await bench.subject()
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO)
    await one.close()
    for permit in (
        storing(bench, other),
        bench.permit(subject, Verb.COLLECT, "watch", VIDEO),
        bench.permit(subject, Verb.COLLECT, "cloud", "motion"),
        bench.permit(subject, Verb.USE, "cloud", VIDEO),
    ):
        async with bench.tx() as tx:
            with pytest.raises(NotCovered):
                await bench.media.finish(tx, permit, one)
    async with bench.tx() as tx:
        assert await bench.media.finish(tx, storing(bench, subject), one)


async def test_an_upload_that_was_given_up_is_swept_at_once(bench):
    subject = await bench.subject()
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO)
    await one.write(os.urandom(9 * MIB))
    await one.abandon()
    async with bench.tx() as tx:
        await bench.media.give_up(tx, one)
    assert await sweep(bench) == 1
    assert await bench.media.objects.segments(one.record) == []
    async with bench.tx() as tx:
        with pytest.raises(UploadLapsed):
            await bench.media.finish(tx, storing(bench, subject), one)


async def test_giving_up_what_was_finished_changes_nothing(bench):
    subject = await bench.subject()
    async with bench.tx() as tx:
        one = await bench.media.begin(tx, storing(bench, subject), VIDEO)
    await one.close()
    async with bench.tx() as tx:
        record = await bench.media.finish(tx, storing(bench, subject), one)
        await bench.media.give_up(tx, one)
    assert await read(bench, subject, record) == b""


async def test_only_so_many_uploads_of_one_person_are_under_way(bench):
    subject, other = await bench.subject(), await bench.subject()
    for _ in range(AT_ONCE):
        async with bench.tx() as tx:
            await bench.media.begin(tx, storing(bench, subject), VIDEO)
    async with bench.tx() as tx:
        with pytest.raises(TooManyUploads):
            await bench.media.begin(tx, storing(bench, subject), VIDEO)
        await bench.media.begin(tx, storing(bench, other), VIDEO)
    bench.clock.pass_(hours=1)
    async with bench.tx() as tx:
        await bench.media.begin(tx, storing(bench, subject), VIDEO)


async def test_a_list_names_what_the_permit_opens_and_the_copy_reads_all_of_it(bench):
    subject, other = await bench.subject(), await bench.subject()
    record, theirs = await upload(bench, subject, b"one"), await upload(bench, other, b"theirs")
    async with bench.tx() as tx:
        begun = await bench.media.begin(tx, storing(bench, subject), VIDEO)

        async def listed(permit):
            return [one.record for one in await bench.media.listed(tx, permit)]

        assert await listed(bench.own(subject)) == [record]
        assert await listed(bench.permit(subject, Verb.USE, "cloud", VIDEO)) == [record]
        assert await listed(bench.permit(subject, Verb.USE, "cloud", "motion")) == []
        assert await listed(bench.permit(subject, Verb.USE, "watch", VIDEO)) == []
        with pytest.raises(NotCovered):
            await listed(storing(bench, subject))
        (day,) = await bench.media.days(tx, bench.own(subject))
        for since, found in ((day, [record]), (day + timedelta(days=1), [])):
            some = bench.media.from_day(tx, bench.own(subject), since)
            assert [one.held.record async for one in some] == found
        every = [one async for one in bench.media.every(tx, bench.own(subject))]
    assert [one.held.record for one in every] == [record]
    assert b"".join([part async for part in every[0].read()]) == b"one"
    assert begun.record not in (record, theirs)
    async with bench.tx() as tx:
        with pytest.raises(NotCovered):
            await anext(bench.media.every(tx, bench.permit(subject, Verb.USE, "cloud", VIDEO)))
        with pytest.raises(NotCovered):
            await bench.media.days(tx, bench.permit(subject, Verb.USE, "cloud", VIDEO))


async def test_a_store_proves_itself_and_keeps_nothing_of_the_proof(bench, tmp_path):
    await bench.media.objects.prove()
    away = Bucket(
        name="media", endpoint="http://127.0.0.1:9", region="local", access="anyone", secret="invented"
    )
    with pytest.raises(
        UnfitStore, match=r"s3://media at http://127\.0\.0\.1:9 does not take an object"
    ) as unfit:
        await objects.prove(away)
    assert "invented" not in str(unfit.value)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UnfitStore, match="does not take an object"):
        await objects.prove(tmp_path / "file")
