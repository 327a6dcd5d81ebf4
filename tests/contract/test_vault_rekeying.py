"""After a correction or a deletion: the key that sealed what went ends, and nothing else is lost with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.fakes.vault import START, Bench, reading
from troth.terms import ItemName, Verb
from troth.vault import NotHeld, Unsealable
from troth.vault.farewell import Farewell
from troth.vault.rules import NoRules
from troth.vault.stages import Stage

PHONE = ItemName("phone")


class OneFunctionKeepsVersions(NoRules):
    def history(self, permit, item):
        return permit.ask.function == "cloud"


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path, rules=OneFunctionKeepsVersions()) as one:
        yield one


async def rows(bench, query, **params):
    async with bench.tx() as tx:
        return await (await tx.conn.execute(query, params)).fetchall()


async def key_of(bench, subject, function="watch"):
    found = await rows(
        bench,
        "SELECT key, owner_epoch FROM vault_key"
        " WHERE subject = %(s)s AND function = %(f)s AND class = 'purpose'",
        s=subject,
        f=f"sunmi-camera/{function}",
    )
    return {epoch: key for key, epoch in found}


async def owed(bench):
    return [row[0] for row in await rows(bench, "SELECT key FROM rekey_due ORDER BY due, key")]


async def ended(bench):
    query = "SELECT convert_from(body, 'UTF8') FROM ledger_entry WHERE kind = 'key_ended'"
    return [row[0] for row in await rows(bench, query)]


async def filled(bench, blocks=7):
    subject = await bench.subject()
    first = START - timedelta(days=blocks)  # one a day: the walk goes by days, and by ids within one
    sent = [reading(at=first + timedelta(days=n), value={"n": n}) for n in range(blocks)]
    for one in sent:
        await bench.append(subject, [one])
    return subject, sent


async def test_after_a_correction_the_key_ends_and_everything_opens_under_another(bench):
    subject, sent = await filled(bench)
    before = (await key_of(bench, subject))[0]
    assert await bench.rekey() == 0
    sent[3] = replace(sent[3], value={"n": "mended"})
    await bench.correct(subject, sent[3])
    assert await owed(bench) == [before]
    assert await bench.rekey(1) == 1
    assert await ended(bench) == []
    assert set(await key_of(bench, subject)) == {0, -1}
    while await bench.rekey(1):
        assert await bench.events(subject) == sent  # at every step
    assert await owed(bench) == []
    after = await key_of(bench, subject)
    assert set(after) == {0}
    assert after[0] != before
    assert await rows(bench, "SELECT DISTINCT key FROM event_block") == [(after[0],)]
    (entry,) = await ended(bench)
    assert '"kek_epoch":1' in entry
    assert str(subject) not in entry
    assert len(await rows(bench, "SELECT id FROM vault_deletion")) == 1  # the epoch has to end
    await bench.turn()
    assert await bench.events(subject) == sent


async def test_deleting_one_reading_or_the_last_of_a_block_ends_the_key_too(bench):
    subject, sent = await filled(bench, blocks=2)
    before = await key_of(bench, subject)
    await bench.delete(subject, sent[0].id)
    await bench.delete(subject, sent[1].id)
    assert await owed(bench) == [before[0]]
    await bench.rekey()
    assert before[0] not in (await key_of(bench, subject)).values()
    assert await bench.events(subject) == []


async def test_what_comes_in_or_is_edited_or_turned_meanwhile_is_kept(bench):
    subject, sent = await filled(bench)
    await bench.correct(subject, sent[0])
    await bench.rekey(2)
    new = reading(at=sent[0].measured - timedelta(days=1), value={"n": "new"})  # before where the walk stands
    await bench.append(subject, [new])
    sent[6] = replace(sent[6], value={"n": "again"})
    await bench.correct(subject, sent[6])  # still under the old key
    sent[1] = replace(sent[1], value={"n": "twice"})
    await bench.correct(subject, sent[1])  # under the new one already
    assert len(await owed(bench)) == 2
    await bench.turn()
    await bench.rekey(1)
    await bench.turn()
    await bench.rekey()
    assert await bench.events(subject) == [new, *sent]
    assert len(await ended(bench)) == 2
    assert set(await key_of(bench, subject)) == {0}


async def test_a_step_that_is_undone_is_done_again(bench):
    subject, sent = await filled(bench)
    await bench.correct(subject, sent[0])
    done = True
    while done:
        async with bench.tx() as tx:
            await bench.rekeying.step(tx)
            await tx.conn.rollback()
        assert await bench.events(subject) == sent
        done = await bench.rekey(1)
    assert await bench.events(subject) == sent
    assert len(await ended(bench)) == 1


async def test_look_up_and_letters_survive_and_a_number_given_up_does_not(bench):
    subject, sent = await filled(bench, blocks=1)
    row = uuid4()
    permit = bench.permit(subject, Verb.COLLECT, "watch", "phone", "motion")

    async def claim(number):
        async with bench.tx() as tx:
            await bench.vault.lookup.claim(tx, permit, PHONE, number)

    async def find(number):
        async with bench.tx() as tx:
            return await bench.vault.lookup.find(tx, PHONE, number)

    async with bench.tx() as tx:
        sealed = await bench.vault.seal(tx, permit, PHONE, row, {"said": "hello"})
    await claim("+8613800138000")
    key = (await key_of(bench, subject))[0]
    assert await owed(bench) == []
    await claim("+8613900139000")  # the value beside the old tag opens with the readings' key
    assert await owed(bench) == [key]
    await bench.rekey()
    await bench.turn()
    assert await find("+8613900139000") == subject
    assert await find("+8613800138000") is None
    assert await bench.events(subject) == sent
    async with bench.tx() as tx:
        assert await bench.vault.unseal(tx, permit, PHONE, row, sealed) == {"said": "hello"}


async def test_closing_the_function_or_erasing_the_person_ends_what_was_owed(bench):
    subject, sent = await filled(bench)
    await bench.correct(subject, sent[0])
    await bench.rekey(2)
    async with bench.tx() as tx:
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "watch"))
    assert await bench.rekey() == 1
    assert await owed(bench) == []
    other, sent = await filled(bench)
    await bench.correct(other, sent[0])
    await bench.rekey(2)
    begun = await bench.begin(other, Farewell())
    await bench.advance(begun.erasure)
    await bench.turn()
    assert await bench.advance(begun.erasure) == Stage.UNRECOVERABLE
    assert await bench.advance(begun.erasure) == Stage.SWEPT  # looks for rows in every table
    assert await owed(bench) == []


async def test_a_block_that_does_not_open_holds_up_nobody_else(bench):
    subject, sent = await filled(bench)
    await bench.correct(subject, sent[0])
    await bench.meddle("UPDATE event_block SET version = version + 1 WHERE subject = %(s)s", s=subject)
    other, others = await filled(bench)
    bench.clock.pass_(seconds=1)
    await bench.correct(other, others[0])
    await bench.rekey()
    assert len(await owed(bench)) == len(await ended(bench)) == 1
    assert await bench.events(other) == others
    with pytest.raises(Unsealable):
        await bench.events(subject)
    await bench.meddle("UPDATE event_block SET version = version - 1 WHERE subject = %(s)s", s=subject)
    assert await bench.rekey() == 0
    bench.clock.pass_(hours=2)
    await bench.rekey()
    assert await owed(bench) == []
    assert await bench.events(subject) == sent


async def test_a_replaced_document_has_another_key_for_everybody_who_holds_it(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1}, function="cloud")
    await bench.put(subject, "phone", {"v": 2}, function="cloud")  # this one keeps versions
    assert await rows(bench, "SELECT id FROM vault_deletion") == []
    before = {row[0] for row in await rows(bench, "SELECT wrapped FROM document_wrap")}
    await bench.put(subject, "phone", {"v": 3})
    assert len(await rows(bench, "SELECT id FROM vault_deletion")) == 1
    after = {row[0] for row in await rows(bench, "SELECT wrapped FROM document_wrap")}
    assert len(after) == 2
    assert before.isdisjoint(after)
    for function in ("register", "cloud"):
        assert await bench.open(subject, "phone", function=function) == {"v": 3}
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, "cloud", "phone")
        past = await bench.vault.history(tx, permit, PHONE)
    assert [one.value for one in past] == [{"v": 1}]
    await bench.turn()
    assert await bench.open(subject, "phone") == {"v": 3}
    async with bench.tx() as tx:
        await bench.vault.let_go(
            tx, bench.permit(subject, Verb.FORGET, "register", PHONE), frozenset({PHONE})
        )
    with pytest.raises(NotHeld):
        await bench.open(subject, "phone")
