"""Letters as HTTP: each is handed to the maker's message gateway, which knows how to reach people.

One POST of ``{"channel", "to", "text"}``; any 2xx takes it over, anything else is tried again later. Nothing
of a letter is kept or logged here.
"""

from __future__ import annotations

from typing import Self

import httpx

from troth.subjects.senders import Channel, NotCarried

PATIENCE_S = 5.0


class Gateway:
    """A `troth.subjects.senders.Sender` at ``url``. Use as an async context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._client.aclose()

    async def send(self, channel: Channel, to: str, text: str) -> None:
        """Hand one letter over. Raises `NotCarried`."""
        letter = {"channel": channel.value, "to": to, "text": text}
        try:
            answer = await self._client.post(self._url, json=letter)
        except httpx.HTTPError:
            raise NotCarried from None
        if not answer.is_success:
            raise NotCarried
