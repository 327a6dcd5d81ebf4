"""Epochs end by themselves: within a day of a deletion no key is left that could open what was deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, House, open_house
from troth.subjects.roles import Role
from troth.vault.keyring import EpochKind

DAY = timedelta(days=1)


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


def epoch(house: House) -> int:
    keyring = house.troth._system.keyring
    assert len(keyring.epochs(EpochKind.KEK)) == 1
    return keyring.current(EpochKind.KEK).number


async def _ends_after_a_day(house: House) -> None:
    before = epoch(house)
    assert not await house.troth.turn_epoch()
    house.clock.at += DAY
    assert await house.troth.turn_epoch()
    assert epoch(house) > before
    assert not await house.troth.turn_epoch()  # once


async def test_an_epoch_without_deletions_goes_on(house: House):
    await house.owner()
    house.clock.at += 30 * DAY
    assert not await house.troth.turn_epoch()


async def test_an_epoch_ends_after_the_purge_of_who_never_confirmed(house: House):
    await house.http.post("/v1/accounts", json=await house.form())
    house.clock.at += timedelta(hours=1)
    assert await house.troth.purge()
    await _ends_after_a_day(house)


async def test_an_epoch_ends_after_a_device_was_given_up(house: House):
    owner, maker = await house.owner(), await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: CAMERA[key] for key in ("serial", "model", "code")})
    device = await owner.done("POST", "/v1/me/devices", CAMERA)
    await owner.done("DELETE", f"/v1/me/devices/{device['device']}")
    await _ends_after_a_day(house)


async def test_a_deletion_during_the_turn_waits_for_the_next(house: House, monkeypatch):
    await house.http.post("/v1/accounts", json=await house.form())
    house.clock.at += timedelta(hours=1)
    await house.troth.purge()
    house.clock.at += DAY
    keyring, system = house.troth._system.keyring, house.troth._system
    rotate = type(keyring).rotate

    def late(self, kind):
        noted.append(kind)
        return rotate(self, kind)

    noted: list[object] = []
    monkeypatch.setattr(type(keyring), "rotate", late)
    assert await house.troth.turn_epoch()
    assert noted
    async with system.db.transaction() as tx:
        await tx.run("INSERT INTO vault_deletion (at) VALUES (%(at)s)", {"at": house.clock.at})
    assert not await house.troth.turn_epoch()
    house.clock.at += DAY
    assert await house.troth.turn_epoch()
