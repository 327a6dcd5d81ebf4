"""One reading corrected or deleted by its person: by HTTP, on record in ids, told to whoever was given it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.flow.api_people import open_house
from tests.flow.test_backup_restore import OTHER, settled, with_a_camera
from troth import ledger
from troth.devices.batch import Batch
from troth.ledger import EntryKind, NewEntry
from troth.ledger.receipts import verify_receipt
from troth.subjects.senders import Channel
from troth.terms import FunctionName, ItemName, PolicyName, Reading, SubjectId

GUARD = FunctionName("store_guard")
AT = f"/v1/me/functions/{GUARD}/readings"


def motion(at, zone):
    return Reading(uuid4(), ItemName("motion_event"), at, {"zone": zone})


async def send(house, token, *readings):
    return await house.troth.door.ingest(token, GUARD, Batch(uuid4(), readings))


async def seen(owner):
    """Return zones by reading, as the owner is shown them."""
    shown = await owner.done("GET", f"{AT}?day={owner.house.clock.at.date()}")
    assert shown["times"] == len(shown["readings"])
    return {one["reading"]: one["value"]["zone"] for one in shown["readings"]}


async def shared(house, owner):
    """Let something of the function have gone to someone."""
    at, subject = house.clock.now(), SubjectId(UUID(owner.account))
    about = {"policy": PolicyName("sunmi-camera"), "version": 1, "function": GUARD, "subject": subject}
    async with house.troth._open() as tx:
        details = {"recipient": "agent"}
        await ledger.append(tx, NewEntry(kind=EntryKind.SHARED, at=at, details=details, **about))


@pytest.fixture
async def house(database, tmp_path):
    async with open_house(database, tmp_path) as one:
        yield one


@pytest.fixture
async def owner(house):
    one = await house.owner()
    one.device = await with_a_camera(house, one)
    house.clock.advance(minutes=1)
    return one


async def test_a_reading_is_corrected_and_another_deleted_and_the_rest_stays(house, owner, database):
    sent = [motion(house.clock.now() - timedelta(seconds=n), zone) for n, zone in enumerate("abc")]
    assert (await send(house, owner.device["token"], *sent)).stored == 3
    first, wrong, gone = (str(one.id) for one in sent)
    assert await seen(owner) == {first: "a", wrong: "b", gone: "c"}
    await shared(house, owner)
    corrected = await owner.done("PUT", f"{AT}/{wrong}", {"value": {"zone": "mended"}})
    deleted = await owner.done("DELETE", f"{AT}/{gone}")
    assert await seen(owner) == {first: "a", wrong: "mended"}
    assert (await send(house, owner.device["token"], sent[2])).stored == 0  # a late resend
    assert await seen(owner) == {first: "a", wrong: "mended"}

    await settled(house)
    key = await house.troth.ledger_keys()
    said = [verify_receipt(one["receipt"], key).kind for one in (corrected, deleted)]
    assert said == ["corrected", "deleted"]
    listed = {one["kind"] for one in await owner.done("GET", "/v1/me/receipts")}
    assert {"corrected", "deleted"} <= listed
    with psycopg.connect(database.owner) as conn:
        bodies = [bytes(row[0]).decode() for row in conn.execute("SELECT body FROM ledger_entry")]
    for one in (first, wrong, gone):
        assert not any(one in body for body in bodies)  # a device chose it

    await house.troth.deliver(house.letters)
    told = [json.loads(one.text) for one in house.letters.carried if one.channel is Channel.RECIPIENT]
    whose = {"function": GUARD}
    assert told == [
        {"correct": owner.account, "reading": wrong} | whose,
        {"delete": owner.account, "reading": gone} | whose,
    ]


async def test_nobody_touches_anothers_reading_or_one_that_is_not_there(house, owner):
    one = motion(house.clock.now(), "a")
    assert (await send(house, owner.device["token"], one)).stored == 1
    other = await house.owner(phone=OTHER)
    for who, reading in ((other, one.id), (owner, uuid4())):
        gone = await who.ask("DELETE", f"{AT}/{reading}")
        assert (gone.status_code, gone.json()["reason"]) == (404, "nothing_on_file")
        put = await who.ask("PUT", f"{AT}/{reading}", {"value": {"zone": "b"}})
        assert (put.status_code, put.json()["reason"]) == (404, "nothing_on_file")
    unfit = await owner.ask("PUT", f"{AT}/{one.id}", {"value": {"zone": {"of": "another kind"}}})
    assert (unfit.status_code, unfit.json()["reason"]) == (403, "item_malformed")
    nowhere = await owner.ask("DELETE", f"/v1/me/functions/no_such_function/readings/{one.id}")
    assert nowhere.status_code == 403
    assert await seen(owner) == {str(one.id): "a"}
