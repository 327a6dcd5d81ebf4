"""The device link on a real broker: who is let in, what arrives, what is refused, and how fast."""

import asyncio
import time
from uuid import uuid4

import aiomqtt
import pytest

from tests.flow.devices_rig import (
    CROSSING,
    FLOW,
    GUARD,
    MOTION,
    camera,
    crossing,
    linked,
    running,
    shop,
)
from troth.edges.devices import link, worker
from troth.edges.devices.stream import Limits
from troth.prove.simulator import payload
from troth.terms import ActKind, Reading

WITHIN_S = 1.0


async def refused(nats_server, **credentials):
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", nats_server.mqtt_port, timeout=4, **credentials):
            raise AssertionError("it was let in")


async def test_acknowledged_means_committed(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            batch = await device.send(FLOW, [crossing(owner.clock.now()) for _ in range(3)])
            (ack,) = await device.acked([batch])
            assert ack.figures == {"stored": 3, "duplicates": 0, "dropped": 0, "denied": 0}
            assert len(await owner.stored()) == 3
            assert not device.waiting


async def test_a_resent_batch_is_stored_once(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        readings = [crossing(owner.clock.now()) for _ in range(5)]
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            await device.acked([await device.send(FLOW, readings)])
            (again,) = await device.acked([await device.send(FLOW, readings)])
            assert again.figures["duplicates"] == 5
            assert len(await owner.stored()) == 5


async def test_strangers_are_turned_away_and_counted(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        token, secret = bound.token, bound.secret
        async with linked(owner, nats_server):
            await refused(nats_server)
            await refused(nats_server, username=token, password="0" * 64, identifier=token)
            await refused(nats_server, username=token, password=secret, identifier="another")
            unknown = uuid4().hex
            await refused(nats_server, username=unknown, password=secret, identifier=unknown)
            worker_key = nats_server.keys.worker
            await refused(nats_server, username=worker_key, password=secret, identifier=worker_key)
            counted = await owner.counted()
        reasons = {reason: n for (_, outcome, reason), n in counted.items() if outcome == "deny"}
        assert reasons == {"anonymous": 1, "wrong_secret": 1, "wrong_client_id": 1, "unknown_token": 2}


async def test_the_topic_of_a_function_not_chosen_is_refused_by_the_broker(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            motion = Reading(uuid4(), MOTION, owner.clock.now(), {})
            lost = await device.send(GUARD, [motion])
            elsewhere = payload(uuid4(), [crossing(owner.clock.now())])
            await device.send_raw("customer_flow/extra", elsewhere)
            await device.acked([await device.send(FLOW, [crossing(owner.clock.now())])])
            assert lost in device.waiting
            js = owner.bus.jetstream()
            assert (await js.stream_info("UP")).state.last_seq == 1


async def test_a_device_hears_nothing_of_another(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        await owner.stock("CAM-2")
        other = await owner.bind("CAM-2")
        async with (
            linked(owner, nats_server),
            aiomqtt.Client(
                "127.0.0.1",
                nats_server.mqtt_port,
                username=other.token,
                password=other.secret,
                identifier=other.token,
            ) as spy,
        ):
            # 128: the broker's answer to a subscription that it does not grant
            for topic in ("#", f"down/{bound.token}/ack", "up/#", "$SYS/#"):
                assert [int(str(getattr(c, "value", c))) for c in await spy.subscribe(topic)] == [128]


async def test_withdrawn_is_kicked_and_refused_within_a_second(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW, GUARD)
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            await device.acked([await device.send(FLOW, [crossing(owner.clock.now())])])
            owner.clock.pass_(minutes=1)
            begun = time.monotonic()
            await owner.act(ActKind.WITHDRAWN, function=FLOW)
            await device.let_in(2)
            assert time.monotonic() - begun < WITHIN_S
            before = (await owner.bus.jetstream().stream_info("UP")).state.last_seq
            lost = await device.send(FLOW, [crossing(owner.clock.now())])
            motion = Reading(uuid4(), MOTION, owner.clock.now(), {})
            (ack,) = await device.acked([await device.send(GUARD, [motion])])
            assert ack.figures["stored"] == 1
            assert lost in device.waiting
            assert (await owner.bus.jetstream().stream_info("UP")).state.last_seq == before + 1


async def test_what_sits_in_the_stream_at_a_withdrawal_is_dropped(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with linked(owner, nats_server, workers=0) as way, camera(bound, nats_server) as device:
            limits = Limits(ack_wait_s=1)
            async with running(worker.serve, owner.door, way, limits=limits):
                await device.acked([await device.send(FLOW, [crossing(owner.clock.now())])])
            owner.clock.pass_(minutes=1)
            waiting = await device.send(FLOW, [crossing(owner.clock.now())])
            async with asyncio.timeout(5):
                while (await owner.bus.jetstream().stream_info("UP")).state.messages == 0:
                    await asyncio.sleep(0.02)
            await owner.act(ActKind.WITHDRAWN, function=FLOW)
            await device.let_in(2)
            async with running(worker.serve, owner.door, way, limits=limits):
                (ack,) = await device.acked([waiting])
            assert ack.figures["denied"] == 1
        await owner.act(ActKind.CHOSEN, function=FLOW)
        assert len(await owner.stored()) == 1


async def test_a_function_chosen_later_opens_its_topic(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready()
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            await device.let_in()
            await owner.choose(FLOW)
            batch = await device.send(FLOW, [crossing(owner.clock.now())])
            (ack,) = await device.acked([batch])
            assert ack.figures["stored"] == 1


async def test_a_released_device_is_kicked_and_turned_away(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            await device.let_in()
            async with owner.db.transaction() as tx:
                await owner.devices.unbind(tx, owner.subject, bound.device)
            await owner.act(ActKind.SHOWN)  # any act: it tells the bus
            await device.turned_away()
            assert not device.online


async def test_a_connection_that_an_earlier_link_let_in_is_kicked_too(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with camera(bound, nats_server) as device:
            async with linked(owner, nats_server, workers=0):
                await device.let_in()
            async with linked(owner, nats_server, workers=0):
                assert device.connected == 1
                await owner.act(ActKind.WITHDRAWN, function=FLOW)
                await device.let_in(2)


async def test_links_side_by_side_know_of_each_other(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        async with (
            linked(owner, nats_server) as way,
            running(link.serve, owner.door, way),
            camera(bound, nats_server) as device,
        ):
            await device.acked([await device.send(FLOW, [crossing(owner.clock.now())])])
            await owner.act(ActKind.SUPPLIED, need="cash_register")  # changes nothing for the camera
            owner.clock.pass_(minutes=1)
            await owner.act(ActKind.WITHDRAWN, function=FLOW)
            await device.let_in(2)
            assert device.connected == 2


async def test_bad_messages_are_counted_and_the_worker_lives_on(database, nats_server, tmp_path):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        now = owner.clock.now()
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            await device.let_in()
            told = uuid4()
            naive = payload(told, [crossing(now)]).replace(b"+00:00", b"")
            await device.send_raw(FLOW, naive, told)
            for bad in (b"", b"\xff\xfe", b"{}", b"[1]", b"x" * 65 * 1024, payload(uuid4(), [])):
                await device.send_raw(FLOW, bad)
            batch = await device.send(FLOW, [crossing(now)])
            (ack, said) = await device.acked([batch, told])
            assert ack.figures["stored"] == 1
            assert said.refused == "naive_time"
            assert sorted(device.unread) == ["not_json", "not_json", "oversized", *["wrong_shape"] * 2]
            counted = await owner.counted()
        reasons = {reason: n for (_, outcome, reason), n in counted.items() if outcome == "deny"}
        assert reasons == {"naive_time": 1, "not_json": 2, "wrong_shape": 3, "oversized": 1}


async def test_an_undeclared_item_is_dropped_and_counted_and_the_rest_is_stored(
    database, nats_server, tmp_path
):
    async with shop(database, tmp_path) as owner:
        bound = await owner.ready(FLOW)
        now = owner.clock.now()
        strange = Reading(uuid4(), "face_feature", now, {"vector": [1, 2]})
        async with linked(owner, nats_server), camera(bound, nats_server) as device:
            (ack,) = await device.acked([await device.send(FLOW, [crossing(now), strange])])
            assert ack.figures == {"stored": 1, "duplicates": 0, "dropped": 1, "denied": 0}
            (ack,) = await device.acked([await device.send(FLOW, [strange])])
            assert ack.figures == {"stored": 0, "duplicates": 0, "dropped": 1, "denied": 0}
        counted = await owner.counted()
        assert counted[FLOW, "deny", "item_undeclared"] == 2
        assert {reading.item for reading in await owner.stored()} == {CROSSING}
