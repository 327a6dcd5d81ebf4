"""Taking messages from a consumer: how many are asked for, what comes, and what the broker says instead."""

import json

import pytest

from troth.edges.devices import pull
from troth.edges.devices.pull import Lost, Pull


class Message:
    def __init__(self, data=b"", headers=None):
        self.data = data
        self.headers = headers


class Client:
    """A broker's client: `say` hands messages to whoever listens."""

    def __init__(self):
        self.asked = []

    def new_inbox(self):
        return "inbox"

    async def subscribe(self, subject, cb):
        assert subject == "inbox"
        self._cb = cb
        return self

    async def publish(self, subject, payload, reply):
        assert (subject, reply) == ("$JS.API.CONSUMER.MSG.NEXT.UP.ingest", "inbox")
        self.asked.append(json.loads(payload)["batch"])

    async def say(self, *messages):
        for message in messages:
            await self._cb(message)


@pytest.fixture
async def both():
    client = Client()
    pulling = Pull(client, "UP", "ingest")
    await pulling.open()
    return client, pulling


def over(unmet, status="408"):
    return Message(headers={"Status": status, "Nats-Pending-Messages": str(unmet)})


async def test_what_is_here_is_returned_at_once_and_no_more_than_asked(both):
    client, pulling = both
    await client.say(*[Message(bytes([n])) for n in range(5)])
    assert [one.data for one in await pulling.take(3, 1)] == [b"\0", b"\1", b"\2"]
    assert [one.data for one in await pulling.take(3, 1)] == [b"\3", b"\4"]


async def test_more_is_asked_for_when_less_than_half_is_to_come(both):
    client, pulling = both
    for come, asked in ((0, [10]), (2, [10]), (0, [10, 10]), (8, [10, 10]), (0, [10, 10, 10])):
        await client.say(*[Message()] * come)
        pulling.rest()
        await client.say(Message())
        await pulling.take(10, 1)
        assert client.asked == asked


async def test_a_request_that_ends_unmet_is_made_again(both, monkeypatch):
    client, pulling = both
    monkeypatch.setattr(pull, "_LATE_S", 0)
    with pytest.raises(TimeoutError):  # nobody answers
        await pulling.take(10, 0.01)
    await client.say(Message())
    await pulling.take(10, 1)
    await client.say(over(9))
    with pytest.raises(TimeoutError):
        await pulling.take(10, 0.01)
    assert client.asked == [10, 10, 10]


@pytest.mark.parametrize("status", ["409", "503"])
async def test_what_else_the_broker_says_ends_it(both, status):
    client, pulling = both
    await client.say(over(10, status))
    with pytest.raises(Lost):
        await pulling.take(10, 1)


async def test_what_is_here_at_the_end_is_not_lost(both):
    client, pulling = both
    await client.say(Message(b"a"), Message(b"b"))
    assert [one.data for one in pulling.rest()] == [b"a", b"b"]
    assert not pulling.rest()
