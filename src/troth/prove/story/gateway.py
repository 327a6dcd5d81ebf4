"""A stand-in for the maker's message gateway: takes what the outbox delivers and shows it to the story.

Listens on loopback, keeps messages in memory only.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_CODE = re.compile(r"\b(\d{6})\b")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a person: ``channel`` is sms or email, ``to`` the address, ``text`` what they read."""

    channel: str
    to: str
    text: str


class Gateway:
    """An HTTP server of one route. Use as an async context manager; `url` is where it listens."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/messages"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            told = json.loads(body)
            async with self._arrived:
                self._messages.append(Message(str(told["channel"]), str(told["to"]), str(told["text"])))
                self._arrived.notify_all()
            writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()

    async def code(self, to: str, *, but: int = 0, within_s: float = 30) -> str:
        """Wait for a verification code sent to ``to`` and return its six digits. Raises `TimeoutError`.

        ``but``: of those to ``to``, as many as were sent before.
        """

        def found(message: Message) -> str:
            digits = _CODE.search(message.text)
            return digits[1] if message.to == to and digits and len(self.to(to)) > but else ""

        return await self._newest(found, within_s)

    async def letter(self, to: str, words: Iterable[str], *, within_s: float = 30) -> str:
        """Wait for a letter to ``to`` with all these words and return its text. Raises `TimeoutError`."""
        wanted = tuple(words)

        def found(message: Message) -> str:
            fits = message.to == to and all(word in message.text for word in wanted)
            return message.text if fits else ""

        return await self._newest(found, within_s)

    async def _newest(self, found: Callable[[Message], str], within_s: float) -> str:
        def newest() -> str:
            return next((text for text in map(found, reversed(self._messages)) if text), "")

        async with asyncio.timeout(within_s), self._arrived:
            await self._arrived.wait_for(lambda: bool(newest()))
            return newest()

    def to(self, *addresses: str) -> tuple[Message, ...]:
        """Return what came for these addresses so far, the oldest first."""
        return tuple(message for message in self._messages if message.to in addresses)
