"""A restore of an older backup: the log goes on, the erased stay erased, what was taken back stays so."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest

from tests.contract.test_vault_media import read, upload
from tests.fakes.vault import Bench
from tests.flow.api_people import CAMERA, PASSWORD, PHONE, SHOP
from tests.flow.backup_rig import Safe
from troth.app.backup import take
from troth.app.backup.prune import prune
from troth.app.settings import MEDIA
from troth.app.system import SPARES, TAIL
from troth.ledger.tail import Tail
from troth.ledger.verify import Verified
from troth.subjects.roles import Role
from troth.vault import Erased, addendum, certificate
from troth.vault.farewell import Farewell
from troth.vault.keyring import EpochKind
from troth.vault.roll import Roll
from troth.vault.spares import Spares
from troth.vault.stages import Stage

OTHER = "+8613900139000"


@pytest.fixture
def safe(database, tmp_path):
    return Safe(database, tmp_path)


async def settled(house):
    while await house.troth.sequence():
        pass
    return (await house.http.get("/v1/ledger/head")).text


async def cancelled(owner):
    offer = await owner.done("POST", "/v1/me/cancel", {})
    return await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})


async def with_a_camera(house, owner, camera=CAMERA):
    maker = await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: camera[key] for key in ("serial", "model", "code")})
    device = await owner.done("POST", "/v1/me/devices", camera)
    for function in ("customer_flow", "store_guard"):
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    await owner.done("PUT", "/v1/me/store", SHOP)
    return device


async def signed_in(house, phone=PHONE):
    return await house.http.post("/v1/sessions", json={"login": phone, "password": PASSWORD})


async def entries(house, kind):
    async with house.troth._open() as tx:
        rows = await (
            await tx.conn.execute("SELECT body FROM ledger_entry WHERE kind = %s", (kind,))
        ).fetchall()
    return [json.loads(bytes(row[0])) for row in rows]


async def count(house, table, subject):
    async with house.troth._open() as tx:
        return await tx.value(f"SELECT count(*) FROM {table} WHERE subject = %(s)s", {"s": subject})  # noqa: S608


async def test_what_was_there_is_there_again_and_the_log_goes_on(safe, make_empty, tmp_path):
    async with safe.house() as house:
        owner = await house.owner()
        await with_a_camera(house, owner)
        before = await settled(house)
        taken = await safe.take(house)
        await house.owner(phone=OTHER)
        after = await settled(house)
        assert before != after
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert done.entries > 0
    assert (done.erased, done.taken_back) == (0, 0)
    async with safe.again(database, home, at) as house:
        for head in (before, after):
            assert isinstance(await house.troth.verify_ledger(head), Verified)
        [restored] = await entries(house, "restored")
        assert restored["details"]["outside"] == "known"
        owner.house = house
        assert (await owner.ask("GET", "/v1/me")).status_code == 401  # everybody signs in again
        answer = await signed_in(house)
        assert answer.status_code == 200
        owner.token = answer.json()["token"]
        copy = (await owner.ask("GET", "/v1/me/copy")).text
        assert PHONE in copy
        assert SHOP["store_name"] in copy
        assert (await signed_in(house, OTHER)).status_code == 401  # came after the backup
        await house.owner(phone=OTHER)  # and can come again
        now = await settled(house)
        assert isinstance(await house.troth.verify_ledger(now), Verified)


async def test_a_subject_erased_after_the_backup_stays_erased(safe, make_empty, tmp_path):
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        taken = await safe.take(house)
        await cancelled(owner)
        head = await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert (done.erased, done.taken_back) == (1, 0)  # nobody else is asked again
    async with safe.again(database, home, at) as house:
        assert (await signed_in(house)).status_code == 401
        assert (await signed_in(house, OTHER)).status_code == 200
        for table in (
            "vault_key",
            "document_wrap",
            "blind_index",
            "document",
            "act",
            "ledger_opening",
            "account",
        ):
            assert await count(house, table, owner.account) == 0, table
            assert await count(house, table, other.account) > 0 or table == "event_block", table
        assert isinstance(await house.troth.verify_ledger(head), Verified)
        while await house.troth.erase():
            pass
        async with house.troth._open() as tx:
            assert await tx.value("SELECT stage FROM erasure") >= 5
        assert [str(line.subject) for line in Roll(home / "erasures.log").read()] == [owner.account]


async def test_an_erasure_half_way_at_the_backup_goes_on(safe, make_empty, tmp_path):
    async with safe.house() as house:
        owner = await house.owner()
        link = (await cancelled(owner))["farewell"]
        taken_at = house.clock.at + timedelta(minutes=1)
        taken = await safe.take(house)  # refused; the epoch has not ended
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    await safe.restore(taken, database, home, at)
    async with safe.again(database, home, at) as house:
        while await house.troth.erase():
            pass
        shown = (await house.http.post("/v1/farewell", json={"farewell": link})).json()
        assert shown["stage"] == 5
        paper = certificate.verify(shown["certificate"], house.troth._system.signer.public)
        assert str(paper.subject) == owner.account
        assert paper.stages["planned"] < taken_at < paper.stages["unrecoverable"]


async def test_what_somebody_took_back_is_taken_back_by_everybody(safe, make_empty, tmp_path):
    async with safe.house() as house:
        maker = await house.staff(Role.MAKER)
        await maker.done(
            "POST", "/v1/maker/devices", {key: CAMERA[key] for key in ("serial", "model", "code")}
        )
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        await owner.done("POST", "/v1/me/devices", CAMERA)
        for one in (owner, other):
            for function in ("customer_flow", "store_guard"):
                await one.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
        await owner.done("PUT", "/v1/me/store", SHOP)
        taken = await safe.take(house)
        await owner.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
        head = await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at)
    assert done.taken_back == 2
    async with safe.again(database, home, at) as house:
        assert isinstance(await house.troth.verify_ledger(head), Verified)
        for person, phone in ((owner, PHONE), (other, OTHER)):
            person.house = house
            person.token = (await signed_in(house, phone)).json()["token"]
            functions = (await person.done("GET", "/v1/me"))["functions"]
            assert (functions["customer_flow"]["on"], functions["customer_flow"]["why"]) == (
                False,
                "withdrawn",
            )
        assert (await owner.done("GET", "/v1/me"))["functions"]["store_guard"]["on"] is True
        await owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
        assert (await owner.done("GET", "/v1/me"))["functions"]["customer_flow"]["on"] is True


async def test_without_what_lies_outside_nobody_has_agreed_to_anything(safe, make_empty, tmp_path):
    async with safe.house() as house:
        await house.owner()
        taken = await safe.take(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(taken, database, home, at, outside=False, lost=True)
    assert done.taken_back == 1
    async with safe.again(database, home, at) as house:
        [restored] = await entries(house, "restored")
        assert restored["details"]["outside"] == "lost"
        [ended] = await entries(house, "ended")
        assert ended["policy"] == "sunmi-camera"


async def test_the_epochs_of_the_backups_day_end_with_the_restore(safe, make_empty, tmp_path):
    async with safe.house() as house:
        await house.owner()
        day = house.troth._system.keyring.current(EpochKind.KEK)
        taken = await safe.take(house)
        await house.troth.rotate_keys()
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    await safe.restore(taken, database, home, at)
    async with safe.again(database, home, at) as house:
        keyring = house.troth._system.keyring
        assert keyring.epochs(EpochKind.KEK)[0] > day.number
        assert (await signed_in(house)).status_code == 200


async def test_an_erasure_waits_for_the_keys_of_a_backup_until_they_are_pruned(safe):
    """And where a prune is killed between the end of the keys and its note, the next one notes it."""
    async with safe.house() as house:
        owner = await house.owner()
        taken = await safe.take(house)
        await cancelled(owner)
        house.clock.advance(days=2)
        assert await house.troth.turn_epoch()
        await erased_as_far_as_it_goes(house)
        later = await safe.take(house)  # its keys never knew this person
        house.clock.advance(days=31)
        at, settings = house.clock.at, safe.settings()
        assert await erased_as_far_as_it_goes(house) == Stage.CERTIFIED
        before = at - timedelta(days=32)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Spares, "gone", killed)
            with pytest.raises(Killed):
                prune(settings, safe.data, safe.keys, before, at)
        assert await erased_as_far_as_it_goes(house) == Stage.CERTIFIED
        assert prune(settings, safe.data, safe.keys, before, at).names == (taken.name,)
        assert [one.name for one in Spares(safe.home / SPARES).left()] == [later.name]
        assert await erased_as_far_as_it_goes(house) == Stage.BACKUPS
        async with house.troth._open() as tx:
            signed = await tx.value("SELECT addendum FROM erasure")
        paper = addendum.verify(signed, house.troth._system.signer.public)
        assert str(paper.subject) == owner.account
        assert paper.horizon < paper.gone == at
        assert not taken.keys.exists()


async def test_a_backup_that_failed_leaves_no_copy_to_wait_for(safe, monkeypatch):
    async with safe.house() as house:
        monkeypatch.setattr(take.catalogue, "survey", killed)
        with pytest.raises(Killed):
            await safe.take(house)
    assert Spares(safe.home / SPARES).left() == ()


class Killed(Exception):
    pass


def killed(*_what):
    raise Killed


async def erased_as_far_as_it_goes(house):
    while await house.troth.erase():
        pass
    async with house.troth._open() as tx:
        return await tx.value("SELECT stage FROM erasure")


async def test_a_restored_system_waits_for_every_copy_of_the_keys_that_is_left(safe, make_empty, tmp_path):
    """The roll of copies comes back too: from the old folder, or as the backup itself holds it."""
    async with safe.house() as house:
        await house.owner()
        gone = await safe.take(house)
        house.clock.advance(days=31)
        prune(safe.settings(), safe.data, safe.keys, house.clock.at - timedelta(days=30), house.clock.at)
        taken = await safe.take(house)
        house.clock.advance(hours=1)
        later = await safe.take(house)
        at = house.clock.at
    assert not gone.keys.exists()
    for number, (outside, left) in enumerate(((True, {taken.name, later.name}), (False, {taken.name}))):
        if not outside:  # neither the old folder nor a later backup is there
            shutil.rmtree(later.data)
        home = tmp_path / f"again_{number}"
        await safe.restore(taken, make_empty(), home, at, outside=outside, lost=not outside)
        roll = Spares(home / SPARES)
        assert {one.name for one in roll.left()} == left
        assert roll.oldest(EpochKind.KEK) == 1


async def test_the_tail_keeps_what_the_oldest_backup_left_needs(safe, make_empty, tmp_path):
    tail = Tail(safe.home / TAIL)
    async with safe.house() as house:
        await house.owner()
        await settled(house)
        await safe.take(house)
        house.clock.advance(days=20)
        await house.owner(phone=OTHER)
        await settled(house)
        kept = await safe.take(house)
        whole = tail.after(0)
        house.clock.advance(days=11)
        await house.staff(Role.SUPPORT)
        head = await settled(house)
        at, elsewhere = house.clock.at, safe.folder / "elsewhere"
        before = at - timedelta(days=30)
        shutil.move(kept.data, elsewhere)  # a backup that this folder does not have
        prune(safe.settings(), safe.data, safe.keys, before, at)
        assert tail.after(0)[: len(whole)] == whole
        shutil.move(elsewhere, kept.data)
        prune(safe.settings(), safe.data, safe.keys, before, at)
        assert tail.after(0) == ()
        assert tail.after(kept.entries)[0].first == kept.entries
    database, home = make_empty(), tmp_path / "again"
    done = await safe.restore(kept, database, home, at)
    assert done.entries
    async with safe.again(database, home, at) as house:
        assert isinstance(await house.troth.verify_ledger(head), Verified)


async def test_media_comes_back_and_that_of_the_erased_does_not(safe, make_empty, tmp_path):
    whose = {}
    async with safe.house() as house, Bench(safe.database, safe.home) as bench:
        system = house.troth._system
        bench.clock.at, bench.media = house.clock.at, system.media
        for name in ("kept", "erased"):
            subject = await bench.subject()
            whose[name] = (
                subject,
                await upload(bench, subject, name.encode() * 1000, told={"type": "video/mp4"}),
            )
        taken = await safe.take(house)
        begun = await bench.begin(whose["erased"][0], Farewell())
        await bench.advance(begun.erasure)
        await settled(house)
        at = house.clock.at
    database, home = make_empty(), tmp_path / "again"
    await safe.restore(taken, database, home, at)
    assert len([one for one in (home / MEDIA).rglob("*") if one.is_file()]) == 1
    async with safe.again(database, home, at) as house, Bench(database, home) as bench:
        bench.clock.at, bench.media = at, house.troth._system.media
        assert await read(bench, *whose["kept"]) == b"kept" * 1000
        with pytest.raises(Erased):
            await read(bench, *whose["erased"])
