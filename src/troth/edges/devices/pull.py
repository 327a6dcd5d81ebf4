"""Messages of a consumer as they come, as many at a time as there are.

A request for many is always with the broker, so that what comes meanwhile is here by the time it is asked
for. (The client's own fetch makes two tasks for every message: as much work as taking one in.) Decides
nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

_NANOS = 1_000_000_000
_LATE_S = 0.5
"""How long after its end the broker may take to say that a request has ended."""
_STATUS, _UNMET = "Status", "Nats-Pending-Messages"
_OVER = frozenset({"404", "408"})
"""The broker's words for: nothing is here, and: the time is over."""


class Lost(NatsError):
    """the broker ended this request: begin anew"""


class Pull:
    """One process's share of a consumer. Messages it was handed and never took come again."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._from = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._here: deque[Msg] = deque()
        self._to_come = 0
        self._lost = False
        self._news = asyncio.Event()

    async def open(self) -> None:
        """Listen; nothing is asked for yet."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._took)  # pyright: ignore[reportUnknownMemberType]

    async def close(self) -> None:
        """Ask for nothing more."""
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    async def take(self, most: int, patience_s: float) -> Sequence[Msg]:
        """Return what is here, up to ``most``; wait for the first. Raises `TimeoutError`, `Lost`."""
        if self._to_come <= most // 2:
            await self._ask(most, patience_s)
        if not (self._here or self._lost):
            self._news.clear()
            try:
                async with asyncio.timeout(patience_s + _LATE_S):
                    await self._news.wait()
            except TimeoutError:
                self._to_come = 0  # the request was lost on its way
                raise
        if self._lost:
            raise Lost(Lost.__doc__)
        if not self._here:
            raise TimeoutError
        return [self._here.popleft() for _ in range(min(most, len(self._here)))]

    def rest(self) -> Sequence[Msg]:
        """Return what is here already."""
        left = [*self._here]
        self._here.clear()
        return left

    async def _ask(self, most: int, patience_s: float) -> None:
        self._to_come += most
        wanted = {"batch": most, "expires": round(patience_s * _NANOS)}
        await self._client.publish(self._from, json.dumps(wanted).encode(), self._inbox)  # pyright: ignore[reportUnknownMemberType]

    async def _took(self, message: Msg) -> None:
        status = (message.headers or {}).get(_STATUS)
        if status is None:
            self._here.append(message)
            self._to_come -= 1
        else:
            self._to_come -= int((message.headers or {}).get(_UNMET, self._to_come))
            self._lost = self._lost or status not in _OVER
        self._news.set()
