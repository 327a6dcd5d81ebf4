"""Holds on single records: who reaches them when, what they outlive, and that they end."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.fakes.vault import START, Bench, reading
from troth.policy.keeping import Held
from troth.terms import Basis, ClauseId, FunctionName, ItemName, PolicyName, Reference, Verb
from troth.vault import Erased, NotCovered, NotHeld, certificate
from troth.vault.farewell import Farewell
from troth.vault.stages import Stage

ORDER = ItemName("store_transactions")
LAW = ClauseId("kmuun/legal_holds/orders")
YEARS = START + timedelta(days=1096)
HOLD = (Held(YEARS, LAW),)
DUTY = {"basis": Basis.LEGAL_DUTY, "reference": Reference("law", "d1")}


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


async def order(bench, subject, value, hold=True, function="shop"):
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, function, ORDER)
        record = await bench.vault.add(tx, permit, ORDER, value)
        if hold:
            await bench.vault.holds.begin(tx, permit, ORDER, record, HOLD)
    return record


async def held(bench, subject, function="shop", **changed):
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, function, ORDER, **(DUTY | changed))
        return {one.record: one.value async for one in bench.vault.holds.open(tx, permit)}


async def opened(bench, subject, record, function="shop"):
    async with bench.tx() as tx:
        return await bench.vault.open(tx, bench.permit(subject, Verb.USE, function, ORDER), ORDER, record)


async def cancel(bench, subject):
    begun = await bench.begin(subject, Farewell())
    stage = None
    while stage is not Stage.CERTIFIED:
        before, stage = stage, await bench.advance(begun.erasure)
        if before == stage == Stage.REFUSED:
            await bench.turn()
    return begun


async def end(bench):
    async with bench.tx() as tx:
        return await bench.vault.holds.end(tx)


async def test_several_documents_of_one_item_are_told_apart_by_their_record(bench):
    subject = await bench.subject()
    first, second = [await order(bench, subject, {"n": n}, hold=False) for n in range(2)]
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "shop", ORDER)
        assert await bench.vault.put(tx, permit, ORDER, {"n": 9}, first) == first
        found = await bench.vault.records(tx, bench.permit(subject, Verb.USE, "shop", ORDER), ORDER)
        assert set(found) == {first, second}
    assert await opened(bench, subject, first) == {"n": 9}
    assert await opened(bench, subject, second) == {"n": 1}
    with pytest.raises(NotHeld):  # no one of them is the one
        await opened(bench, subject, None)
    with pytest.raises(NotHeld):
        await opened(bench, subject, first, function="cloud")
    async with bench.tx() as tx:
        with pytest.raises(NotHeld):
            await bench.vault.put(
                tx, bench.permit(subject, Verb.COLLECT, "cloud", ORDER), ORDER, {"n": 1}, first
            )


async def test_a_held_record_is_used_for_its_purpose_as_before(bench):
    subject = await bench.subject()
    record = await order(bench, subject, {"n": 1})
    assert await opened(bench, subject, record) == {"n": 1}
    assert len(await bench.everything(subject)) == 1
    assert await held(bench, subject) == {record: {"n": 1}}


async def test_after_its_function_is_closed_only_the_legal_duty_reaches_a_held_record(bench):
    subject = await bench.subject()
    kept, gone = await order(bench, subject, {"n": 1}), await order(bench, subject, {"n": 2}, hold=False)
    async with bench.tx() as tx:
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "shop"))
    for record in (kept, gone):
        with pytest.raises(NotHeld):
            await opened(bench, subject, record)
    assert await bench.everything(subject) == []
    assert await held(bench, subject) == {kept: {"n": 1}}
    for refused in (
        {"basis": None, "reference": None},
        {"reference": None},
        {"basis": Basis.OWN_RIGHT},
        {"basis": Basis.EXEMPTION},
    ):
        with pytest.raises(NotCovered):
            await held(bench, subject, **refused)
    assert await held(bench, subject, function="cloud") == {}


async def test_cancelling_leaves_the_held_record_for_that_duty_and_nothing_else(bench):
    subject = await bench.subject()
    kept = await order(bench, subject, {"n": 1})
    await order(bench, subject, {"n": 2}, hold=False)
    await bench.put(subject, "phone", {"v": 1})
    begun = await cancel(bench, subject)
    async with bench.tx() as tx:
        row = await bench.erasure.look(tx, begun.erasure)
        assert row.checked["document"] == 0
        assert row.removed["document"] == 2
        found = certificate.verify(row.certificate, bench.signer.public)
        assert (found.held, found.held_until) == (1, YEARS)
        for call in (
            bench.vault.open(tx, bench.permit(subject, Verb.USE, "shop", ORDER), ORDER, kept),
            bench.vault.put(tx, bench.permit(subject, Verb.COLLECT, "shop", ORDER), ORDER, {}, kept),
            anext(bench.vault.everything(tx, bench.own(subject))),
        ):
            with pytest.raises(Erased):
                await call
    assert await held(bench, subject) == {kept: {"n": 1}}  # also after the epoch has turned


async def test_a_held_record_dies_with_its_hold(bench):
    subject, other = await bench.subject(), await bench.subject()
    kept = await order(bench, subject, {"n": 1})
    await order(bench, other, {"n": 2})
    await cancel(bench, subject)
    bench.clock.at = YEARS - timedelta(seconds=1)
    assert await end(bench) == 0
    assert await held(bench, subject) == {kept: {"n": 1}}
    bench.clock.at = YEARS
    assert await held(bench, subject) == {}  # over is over, before anyone sweeps
    assert await end(bench) == 2
    assert await end(bench) == 0
    async with bench.tx() as tx:
        for table in ("document", "document_wrap", "hold"):
            assert not await tx.value(
                f"SELECT count(*) FROM {table} WHERE subject = %(s)s",  # noqa: S608
                {"s": subject},
            )
    # Whose purpose goes on, keeps the record beyond the hold.
    assert [one.value for one in await bench.everything(other)] == [{"n": 2}]


async def test_of_two_holds_on_a_record_the_last_ends_it(bench):
    subject = await bench.subject()
    kept = await order(bench, subject, {"n": 1})
    later = Held(YEARS + timedelta(days=9), ClauseId("kmuun/legal_holds/tax"))
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "shop", ORDER)
        await bench.vault.holds.begin(tx, permit, ORDER, kept, (later, Held(START, LAW)))
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "shop"))
    bench.clock.at = YEARS
    assert await end(bench) == 1
    assert await held(bench, subject) == {kept: {"n": 1}}
    bench.clock.at = later.until
    assert await end(bench) == 1
    assert await held(bench, subject) == {}


async def test_a_hold_that_is_over_already_holds_nothing(bench):
    subject = await bench.subject()
    kept = await order(bench, subject, {"n": 1}, hold=False)
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "shop", ORDER)
        await bench.vault.holds.begin(tx, permit, ORDER, kept, (Held(START, LAW),))
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "shop"))
        assert not await tx.value("SELECT count(*) FROM document WHERE subject = %(s)s", {"s": subject})


async def test_a_correction_leaves_what_the_law_holds_as_it_was(bench):
    subject = await bench.subject()
    await bench.put(subject, ORDER, {"n": 1}, function="shop")
    await bench.put(subject, ORDER, {"n": 1}, function="cloud")
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "shop", ORDER)
        (record,) = await bench.vault.records(tx, bench.permit(subject, Verb.USE, "shop", ORDER), ORDER)
        await bench.vault.holds.begin(tx, permit, ORDER, record, HOLD)
    await bench.put(subject, ORDER, {"n": 2}, function="shop")
    assert await bench.open(subject, ORDER, function="shop") == {"n": 2}
    assert await bench.open(subject, ORDER, function="cloud") == {"n": 2}
    assert await held(bench, subject) == {record: {"n": 1}}
    assert [one.value for one in await bench.everything(subject)] == [{"n": 2}]


async def test_what_ends_a_person_s_account_holds_readings_as_it_holds_documents(bench):
    """A law wants them: nobody else reaches them from then on, and they go with their hold."""
    subject, other = await bench.subject(), ItemName("motion")
    sent = [reading(ORDER, at=START - timedelta(days=20 * n), value={"n": n}) for n in range(6)]
    await bench.append(subject, [*sent[:3], reading(other)], function="shop")
    await bench.append(subject, sent[3:], function="shop")
    kept = await order(bench, subject, {"n": "document"}, hold=False)
    of = (PolicyName("sunmi-camera"), FunctionName("shop"), 1)

    async def begin(holds):
        async with bench.tx() as tx:
            return await bench.vault.holds.begin_all(tx, subject, of, holds)

    assert await begin({ORDER: (Held(START, LAW),)}) == 0  # over already
    records = await begin({ORDER: HOLD})
    assert records == 1 + len({(one.measured.year, one.measured.month) for one in sent})
    assert await begin({ORDER: HOLD}) == records  # and holds nothing twice
    assert len(await bench.everything(subject)) == 1 + 6 + 1  # still there for its purpose, once
    await cancel(bench, subject)
    with pytest.raises(Erased):
        await bench.events(subject, ORDER, function="shop")
    with pytest.raises(NotCovered):
        await held(bench, subject, basis=Basis.OWN_RIGHT)
    found = await held(bench, subject)
    assert len(found) == records
    assert found.pop(kept) == {"n": "document"}
    copies = [one for value in found.values() for one in value["readings"]]
    assert sorted(copies, key=lambda one: one["value"]["n"]) == [
        {"id": str(one.id), "measured": one.measured.isoformat(), "value": one.value} for one in sent
    ]
    await bench.turn()
    assert len(await held(bench, subject)) == records
    bench.clock.at = YEARS
    assert await end(bench) == records
    assert await held(bench, subject) == {}
    async with bench.tx() as tx:
        assert await tx.value("SELECT count(*) FROM document") == 0


async def test_the_database_takes_no_hold_that_ends_before_it_began(bench):
    subject = await bench.subject()
    kept = await order(bench, subject, {"n": 1})
    with pytest.raises(psycopg.errors.CheckViolation):
        async with bench.tx() as tx:
            await tx.run("UPDATE hold SET until = began WHERE record = %(r)s", {"r": kept})


async def test_only_who_holds_a_record_begins_a_hold_on_it(bench):
    subject = await bench.subject()
    kept = await order(bench, subject, {"n": 1}, hold=False)
    for refused, verb, function in (
        (NotHeld, Verb.COLLECT, "cloud"),
        (NotCovered, Verb.USE, "shop"),
    ):
        permit = bench.permit(subject, verb, function, ORDER)
        async with bench.tx() as tx:
            with pytest.raises(refused):
                await bench.vault.holds.begin(tx, permit, ORDER, kept, HOLD)
