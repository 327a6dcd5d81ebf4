"""What the policy says is used and not kept is stored by no door, on whatever way it comes in."""

from dataclasses import replace
from uuid import uuid4

from tests.flow.api_people import CAMERA, POLICY, SHOP, open_house
from tests.flow.devices_rig import CROSSING, FLOW, Shop, crossing, shop
from troth.devices.batch import Batch, Sent
from troth.gate import Policies
from troth.subjects.asking import Asking
from troth.subjects.roles import Role
from troth.terms import PolicyName, Region, SubjectId, Verb

EMAIL = "email_address"


def keep_nothing(gate, *items):
    """Let the policy in force say so of these items, in every function."""
    one = gate.policies.current(POLICY)
    tables = {
        name: replace(table, unkept=table.items.keys() & {*items}) for name, table in one.functions.items()
    }
    gate.policies = Policies({PolicyName(POLICY): {one.policy.version: replace(one, functions=tables)}})


async def test_a_device_hands_in_what_is_not_kept_and_nothing_is_stored(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)

        async def send():
            batch = Batch(uuid4(), (crossing(owner.clock.now()),))
            (ack,) = await owner.door.ingest_each([Sent(bound.token, FLOW, batch)])
            return ack.stored, ack.dropped

        assert await send() == (1, 0)
        keep_nothing(owner.gate, CROSSING)
        assert await send() == (0, 1)
        assert len(await owner.stored()) == 1


async def test_identifiers_of_a_device_that_are_not_kept_are_not_stored(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        await owner.stock()
        keep_nothing(owner.gate, "mac_address")
        bound = await owner.bind()
        assert await held(owner) == {"device_model", "device_serial", "ip_address"}
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, bound.device)
        assert await held(owner) == set()


async def test_what_was_stored_before_goes_whole_when_it_is_no_longer_kept(database, tmp_path):
    async with shop(database, tmp_path) as owner:
        await owner.own()
        for serial in ("CAM-1", "CAM-2"):
            await owner.stock(serial)
        await owner.bind("CAM-1")
        second = await owner.bind("CAM-2")
        keep_nothing(owner.gate, "mac_address")
        async with owner.db.transaction() as tx:
            await owner.devices.unbind(tx, owner.subject, second.device)
        assert "mac_address" not in await held(owner)
        assert "device_serial" in await held(owner)


async def held(owner: Shop):
    items = owner.compiled.functions["bind"].items
    asking = Asking(SubjectId(owner.subject), PolicyName(POLICY), Region("CN"), owner.clock.now())
    async with owner.db.transaction() as tx:
        permit = await owner.gate.admit(tx, asking.by_right(Verb.USE, "bind", items))
        return {one.item async for one in owner.vault.everything(tx, permit)}


async def test_neither_people_nor_services_store_what_is_not_kept(database, tmp_path):
    async with open_house(database, tmp_path) as house:
        keep_nothing(house.troth._system.gate, EMAIL, "store_address")
        owner, service = await house.owner(email="owner@example.org"), await house.staff(Role.SERVICE)
        given = {"values": {EMAIL: {"value": "owner@example.org"}}}
        assert await owner.done("PUT", "/v1/me/functions/register/items", given) == {"stored": []}
        asked = {"subject": owner.account, "function": "register", "purpose": "complete_registration"}
        taken = await service.done("POST", "/v1/service/collect", asked | given)
        assert (taken["stored"], taken["dropped"]) == ([], [])
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await (await house.staff(Role.MAKER)).done("POST", "/v1/maker/devices", shelf)
        await owner.done("POST", "/v1/me/devices", CAMERA)
        await owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
        await owner.done("PUT", "/v1/me/store", SHOP)
        held = (await owner.done("GET", "/v1/me/records"))["functions"]
        stored = {item for items in held.values() for item in items}
        assert "store_name" in stored
        assert not stored & {EMAIL, "store_address"}
