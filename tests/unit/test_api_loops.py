"""The loops: nothing ends them, nothing turns them hot, and what failed is told by its class only."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from troth.edges.worker import loops
from troth.edges.worker.gateway import Gateway
from troth.edges.worker.loops import Chore, again_and_again
from troth.subjects.senders import Channel, NotCarried


class Scripted:
    """A chore that does what its script says; then it asks to stop."""

    def __init__(self, *script: int | Exception) -> None:
        self.stop = asyncio.Event()
        self._script = list(script)
        self.runs = 0

    async def run(self) -> int:
        self.runs += 1
        step = self._script.pop(0)
        if not self._script:
            self.stop.set()
        if isinstance(step, Exception):
            raise step
        return step


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []

    async def no_wait(waiting, seconds: float) -> None:
        waiting.close()
        found.append(seconds)
        await asyncio.sleep(0)
        raise TimeoutError

    monkeypatch.setattr(loops.asyncio, "wait_for", no_wait)
    return found


async def test_a_failing_chore_waits_longer_each_time_up_to_a_limit_and_recovers(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    failures = [RuntimeError("secret-value") for _ in range(8)]
    chore = Scripted(*failures, 0, 0)
    await again_and_again(Chore("it", chore.run, 0.1), chore.stop)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 0.1, 0.1]
    assert "secret-value" not in caplog.text
    assert [record.getMessage() for record in caplog.records] == [
        "it failed: RuntimeError; trying again",
        "it works again",
    ]


async def test_a_chore_that_did_something_goes_on_at_once_and_one_that_did_not_rests(
    pauses: list[float],
) -> None:
    chore = Scripted(5, 3, 0, 0)
    await again_and_again(Chore("it", chore.run, 0.1), chore.stop)
    assert chore.runs == 4
    assert pauses == [0.1, 0.1]


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500, None])
async def test_a_letter_is_carried_when_the_gateway_took_it(status: int | None) -> None:
    taken: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        taken.append(request.content)
        if status is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(status)

    async with Gateway("http://127.0.0.1:9/letters") as gateway:
        gateway._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        if status in (200, 204):
            await gateway.send(Channel.SMS, "+8613800138000", "your code")
            assert taken == [b'{"channel":"sms","to":"+8613800138000","text":"your code"}']
        else:
            with pytest.raises(NotCarried) as refused:
                await gateway.send(Channel.SMS, "+8613800138000", "your code")
            assert "138" not in str(refused.value)
