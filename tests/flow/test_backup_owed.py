"""After a restore what was taken back is owed its deletion again; it stays where its person says yes."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.api_people import CAMERA, PHONE
from tests.flow.backup_rig import Safe
from tests.flow.test_backup_restore import OTHER, settled, signed_in, with_a_camera
from tests.flow.test_records import NEEDED
from troth.subjects.roles import Role
from troth.vault import closing

MEMBER = "+8613700137000"
SECOND = CAMERA | {"serial": "SS-0002", "mac": "02:00:5e:00:53:02"}
FLOW, GUARD, BIND = "sunmi-camera/customer_flow", "sunmi-camera/store_guard", "sunmi-camera/bind"


async def wraps(house, person, function):
    query = "SELECT count(*) FROM document_wrap WHERE subject = %(s)s AND function = %(f)s"
    async with house.troth._open() as tx:
        return await tx.value(query, {"s": person.account, "f": function})


async def due(house, person):
    """Return what of this person is due as a whole, and whether that is presumed."""
    query = "SELECT function, presumed FROM retention_due WHERE subject = %(s)s AND record = %(r)s ORDER BY 1"
    async with house.troth._open() as tx:
        found = await tx.conn.execute(query, {"s": person.account, "r": closing.EVERYTHING})
        return [tuple(row) for row in await found.fetchall()]


async def back(house, person, phone):
    person.house = house
    person.token = (await signed_in(house, phone)).json()["token"]


async def everything_over(house):
    while await house.troth.retain():
        pass


async def test_who_says_nothing_loses_it_and_who_says_yes_keeps_it(database, make_empty, tmp_path):
    safe = Safe(database, tmp_path)
    async with safe.house() as house:
        owner, other = await house.owner(), await house.owner(phone=OTHER)
        member = await house.owner(phone=MEMBER, policy="kaiconn", items=NEEDED)
        await with_a_camera(house, owner)
        await with_a_camera(house, other, SECOND)
        taken = await safe.take(house)
        await owner.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
        (camera,) = (await owner.done("GET", "/v1/me"))["devices"]
        await owner.done("DELETE", f"/v1/me/devices/{camera['device']}")
        privacy = await house.staff(Role.PRIVACY)
        ending = house.clock.at + timedelta(days=3)
        body = {"policy": "kaiconn", "functions": ["register"], "at": ending.isoformat()}
        await privacy.done("POST", "/v1/staff/endings", body)
        await settled(house)
        at = house.clock.at + timedelta(hours=1)
    database, home = make_empty(), tmp_path / "again"
    await safe.restore(taken, database, home, at)
    async with safe.again(database, home, at) as house:
        # A device that was given up was given up by its owner alone: its identifiers are gone at once.
        assert await wraps(house, owner, BIND) == 0
        async with house.troth._open() as tx:
            assert await tx.value("SELECT at FROM function_ending WHERE policy = 'kaiconn'") == ending
        assert await due(house, member) == [("kaiconn/register", False)]
        assert await due(house, owner) == await due(house, other) == [(FLOW, True)]
        await everything_over(house)
        assert await wraps(house, owner, FLOW) == await wraps(house, other, FLOW) > 0
        await back(house, other, OTHER)
        await other.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
        assert await due(house, other) == []
        house.clock.advance(days=31)
        await everything_over(house)
        assert await wraps(house, owner, FLOW) == 0
        assert await wraps(house, other, FLOW) > 0
        assert await wraps(house, owner, GUARD) > 0  # nobody took that back
        # Taken back once more, it is over at once: that is known, and not presumed.
        await back(house, other, OTHER)
        await other.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
        await everything_over(house)
        assert await wraps(house, other, FLOW) == 0
        await back(house, owner, PHONE)
        await owner.done("POST", "/v1/me/devices", CAMERA)  # and the device can be bound again
