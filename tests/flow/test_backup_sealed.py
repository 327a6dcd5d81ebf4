"""A keyring under a root, media in a bucket: through a backup, an erasure and a restore, and for a thief."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from uuid import UUID

import pytest

from tests.fakes import s3
from tests.flow.api_people import CAMERA, PHONE, Person
from tests.flow.backup_rig import Safe, copied
from tests.flow.test_backup_restore import OTHER, cancelled, settled, signed_in
from tests.flow.test_media_doors import filmed, get, stored
from troth.app.objects import opened
from troth.app.settings import Settings
from troth.vault import FolderKeyring
from troth.vault.errors import KeyringUnfit
from troth.vault.keyring import EpochKind

ROOT, ANOTHER = [base64.b64encode(bytes([n]) * 32).decode() for n in (7, 8)]
SECOND = CAMERA | {"serial": "SS-0002"}
NAMED = "TROTH_KEYRING_ROOT"


def objects_of(safe):
    return opened(Settings.from_environ({"TROTH_DATA": str(safe.home), **safe.more}).store)


async def in_bucket(safe, media):
    return bool(await objects_of(safe).segments(UUID(media)))


async def back(house, person, phone):
    return Person(house, person.account, (await signed_in(house, phone)).json()["token"], "")


async def test_a_sealed_keyring_and_a_bucket_come_through(database, make_empty, tmp_path, request):
    safe = Safe(database, tmp_path, {NAMED: ROOT} | await s3.settings(request))
    film = os.urandom(300_000)
    async with safe.house() as house:
        owner, _camera = await filmed(house)
        gone, _camera = await filmed(house, OTHER, SECOND)
        kept, theirs, dropped = [await stored(house, one.token, film) for one in (owner, gone, owner)]
        assert not (safe.home / "media").exists()
        taken = await safe.take(house)
        await cancelled(gone)
        await owner.done("DELETE", f"/v1/me/media/{dropped}")
        while await house.troth.sweep_media():
            pass
        assert [await in_bucket(safe, one) for one in (kept, theirs, dropped)] == [True, False, False]
        later = await stored(house, owner.token, film)
        await settled(house)
        await house.troth.rotate_keys()
        at = house.clock.at + timedelta(hours=1)

    # A thief of the keys that were laid apart has nothing without the root; nor with another.
    exported, root = copied(taken.keys, tmp_path / "loot"), base64.b64decode(ROOT)
    (exported / "farewell").mkdir(mode=0o700)
    for given in (None, base64.b64decode(ANOTHER)):
        with pytest.raises(KeyringUnfit, match=NAMED):
            FolderKeyring(exported, given).current(EpochKind.KEK)
    assert len(FolderKeyring(exported, root).current(EpochKind.KEK).key) == 32
    assert all(film[:32] not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

    for number, wrong in enumerate(({NAMED: ANOTHER}, {})):
        told = {name: value for name, value in safe.more.items() if name != NAMED} | wrong
        with pytest.raises(KeyringUnfit, match=NAMED):
            await Safe(database, tmp_path, told).restore(taken, make_empty(), tmp_path / f"no_{number}", at)

    home, elsewhere = tmp_path / "again", make_empty()
    done = await safe.restore(taken, elsewhere, home, at)
    assert done.erased == 1
    keyring = FolderKeyring(home / "keyring", root)
    assert keyring.epochs(EpochKind.KEK)[0] > 1  # the backup's day has ended
    async with safe.again(elsewhere, home, at) as house:
        again = await back(house, owner, PHONE)
        assert (await get(again, kept)).content == film
        assert (
            await get(again, later)
        ).status_code == 404  # came after the backup: its bytes open for nobody
        assert (await signed_in(house, OTHER)).status_code == 401
        assert (await get(again, dropped)).status_code == 404  # deleted since: deleted again
        assert (await get(again, theirs)).status_code == 404
        while await house.troth.erase():
            pass
        async with house.troth._open() as tx:
            assert await tx.value("SELECT stage FROM erasure") == 5
