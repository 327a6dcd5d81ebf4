"""One reading corrected or deleted, and the versions of a document: the others stay as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.fakes.vault import START, Bench, reading
from troth.policy.clauses import Keep
from troth.terms import ItemName, Verb
from troth.vault import NotCovered, NotHeld, NotStorable, Stored
from troth.vault.rules import NoRules

PHONE = ItemName("phone")


class KeepsVersions(NoRules):
    def history(self, permit, item):
        return item == PHONE


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path, rules=KeepsVersions()) as one:
        yield one


async def correct(bench, subject, corrected, verb=Verb.COLLECT, function="watch"):
    async with bench.tx() as tx:
        await bench.vault.correct(tx, bench.permit(subject, verb, function, corrected.item), corrected)


async def delete(bench, subject, one, at=None, verb=Verb.FORGET):
    async with bench.tx() as tx:
        await bench.vault.delete(tx, bench.permit(subject, verb, "watch"), one, at)


def many(n=30):
    return [reading(at=START + timedelta(hours=9 * k), value={"k": k}) for k in range(n)]


async def test_one_reading_is_corrected_and_the_others_stay(bench):
    subject, sent = await bench.subject(), many()
    await bench.append(subject, sent[:20])
    await bench.append(subject, sent[20:])
    wrong = replace(sent[7], value={"k": "mended"})
    await correct(bench, subject, wrong)
    assert await bench.events(subject) == [*sent[:7], wrong, *sent[8:]]
    await correct(bench, subject, sent[7])  # and back again
    assert await bench.events(subject) == sent


async def test_one_reading_is_deleted_and_does_not_come_back(bench):
    subject, sent = await bench.subject(), many()
    await bench.append(subject, sent)
    await delete(bench, subject, sent[3].id, sent[3].measured)
    await delete(bench, subject, sent[20].id)
    left = [one for n, one in enumerate(sent) if n not in {3, 20}]
    assert await bench.events(subject) == left
    assert await bench.append(subject, sent) == Stored(0, 30)
    assert await bench.events(subject) == left
    for one in left:
        await delete(bench, subject, one.id)
    assert await bench.events(subject) == []
    async with bench.tx() as tx:
        assert await tx.value("SELECT count(*) FROM event_block") == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"id": uuid4()},
        {"measured": START - timedelta(days=1)},
        {"item": ItemName("line_crossing")},
    ],
)
async def test_what_is_not_there_is_neither_corrected_nor_deleted(bench, asked):
    subject, sent = await bench.subject(), many(3)
    await bench.append(subject, sent)
    with pytest.raises(NotHeld):
        await correct(bench, subject, replace(sent[0], **asked))
    if "item" not in asked:
        with pytest.raises(NotHeld):
            await delete(bench, subject, asked.get("id", sent[0].id), asked.get("measured"))
    assert await bench.events(subject) == sent


async def test_another_subject_s_and_another_function_s_readings_are_out_of_reach(bench):
    subject, other, sent = await bench.subject(), await bench.subject(), many(3)
    await bench.append(subject, sent)
    with pytest.raises(NotHeld):
        await correct(bench, other, sent[0])
    with pytest.raises(NotHeld):
        await correct(bench, subject, sent[0], function="count")
    with pytest.raises(NotHeld):
        await delete(bench, other, sent[0].id)


async def test_correcting_needs_to_store_and_deleting_to_forget(bench):
    subject, sent = await bench.subject(), many(1)
    await bench.append(subject, sent)
    with pytest.raises(NotCovered):
        await correct(bench, subject, sent[0], verb=Verb.USE)
    with pytest.raises(NotCovered):
        await delete(bench, subject, sent[0].id, verb=Verb.COLLECT)
    with pytest.raises(NotStorable):
        await correct(bench, subject, replace(sent[0], value={"k": object()}))


async def test_earlier_versions_stay_where_the_policy_keeps_them(bench):
    subject = await bench.subject()
    for n in range(3):
        await bench.put(subject, "phone", {"n": n})
        await bench.put(subject, "email", {"n": n})
        bench.clock.pass_(days=1)

    async def history(item):
        async with bench.tx() as tx:
            permit = bench.permit(subject, Verb.USE, "register", item)
            return await bench.vault.history(tx, permit, ItemName(item))

    found = await history("phone")
    assert [(one.version, one.value) for one in found] == [(1, {"n": 0}), (2, {"n": 1})]
    assert [one.day for one in found] == [START.date(), (START + timedelta(days=1)).date()]
    assert await history("email") == ()
    await bench.turn()
    assert len(await history("phone")) == 2
    async with bench.tx() as tx:
        await bench.vault.let_go(
            tx, bench.permit(subject, Verb.FORGET, "register", PHONE), frozenset({PHONE})
        )
        assert await tx.value("SELECT count(*) FROM document_past") == 0
    assert Keep.HISTORY.value == "history"
