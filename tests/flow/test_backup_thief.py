"""What opens for whoever has a backup: alone, with today's keys, with the keys of its day."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from tests.fakes.vault import Bench
from tests.flow.api_people import PHONE, SHOP
from tests.flow.backup_rig import Safe, copied, unseen
from tests.flow.test_backup_restore import OTHER, cancelled, with_a_camera
from troth.app.backup import restore as steps
from troth.app.backup.prune import prune
from troth.terms import SubjectId
from troth.vault import FolderKeyring, KeyDestroyed
from troth.vault.errors import Unsealable


@pytest.fixture
def safe(database, tmp_path):
    return Safe(database, tmp_path)


@asynccontextmanager
async def thief(database, folder):
    """Someone with the rows, and whatever keys lie in ``folder``."""
    async with Bench(database, folder) as bench:
        yield bench


async def opens(bench, account):
    """Whether what this account holds opens; whoever has stolen it all says of themselves that they may."""
    try:
        async with bench.tx() as tx:
            everything = bench.vault.everything(tx, bench.own(SubjectId(UUID(account))))
            seen = [json.dumps(one.value) async for one in everything]
    except (KeyDestroyed, Unsealable):
        return False
    assert any(phone in text for phone in (PHONE, OTHER) for text in seen)
    return True


async def test_what_opens_for_a_thief(safe, make_empty, tmp_path):
    async with safe.house() as house:
        erased, other = await house.owner(), await house.owner(phone=OTHER)
        await with_a_camera(house, erased)
        taken = await safe.take(house)
        await cancelled(erased)
        before_the_turn = copied(safe.home / "keyring", tmp_path / "refused" / "keyring")
        await house.troth.rotate_keys()
        today = copied(safe.home / "keyring", tmp_path / "today" / "keyring")
        now = house.clock.now()
    of_the_day = copied(taken.keys, tmp_path / "day" / "keyring")
    (of_the_day / "farewell").mkdir(mode=0o700)
    (of_the_day / "manifest.jws").unlink()

    # The backup alone: no value in any file of it.
    for file in taken.data.rglob("*"):
        text = file.read_bytes() if file.is_file() else b""
        for value in (PHONE, PHONE[1:], OTHER, SHOP["store_name"], SHOP["store_address"]):
            for form in (value.encode(), value.encode("utf-16-le"), value.encode().hex().encode()):
                assert form not in text, file

    database = make_empty()
    plan = await safe.check(taken, database, tmp_path / "loot")
    steps.begin(plan)
    await steps.load(plan, database.owner, unseen)
    opened = {}
    (tmp_path / "own").mkdir()
    FolderKeyring.create(tmp_path / "own" / "keyring")
    places = {
        "alone": tmp_path / "own",
        "today": today.parent,
        "refused": before_the_turn.parent,
        "day": of_the_day.parent,
    }
    for name, place in places.items():
        # The schema is there, the grants are not: a thief is their own superuser.
        async with thief(_As(database), place) as bench:
            opened[name] = (await opens(bench, erased.account), await opens(bench, other.account))
    assert opened == {
        "alone": (False, False),
        "today": (False, False),  # an epoch has ended: for the erased for good, and for all others with it
        "refused": (True, True),  # none has ended yet: the certificate says 'unrecoverable' only later
        "day": (True, True),  # what the horizon is for
    }
    prune(safe.settings(), safe.data, safe.keys, now, now)
    assert not taken.keys.exists()


class _As:
    """Ways in for a thief: the owner of the tables is whoever loaded them."""

    def __init__(self, database):
        self.app = self.owner = database.owner
