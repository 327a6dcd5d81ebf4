"""The last stage of an erasure: beyond the horizon, and no key left that could open a backup."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.fakes.vault import START, Bench
from tests.flow.test_vault_erasure import PLAN, Crash, crashing, fill, finish
from troth.vault import CertificateBroken, EpochKind, FolderKeyring, LinkSpent, addendum, certificate
from troth.vault.erasure import Backups, Erasure
from troth.vault.spares import Spares
from troth.vault.stages import Stage

HORIZON = timedelta(days=30)


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        one.spares = Spares(tmp_path / "spares.log")
        one.erasure = erasure_of(one)
        yield one


def erasure_of(bench, horizon=HORIZON):
    """What a process makes of the files: nothing is remembered from the one before."""
    ends = Backups(lambda deleted: horizon and deleted + horizon, Spares(bench.folder / "spares.log"))
    ring = FolderKeyring(bench.folder / "keyring")
    return Erasure(ring, bench.clock, bench.signer, bench.roll, bench.hooks, backups=ends)


async def certified(bench):
    return (await certified_with_link(bench)).erasure


async def certified_with_link(bench):
    begun = await bench.begin(await fill(bench), PLAN)
    assert await finish(bench, begun.erasure) == Stage.CERTIFIED
    return begun


async def fetch(bench, link):
    async with bench.tx() as tx:
        return await bench.erasure.fetch(tx, link)


async def test_the_link_that_brought_the_certificate_brings_the_addendum_once(bench):
    begun = await certified_with_link(bench)
    first = await fetch(bench, begun.link)
    assert (first.certificate is not None, first.addendum) == (True, None)
    for _ in range(2):  # meanwhile it shows how far it is, and hands nothing out
        waits = await fetch(bench, begun.link)
        assert (waits.certificate, waits.addendum) == (None, None)
        assert "certified" in waits.stages
    with pytest.raises(LinkSpent):
        await fetch(bench, begun.link + "x")
    bench.clock.pass_(days=31)  # the plan and its key are gone by now; the word on backups needs neither
    assert await bench.advance(begun.erasure) is Stage.BACKUPS
    last = await fetch(bench, begun.link)
    assert last.certificate is None
    assert addendum.verify(last.addendum, bench.signer.public).belongs_to(first.certificate)
    with pytest.raises(LinkSpent):
        await fetch(bench, begun.link)


async def test_the_link_does_not_wait_for_ever(bench):
    begun = await certified_with_link(bench)
    await fetch(bench, begun.link)
    bench.clock.at = (await look(bench, begun.erasure)).horizon + timedelta(days=30)
    with pytest.raises(LinkSpent):
        await fetch(bench, begun.link)


async def test_where_no_addendum_is_to_come_the_link_is_spent_with_the_certificate(bench):
    bench.erasure = erasure_of(bench, horizon=None)
    begun = await certified_with_link(bench)
    assert (await fetch(bench, begun.link)).certificate is not None
    with pytest.raises(LinkSpent):
        await fetch(bench, begun.link)


async def look(bench, erasure):
    async with bench.tx() as tx:
        return await bench.erasure.look(tx, erasure)


async def due(bench):
    async with bench.tx() as tx:
        return await bench.erasure.due(tx)


async def test_at_the_horizon_and_not_before_it_is_out_of_reach_in_backups(bench):
    erasure = await certified(bench)
    row = await look(bench, erasure)
    said = certificate.verify(row.certificate, bench.signer.public)
    assert said.horizon == row.horizon == row.unrecoverable_at + HORIZON
    bench.clock.at = row.horizon - timedelta(microseconds=1)
    assert await due(bench) == ()
    assert await bench.advance(erasure) is Stage.CERTIFIED
    bench.clock.at = row.horizon
    assert await due(bench) == (erasure,)
    assert await bench.advance(erasure) is Stage.BACKUPS
    bench.clock.pass_(days=1)
    assert await due(bench) == ()
    assert await bench.advance(erasure) is Stage.BACKUPS  # and that is the end
    done = await look(bench, erasure)
    more = addendum.verify(done.addendum, bench.signer.public)
    assert (more.erasure, more.subject) == (erasure, row.subject)
    assert more.gone == more.horizon == row.horizon == done.dates()["backups"]
    assert more.epochs_destroyed == {"kek": 1, "index": 1}
    assert more.belongs_to(row.certificate)
    assert not more.belongs_to(row.certificate + "x")
    assert done.certificate == row.certificate  # what was handed out is not changed


async def test_a_copy_of_its_keys_holds_it_up_until_it_is_destroyed(bench):
    bench.spares.lay("before", bench.keyring, START)
    erasure = await certified(bench)
    bench.spares.lay("after", bench.keyring, START)  # epoch 2: opens nothing of this person
    bench.clock.pass_(days=40)
    assert await due(bench) == ()
    assert await bench.advance(erasure) is Stage.CERTIFIED
    assert bench.spares.gone("before", bench.clock.at)
    assert await due(bench) == (erasure,)
    assert await bench.advance(erasure) is Stage.BACKUPS
    more = addendum.verify((await look(bench, erasure)).addendum, bench.signer.public)
    assert more.gone == bench.clock.at > more.horizon


async def test_keys_that_a_restore_brought_back_hold_it_up(bench):
    old = {kind: bench.keyring.key(kind, 1) for kind in (EpochKind.KEK, EpochKind.INDEX)}
    erasure = await certified(bench)
    bench.clock.pass_(days=31)
    for kind, key in old.items():
        (bench.folder / "keyring" / kind.value / "1.key").write_bytes(key)
    assert await bench.advance(erasure) is Stage.CERTIFIED
    bench.keyring.destroy(EpochKind.KEK, 1)
    assert await bench.advance(erasure) is Stage.CERTIFIED  # its look-up tags still could be found
    bench.keyring.destroy(EpochKind.INDEX, 1)
    assert await bench.advance(erasure) is Stage.BACKUPS


async def test_where_no_policy_says_how_long_backups_live_nothing_is_promised(bench):
    bench.erasure = erasure_of(bench, horizon=None)
    erasure = await certified(bench)
    row = await look(bench, erasure)
    assert row.horizon is None
    assert certificate.verify(row.certificate, bench.signer.public).horizon is None
    bench.clock.pass_(days=4000)
    assert await due(bench) == ()
    assert await bench.advance(erasure) is Stage.CERTIFIED


async def test_cut_short_between_the_keys_end_and_the_record_it_goes_on(bench):
    """At every statement, each time as a new process; and before the copy's end was noted."""
    bench.spares.lay("before", bench.keyring, START)
    erasure = await certified(bench)
    bench.clock.pass_(days=31)
    assert await bench.advance(erasure) is Stage.CERTIFIED  # destroyed, but not on the roll: it waits
    bench.spares.gone("before", bench.clock.at)
    reached, crashes = None, 0
    while reached is not Stage.BACKUPS:
        left = [crashes]
        with suppress(Crash):
            async with crashing(bench, left) as tx:
                now = await erasure_of(bench).advance(tx, erasure)
            reached = now
        if reached is None:
            assert (await look(bench, erasure)).stage == Stage.CERTIFIED
            crashes += 1
    assert crashes > 3
    async with bench.tx() as tx:
        rows = await tx.conn.execute("SELECT convert_from(body, 'UTF8') FROM ledger_entry")
        kinds = [json.loads(body)["kind"] for (body,) in await rows.fetchall()]
    assert kinds.count("erasure_backups") == 1


async def test_an_addendum_is_no_certificate_and_the_other_way_round(bench):
    erasure = await certified(bench)
    bench.clock.pass_(days=31)
    await bench.advance(erasure)
    row = await look(bench, erasure)
    with pytest.raises(CertificateBroken):
        certificate.verify(row.addendum, bench.signer.public)
    with pytest.raises(CertificateBroken):
        addendum.verify(row.certificate, bench.signer.public)
    with pytest.raises(CertificateBroken):
        addendum.verify(row.addendum[:-8] + "AAAAAAAA", bench.signer.public)
