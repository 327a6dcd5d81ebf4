"""The embedded broker over real processes: sealed store, who may speak, what it may write down."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import aiomqtt
import nats
import pytest
from nats.errors import Error as NatsError

from troth.app.embedded.nats import InUse, Nats
from troth.app.embedded.nats_config import KEY_VARIABLE, PREVIOUS, BrokerConfig, config_text, rotate
from troth.app.embedded.nats_log import worth_keeping
from troth.app.embedded.nats_store import NotEncrypted
from troth.app.places import Unusable
from troth.app.ports import PortInUse
from troth.app.supervisor import Supervisor

nkeys: Any = import_module("nkeys")
RIGHT = "right"
PATIENCE_S = 60  # a busy machine is late, not broken


@pytest.fixture
def short(scratch: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=scratch))


async def start_and_stop(server: Nats) -> None:
    async with Supervisor([server.child]):
        pass


@asynccontextmanager
async def connected(server: Nats, seed: Path, **more: Any):
    async def quiet(_error: Exception) -> None:
        pass

    nc = await nats.connect(server.url, nkeys_seed=str(seed), error_cb=quiet, connect_timeout=2, **more)
    try:
        yield nc
    finally:
        await nc.close()


async def messages(nc) -> int | None:
    """Return how many are in the stream, or None while nobody answers."""
    with suppress(NatsError):
        return (await nc.jetstream(timeout=0.2).stream_info("UP")).state.messages
    return None


def token(claims: dict[str, Any], seed: Path) -> str:
    """Sign as the callout does (a JWT of the nkey kind)."""
    pair = nkeys.from_seed(bytearray(seed.read_bytes().strip()))
    claims = {"jti": os.urandom(8).hex(), "iat": int(time.time()), "iss": pair.public_key.decode(), **claims}
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims)]
    head = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return head + "." + base64.urlsafe_b64encode(pair.sign(head.encode())).rstrip(b"=").decode()


@asynccontextmanager
async def callout(server: Nats):
    """Answer for devices: password "right" may publish to up/<name>/# and hear down/<name>/#."""

    async def answer(message: Any) -> None:
        padded = message.data.split(b".")[1] + b"==="
        asked = json.loads(base64.urlsafe_b64decode(padded))["nats"]
        name, key = asked["connect_opts"].get("user", ""), asked["user_nkey"]
        reply: dict[str, Any] = {"type": "authorization_response", "version": 2}
        if asked["connect_opts"].get("pass") == RIGHT:
            rights = {"pub": {"allow": [f"up.{name}.>"]}, "sub": {"allow": [f"down.{name}.>"]}}
            limits = {"subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2}
            user = {"sub": key, "aud": "TROTH", "name": name, "nats": {**rights, **limits}}
            reply["jwt"] = token(user, server.keys.issuer_seed)
        else:
            reply["error"] = "refused"
        response = {"sub": key, "aud": asked["server_id"]["id"], "nats": reply}
        await message.respond(token(response, server.keys.issuer_seed).encode())

    async with connected(server, server.keys.callout_seed) as nc:
        await nc.subscribe("$SYS.REQ.USER.AUTH", cb=answer)
        await nc.flush()
        yield


def device(server: Nats, name: str, password: str = RIGHT, timeout: float = 5) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1", server.mqtt_port, username=name, password=password, identifier=name, timeout=timeout
    )


