"""A backup that is damaged, of another deployment or too new is refused before anything is changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import msgspec
import psycopg
import pytest

from tests.flow.backup_rig import Safe, copied, spoil, unseen
from troth.app.backup import keys as exported
from troth.app.backup import prune, take
from troth.app.backup import restore as steps
from troth.app.backup.bundle import LIST, SIGNED, Draft
from troth.app.backup.catalogue import Migration
from troth.app.backup.errors import BadBackup, KeysMissing, NotApart, NotEmpty, OutsideUnknown
from troth.app.backup.take import Taken
from troth.ledger.signing import Signer
from troth.main.running import running
from troth.terms import TrothError


@pytest.fixture
def safe(database, tmp_path):
    return Safe(database, tmp_path)


def table(data, _keys):
    spoil(data / "tables" / "subject")


def gone(data, _keys):
    (data / "tables" / "act").unlink()


def more(data, _keys):
    (data / "tables" / "stranger").write_bytes(b"x")


def listed(data, _keys):
    spoil(data / LIST)


def signature(data, _keys):
    spoil(data / SIGNED)


def unsigned(data, _keys):
    (data / SIGNED).unlink()


def roll(data, _keys):
    (data / "ledger.tail").write_bytes(b"")


def a_key(_data, keys):
    spoil(next((keys / "kek").iterdir()))


def no_key(_data, keys):
    next((keys / "index").iterdir()).unlink()


def signing_key(_data, keys):
    spoil(keys / "sign" / "ledger.pem")


DAMAGE = (table, gone, more, listed, signature, unsigned, roll, a_key, no_key, signing_key)


def changed(folder, into, signer, said):
    """Sign the backup again, saying something else; return its folder."""
    said = dict(said)
    old = json.loads((folder / "catalogue.json").read_text())
    draft = Draft(into, folder.name)
    migrations = [Migration(**one) for one in old["migrations"]]
    if said.pop("newer", False):
        migrations.append(Migration("9999_tomorrow.sql", "00" * 32))
    if said.pop("other", False):
        migrations[0] = replace_digest(migrations[0])
    with draft.part("catalogue.json") as sink:
        sink.write(msgspec.json.encode(old | {"migrations": migrations}))
    for file in sorted((folder / "tables").iterdir()):
        draft.copy(f"tables/{file.name}", file)
    return draft.finish(signer, take.KIND, said)


def replace_digest(one):
    return Migration(one.name, "11" * 32)


async def test_what_is_damaged_is_refused_before_anything_is_changed(safe, make_empty, tmp_path):
    async with safe.house() as house:
        await house.owner()
        await house.troth.sequence()
        taken = await safe.take(house)
        said = dict(steps.Bundle.read(taken.data, house.troth._system.signer.public, take.KIND).said)
    database, home = make_empty(), tmp_path / "again"

    async def refused(wanted, kind=TrothError, settings=None):
        with pytest.raises(kind) as found:
            await steps.checked(settings or safe.settings(database, home), wanted, unseen)
        sentence = str(found.value)
        assert sentence
        assert "\n" not in sentence
        assert not home.exists()
        with psycopg.connect(database.owner) as conn:
            assert conn.execute("SELECT count(*) FROM pg_class WHERE relname = 'subject'").fetchone() == (0,)
        return sentence

    whole = safe.wanted(taken)
    seen = set()
    for n, harm in enumerate(DAMAGE):
        folder, keyfolder = tmp_path / f"d{n}", tmp_path / f"k{n}"
        bad = replace(whole, data=copied(taken.data, folder / taken.name), keys=copied(taken.keys, keyfolder))
        harm(bad.data, bad.keys)
        seen.add(await refused(bad))
    assert len(seen) == len(DAMAGE)

    signer = Signer.load(safe.home / "keyring" / "sign", "troth/troth")
    for n, other in enumerate(({"newer": True}, {"other": True}, {"deployment": "elsewhere"})):
        folder = changed(taken.data, tmp_path / f"s{n}", signer, said | other)
        sentence = await refused(replace(whole, data=folder))
        assert any(word in sentence for word in ("newer", "migration", "elsewhere"))

    stranger = Signer.load(tmp_path / "stranger", "troth/troth")
    folder = changed(taken.data, tmp_path / "by-a-stranger", stranger, said)
    assert "deployment" in await refused(replace(whole, data=folder))

    await refused(replace(whole, outside=()), OutsideUnknown)
    (wrong := tmp_path / "some-other-folder").mkdir()
    assert "no ledger.tail" in await refused(replace(whole, outside=(wrong,)), OutsideUnknown)
    assert "no ledger.tail" in await refused(replace(whole, outside=(*whole.outside, wrong)), OutsideUnknown)
    (wrong / "erasures.log").touch()  # half of what is needed
    assert "--outside-lost" in await refused(replace(whole, outside=(wrong,)), OutsideUnknown)
    await refused(replace(whole, data=tmp_path / "nowhere"))
    await refused(replace(whole, keys=tmp_path / "nowhere"))
    await refused(whole, NotEmpty, safe.settings(safe.database, home))  # that database holds a system
    assert "--keys" in await refused(replace(whole, keys=None))
    # And the whole one, with the same words, is not refused; nor where one was killed at its first word.
    home.mkdir(exist_ok=True)
    (home / ".restoring.json.4711").touch()
    plan = await steps.checked(safe.settings(database, home), whole, unseen)
    assert plan.name == taken.name


async def test_a_folder_that_holds_a_system_is_not_restored_into(safe, make_empty):
    async with safe.house() as house:
        await house.owner()
        await house.troth.sequence()
        taken = await safe.take(house)
        with pytest.raises(NotEmpty, match="holds a system"):
            await safe.check(taken, make_empty(), safe.home)
        with pytest.raises(NotEmpty, match="holds tables"):
            await safe.check(taken, safe.database, safe.folder / "fresh")


async def test_a_restore_that_was_cut_short_is_not_served(safe, make_empty, tmp_path):
    async with safe.house() as house:
        taken = await safe.take(house)
    database, home = make_empty(), tmp_path / "again"
    plan = await safe.check(taken, database, home)
    steps.begin(plan)
    with pytest.raises(NotEmpty, match="cut short"):
        async with running(safe.settings(database, home), say=unseen):
            pass
    again = await safe.check(taken, database, home)
    assert again.mark == plan.mark


async def test_data_and_keys_lie_apart(safe):
    settings = safe.settings()
    for data, keys in (
        (safe.data, safe.data),
        (safe.data, safe.data / "keys"),
        (safe.keys / "data", safe.keys),
        (safe.home, safe.keys),
        (safe.data, safe.home / "keyring"),
        (safe.data, safe.home / "keys"),
    ):
        with pytest.raises(NotApart):
            take.apart(data, keys, settings)
    safe.data.mkdir()
    (safe.folder / "link").symlink_to(safe.data)
    with pytest.raises(NotApart):
        take.apart(safe.data, safe.folder / "link", settings)
    take.apart(safe.data, safe.keys, settings)


async def test_beyond_the_horizon_backup_and_keys_are_gone(safe, make_empty, tmp_path):
    async with safe.house() as house:
        await house.owner()
        await house.troth.sequence()
        old = await safe.take(house)
        thief = copied(safe.data / old.name, tmp_path / "stolen" / old.name)  # of data alone
        every = [one for versions in house.troth._system.policies.values() for one in versions.values()]
        house.clock.advance(days=29)
        before = prune.horizon(every, house.clock.now(), None)
        assert prune.prune(safe.settings(), safe.data, safe.keys, before, before).names == ()
        await house.troth.rotate_keys()
        new = await safe.take(house)
        house.clock.advance(days=2)
        before = prune.horizon(every, house.clock.now(), None)
        assert prune.prune(safe.settings(), safe.data, safe.keys, before, before).names == (old.name,)
        with pytest.raises(prune.TooLong, match="30 or less"):
            prune.horizon(every, house.clock.now(), timedelta(days=31))
        with pytest.raises(prune.NoHorizon):
            prune.horizon((), house.clock.now(), None)
    assert (
        [one.name for one in safe.data.iterdir()] == [one.name for one in safe.keys.iterdir()] == [new.name]
    )
    stolen = Taken(old.name, thief, safe.keys, 0, 0)
    with pytest.raises(BadBackup, match="are not in"):
        await safe.check(stolen, make_empty(), tmp_path / "again")
    shutil.copytree(safe.home / "keyring", tmp_path / "again" / "keyring")  # today's keys
    with pytest.raises(KeysMissing, match="horizon"):
        await safe.check(stolen, make_empty(), tmp_path / "again", keys=False)
    assert exported.marks(tmp_path / "again" / "keyring")
