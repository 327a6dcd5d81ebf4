"""Who is let in, with what rights, as the broker reads our answer. The broker itself is a flow test's."""

import asyncio
import base64
import json
from uuid import uuid4

import nkeys
import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.devices import Known, Refusal
from troth.edges.devices.callout import GOOD_FOR_S, Callout
from troth.edges.devices.claims import Issuer, Question, Rights, Unreadable, question
from troth.edges.devices.connections import Connections, Granted

SEED = nkeys.encode_seed(b"\1" * 32, nkeys.PREFIX_BYTE_ACCOUNT)
TOKEN, SECRET, SUBJECT, DEVICE = "a" * 32, "s" * 64, uuid4(), uuid4()
WALL = 1_772_442_000


def asked(**changed):
    fields = {
        "server": "NSERVER",
        "connection": 7,
        "nkey": "UUSER",
        "over": "mqtt",
        "username": TOKEN,
        "client_id": TOKEN,
        "secret": SECRET,
    }
    return Question(**{**fields, **changed})


def claims(answer):
    header, body, signature = answer.split(b".")

    def raw(part):
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))

    nkeys.from_seed(bytearray(SEED)).verify(header + b"." + body, raw(signature))
    assert json.loads(raw(header)) == {"typ": "JWT", "alg": "ed25519-nkey"}
    return json.loads(raw(body))


class Register:
    def __init__(self, said):
        self.said = said
        self.counted = []

    async def knows(self, token, secret):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said if (token, secret) == (TOKEN, SECRET) else Refusal.WRONG_SECRET

    async def turned_away(self, why):
        self.counted.append(why)


class System:
    """The broker's system account, as far as kicks go."""

    def __init__(self):
        self.kicked = []

    def new_inbox(self):
        return "_INBOX.x"

    async def publish(self, subject, body, reply=""):
        if subject.endswith(".KICK"):
            self.kicked.append((subject.split(".")[3], json.loads(body)["cid"]))

    async def subscribe(self, _inbox):
        return self

    async def next_msg(self, timeout):
        raise TimeoutError

    async def unsubscribe(self):
        pass


def answer(said, connections=None, **changed):
    register = Register(said)
    service = Callout(
        register,
        Issuer(SEED),
        connections or Connections(System()),
        account="TROTH",
        wall=lambda: WALL,
    )
    return claims(asyncio.run(service.answer(asked(**changed)))), register.counted


def known(*functions):
    return Known(SUBJECT, DEVICE, frozenset(functions))


def test_a_device_is_let_in_with_the_topics_of_its_functions_only():
    response, counted = answer(known("customer_flow"))
    assert (response["aud"], response["sub"]) == ("NSERVER", "UUSER")
    user = claims(response["nats"]["jwt"].encode())
    assert user["nats"]["pub"] == {"allow": [f"up.{TOKEN}.customer_flow"]}
    assert user["nats"]["sub"] == {"allow": [f"down.{TOKEN}.ack", f"down.{TOKEN}.cmd"]}
    assert user["nats"]["allowed_connection_types"] == ["MQTT"]
    assert (user["aud"], user["name"], user["exp"]) == ("TROTH", str(SUBJECT), WALL + GOOD_FOR_S)
    assert not counted


def test_a_device_without_a_function_may_publish_nothing():
    response, _ = answer(known())
    assert claims(response["nats"]["jwt"].encode())["nats"]["pub"] == {"deny": [">"]}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"client_id": "b" * 32}, Refusal.WRONG_CLIENT_ID),
        ({"username": "", "client_id": ""}, Refusal.ANONYMOUS),
        ({"over": "nats"}, Refusal.ANONYMOUS),
        ({"over": "websocket"}, Refusal.ANONYMOUS),
        ({"secret": "t" * 64}, Refusal.WRONG_SECRET),
        ({"username": "b" * 32, "client_id": "b" * 32}, Refusal.WRONG_SECRET),
    ],
)
def test_everyone_else_is_refused_without_a_reason_and_counted(changed, why):
    response, counted = answer(known("customer_flow"), **changed)
    assert response["nats"]["error"] == "refused"
    assert "jwt" not in response["nats"]
    assert counted == [why]


@pytest.mark.parametrize("error", [RuntimeError("planted"), OSError("planted"), TimeoutError()])
def test_an_error_while_deciding_refuses(error):
    response, _ = answer(error)
    assert response["nats"]["error"] == "refused"
    assert "planted" not in str(response)


@given(st.binary() | st.binary().map(lambda b: b"e." + base64.urlsafe_b64encode(b) + b".s"))
def test_an_unreadable_request_is_unreadable(raw):
    with pytest.raises(Unreadable):
        question(raw)


def test_the_secret_is_not_shown():
    assert SECRET not in repr(asked())
    assert Rights("u", "A", (), (), 1)


async def test_a_connection_is_kicked_when_it_was_granted_something_else():
    system = System()
    connections = Connections(system)
    await connections.grant(TOKEN, Granted(SUBJECT, "N", 7, frozenset({"a", "b"})), connections.mark())
    await connections.changed(SUBJECT, {TOKEN: frozenset({"a", "b"})})
    assert not system.kicked
    await connections.changed(SUBJECT, {TOKEN: frozenset({"a"})})
    assert system.kicked == [("N", 7)]
    await connections.changed(SUBJECT, {})
    assert system.kicked == [("N", 7)] * 2


async def test_a_change_during_the_answer_kicks_what_was_answered():
    system = System()
    connections = Connections(system)
    mark = connections.mark()  # the standing is read after this
    await connections.changed(SUBJECT, {})
    await connections.grant(TOKEN, Granted(SUBJECT, "N", 8, frozenset({"a"})), mark)
    assert system.kicked == [("N", 8)]
    await connections.grant(TOKEN, Granted(SUBJECT, "N", 9, frozenset()), connections.mark())
    assert system.kicked == [("N", 8)]