def on_disk(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_what_is_in_the_stream_cannot_be_read_from_the_disk(short: Path):
    server = Nats(short / "nats", short / "keyring" / "broker")
    marker = b"lat=31.2304,lon=121.4737" * 200

    async def story():
        async with Supervisor([server.child]), connected(server, server.keys.worker_seed) as nc:
            js = nc.jetstream()
            await js.add_stream(name="UP", subjects=["up.>"])
            await js.publish("up.x", marker)
            assert (await js.get_last_msg("UP", "up.x")).data == marker
        async with Supervisor([server.child]), connected(server, server.keys.worker_seed) as nc:
            assert (await nc.jetstream().get_last_msg("UP", "up.x")).data == marker

    asyncio.run(story())
    assert sum(path.stat().st_size for path in (short / "nats").rglob("*.blk")) >= len(marker)
    assert on_disk(short / "nats", marker[:24]) == []


def test_it_leaves_processors_to_those_whom_it_serves(short: Path, monkeypatch):
    server = Nats(short / "store", short / "keyring")
    for there, share in ((None, "1"), (1, "1"), (2, "1"), (8, "4")):
        monkeypatch.setattr(os, "cpu_count", lambda there=there: there)
        assert server.child.environment["GOMAXPROCS"] == share


def test_the_key_is_nowhere_but_in_the_keyring(short: Path):
    server = Nats(short / "nats", short / "keyring" / "broker")
    asyncio.run(start_and_stop(server))
    key = server.keys.stream_key.read_bytes().strip()
    assert len(key) >= 64
    assert on_disk(short, key) == [server.keys.stream_key]
    for path in (short / "keyring").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", ["empty variable", "empty in the text", "no key line"])
def test_a_store_that_is_not_sealed_stops_the_start(short: Path, monkeypatch, how: str):
    server = Nats(short / "nats", short / "keyring" / "broker")

    def unsealed(config: BrokerConfig, keys: Any) -> str:
        text = config_text(config, keys)
        line = f"  key: ${KEY_VARIABLE}\n"
        assert line in text
        if how == "no key line":
            return text.replace(line, "").replace("  cipher: aes\n", "")
        return text.replace(line, '  key: ""\n') if how == "empty in the text" else text

    monkeypatch.setattr("troth.app.embedded.nats.config_text", unsealed)
    if how == "empty variable":
        server.keys.stream_key.write_text("")
    with pytest.raises(NotEncrypted, match="can be read without its key"):
        asyncio.run(start_and_stop(server))


def test_a_killed_broker_is_back_within_three_seconds_with_its_stream(short: Path):
    server = Nats(short / "nats", short / "keyring" / "broker")

    async def story():
        async with Supervisor([server.child]) as supervisor:
            options = {"reconnect_time_wait": 0.05, "max_reconnect_attempts": -1}
            async with connected(server, server.keys.worker_seed, **options) as nc:
                js = nc.jetstream()
                await js.add_stream(name="UP", subjects=["up.>"])
                for number in range(3):
                    await js.publish("up.x", str(number).encode())
                    pid = supervisor.health()[0].pid
                    assert pid is not None
                    os.kill(pid, 9)
                    async with asyncio.timeout(PATIENCE_S):
                        while (held := await messages(nc)) is None:
                            await asyncio.sleep(0.02)
                    assert held == number + 1

    asyncio.run(story())


def test_what_is_in_the_stream_outlives_its_key_and_is_sealed_with_the_next(short: Path):
    keyring = short / "keyring" / "broker"
    server = Nats(short / "nats", keyring)

    async def kept(*, first: bool = False) -> None:
        server = Nats(short / "nats", keyring)
        async with Supervisor([server.child]), connected(server, server.keys.worker_seed) as nc:
            js = nc.jetstream()
            if first:
                await js.add_stream(name="UP", subjects=["up.>"])
                await js.publish("up.x", b"from before")
            assert (await js.get_last_msg("UP", "up.x")).data == b"from before"

    asyncio.run(kept(first=True))
    old = server.keys.stream_key.read_bytes()
    rotate(keyring)
    asyncio.run(kept())
    assert not (keyring / PREVIOUS).exists()
    assert server.keys.stream_key.read_bytes() != old
    asyncio.run(kept())  # by the new key alone


async def knock(server: Nats, **credentials: str) -> str:
    """Speak the protocol by hand and return what the server says to the credentials."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    try:
        await reader.readline()
        asked = {"verbose": False, "pedantic": False, "protocol": 1, **credentials}
        writer.write(b"CONNECT " + json.dumps(asked).encode() + b"\r\nPING\r\n")
        return (await asyncio.wait_for(reader.readline(), 5)).decode().strip()
    finally:
        writer.close()
        await writer.wait_closed()


def test_nobody_gets_in_without_a_key_of_ours(nats_server: Nats):
    stranger = nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)))
    ours = {"nkey": nats_server.keys.worker, "sig": "AAAA"}  # a public key is not a key

    async def story():
        async with callout(nats_server):
            for credentials in (
                {},
                {"user": "worker", "pass": "x"},
                {"nkey": stranger.public_key.decode()},
                ours,
            ):
                assert "Authorization Violation" in await knock(nats_server, **credentials)

    asyncio.run(story())


def test_a_device_is_let_in_by_the_callout_and_only_to_its_own_topics(nats_server: Nats):
    async def story():
        async with callout(nats_server), connected(nats_server, nats_server.keys.worker_seed) as nc:
            heard = await nc.subscribe("up.>")
            await nc.flush()
            async with device(nats_server, "cam1") as camera:
                await camera.publish("up/cam2/flow", b"not mine", qos=1)
                await camera.publish("up/cam1/flow", b"mine", qos=1)
                assert (await heard.next_msg(2)).data == b"mine"
            with pytest.raises(aiomqtt.MqttError):
                await device(nats_server, "cam1", "wrong").__aenter__()

    asyncio.run(story())


def test_a_payload_of_64_kib_passes_and_a_larger_one_does_not(nats_server: Nats):
    async def story():
        async with callout(nats_server), connected(nats_server, nats_server.keys.worker_seed) as nc:
            heard = await nc.subscribe("up.>")
            await nc.flush()
            async with device(nats_server, "cam4") as camera:
                await camera.publish("up/cam4/flow", b"x" * 65536, qos=1)
                assert len((await heard.next_msg(2)).data) == 65536
            with suppress(aiomqtt.MqttError):
                async with device(nats_server, "cam5", timeout=0.5) as camera:
                    await camera.publish("up/cam5/flow", b"x" * 100_000, qos=1)
            with pytest.raises(NatsError):
                await heard.next_msg(0.3)

    asyncio.run(story())


def test_nothing_is_retained(nats_server: Nats):
    async def story():
        async with callout(nats_server), connected(nats_server, nats_server.keys.worker_seed) as nc:
            heard = await nc.subscribe("up.>")
            await nc.flush()
            async with device(nats_server, "cam6") as camera:
                await camera.publish("up/cam6/flow", b"for ever", qos=1, retain=True)
                assert (await heard.next_msg(2)).data == b"for ever"  # it is delivered, but not kept
            info = await nc.jetstream().stream_info("$MQTT_rmsgs")
            assert info.state.messages == 0

    asyncio.run(story())


def test_the_log_names_no_device_topic_or_address(short: Path):
    server = Nats(short / "nats", short / "keyring" / "broker")

    async def story():
        async with Supervisor([server.child]), callout(server):
            async with device(server, "cam7secret") as camera:
                await camera.publish("up/other/topicsecret", b"payloadsecret", qos=1)
                with suppress(aiomqtt.MqttError):
                    await camera.subscribe("down/other/#", qos=1)
                await camera.publish("up/cam7secret/f", b"payloadsecret", qos=1, retain=True)
            with pytest.raises(aiomqtt.MqttError):
                await device(server, "cam8secret", "wrong").__aenter__()

    asyncio.run(story())  # the server is gone, so its last word is written
    log = (short / "nats" / "nats.log").read_text()
    assert "Server is ready" in log
    assert "Server Exiting" in log
    assert "secret" not in log
    assert "mid:" not in log


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("[1] 2026/11/22 02:52:59.2 [INF] Server is ready", "INF Server is ready"),
        ("[1] 2026/11/22 02:52:59.2 [FTL] cannot bind", "FTL cannot bind"),
        (
            '[1] 2026/11/22 02:52:59.2 [ERR] 10.0.0.7:1 - mid:9 - "cam" - Publish Violation - Subject "up.x"',
            None,
        ),
        ("[1] 2026/11/22 02:52:59.2 [WRN] Auth callout service returned an error: x", None),
        ("nats-server: /x/nats.conf:3:1: unknown field", "nats-server: /x/nats.conf:3:1: unknown field"),
        ("goroutine 1 [running]:", None),
    ],
)
def test_only_events_of_the_server_are_written_down(line: str, kept: str | None):
    assert worth_keeping(line) == kept


@pytest.mark.parametrize(
    ("which", "variable"), [("nats_port", "TROTH_NATS_PORT"), ("mqtt_port", "TROTH_MQTT_PORT")]
)
def test_a_port_in_use_is_named_with_the_setting_that_changes_it(short: Path, which: str, variable: str):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port: int = other.getsockname()[1]
        ports: dict[str, int] = {which: port}
        with pytest.raises(
            PortInUse, match=rf"port {port} on 127\.0\.0\.1 is in use: .* choose another with {variable}"
        ):
            asyncio.run(start_and_stop(Nats(short / "nats", short / "keyring", **ports)))


def test_a_directory_in_use_is_refused(nats_server: Nats, monkeypatch):
    monkeypatch.setattr("troth.app.embedded.nats._OTHERS_GONE_S", 0.2)
    keyring = nats_server.keys.stream_key.parent
    with pytest.raises(InUse, match="is in use by another broker: stop it"):
        asyncio.run(start_and_stop(Nats(keyring.parents[1] / "nats", keyring)))


def test_two_brokers_run_side_by_side(short: Path, nats_server: Nats):
    other = Nats(short / "nats", short / "keyring")

    async def story():
        async with Supervisor([other.child]):
            async with connected(other, other.keys.worker_seed) as nc:
                assert nc.is_connected
            strange = {"nkey": other.keys.worker, "sig": "AAAA"}
            async with callout(nats_server):
                assert "Authorization Violation" in await knock(nats_server, **strange)

    asyncio.run(story())


def test_a_keyring_that_others_can_open_is_refused(short: Path):
    (short / "keyring").mkdir()
    (short / "keyring").chmod(0o750)
    with pytest.raises(Unusable, match=r"can be opened by others \(mode 0750\)"):
        Nats(short / "nats", short / "keyring")
