"""An erasure with records that a law holds and with media, cut short at every statement, to its end."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from tests.contract.test_vault_holds import held, order
from tests.contract.test_vault_media import Media, Objects, read, upload
from tests.fakes.vault import START, Bench
from tests.flow.test_vault_erasure import PLAN, Crash, count, crashing, fill, nothing_opens
from troth.vault import Erased, FolderKeyring, addendum, certificate
from troth.vault.erasure import Backups, Erasure
from troth.vault.spares import Spares
from troth.vault.stages import Stage

HORIZON = timedelta(days=30)


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        one.media = media_of(one)
        yield one


def media_of(bench):
    return Media(bench.db, bench.keyring, bench.clock, Objects.folder(bench.folder / "media"))


def erasure_of(bench):
    backups = Backups(lambda deleted: deleted + HORIZON, Spares(bench.folder / "spares.log"))
    ring = FolderKeyring(bench.folder / "keyring")
    return Erasure(ring, bench.clock, bench.signer, bench.roll, backups=backups)


async def through(bench, step, crashes):
    """Take a step again and again, cut short one statement later each time, until it comes through."""
    left = 0
    while True:
        with suppress(Crash):
            async with crashing(bench, [left]) as tx:
                return await step(tx)  # unless the commit is what fails
        left += 1
        crashes.append(left)


def kept(bench):
    folder = bench.folder / "media"
    return [file for file in folder.rglob("*") if file.is_file()] if folder.exists() else []


async def test_with_holds_and_media_it_is_resumed_wherever_it_was_cut(bench):
    subject, other = await fill(bench), await bench.subject()
    wanted, unwanted = (
        await order(bench, subject, {"v": 1}),
        await order(bench, subject, {"v": 2}, hold=False),
    )
    video = await upload(bench, subject, bytes(9000), told={"type": "video/mp4"})
    theirs = await upload(bench, other, bytes(7000), told={"type": "video/mp4"})
    begun = await bench.begin(subject, PLAN)
    crashes, seen, stage = [], [], Stage.PLANNED
    while stage is not Stage.BACKUPS:
        reached = await through(bench, lambda tx: erasure_of(bench).advance(tx, begun.erasure), crashes)
        if stage is Stage.PLANNED:
            await nothing_opens(bench, subject)
            with pytest.raises(Erased):
                await read(bench, subject, video)
        if reached is stage is Stage.REFUSED:
            await bench.turn()
        if reached is stage is Stage.UNRECOVERABLE:  # it waits for the bytes
            assert await through(bench, media_of(bench).sweep, crashes)
        if reached is stage is Stage.CERTIFIED:
            bench.clock.pass_(days=31)
        assert await held(bench, subject) == {wanted: {"v": 1}}  # for the law's duty, at every stage
        seen.append(reached)
        stage = reached
    assert seen == [1, 1, 2, 2, 3, 4, 5, 5, 6]
    assert len(crashes) > 40
    assert await count(bench, "media", subject) == 0
    assert await count(bench, "document", subject) == 1
    assert unwanted not in await held(bench, subject)
    assert await read(bench, other, theirs) == bytes(7000)
    assert len(kept(bench)) == 1
    async with bench.tx() as tx:
        row = await bench.erasure.look(tx, begun.erasure)
    paper = certificate.verify(row.certificate, bench.signer.public)
    assert paper.held == 1
    assert paper.held_until > START
    assert addendum.verify(row.addendum, bench.signer.public).belongs_to(row.certificate)
    assert [line.subject for line in bench.roll.read()] == [subject]
