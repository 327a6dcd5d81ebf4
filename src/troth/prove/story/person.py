"""A person (or a staff member, or the maker's line) at the HTTP API, with nothing but a token in hand."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

FORBIDDEN = 403
_PATIENCE_S = 30
_IDLE_S = 2
"""Shorter than the server keeps an idle connection: else a request may meet its closing."""
_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What people and devices here check a system with: they trust nobody until `trusting` names an authority."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said: the status, and the body if it was a JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the API did what was asked."""
        return self.status < httpx.codes.BAD_REQUEST

    @property
    def reason(self) -> str:
        """The reason of a refusal, or an empty text."""
        return str(self.body.get("reason") or "")

    @property
    def clause(self) -> str:
        """The clauses that decided a refusal, as one text."""
        return ", ".join(str(c) for c in self.body.get("clauses") or ())

    def require(self) -> Mapping[str, Any]:
        """Return the body; raises `RuntimeError` with the problem's title where the answer was a no."""
        if not self.ok:
            said = self.body.get("detail") or self.body.get("title") or ""
            raise RuntimeError(f"HTTP {self.status}: {said}")
        return self.body


def trusting(authority: Path) -> ssl.SSLContext:
    """Let everybody in this process check systems with ``authority`` as well; return what does it."""
    _TRUST.load_verify_locations(authority)
    return _TRUST


def line_to(base_url: str) -> httpx.AsyncClient:
    """Return a client for a system on this machine; its connections are kept open until it is closed."""
    limits = httpx.Limits(keepalive_expiry=_IDLE_S)
    return httpx.AsyncClient(
        base_url=base_url, timeout=_PATIENCE_S, trust_env=False, verify=_TRUST, limits=limits
    )


class Person:
    """Someone with an HTTP client. ``token`` is empty until they sign in.

    Nothing is kept open in between, unless a ``line`` is handed in, which many may share.
    """

    def __init__(self, base_url: str, token: str = "", line: httpx.AsyncClient | None = None) -> None:
        self._base_url = base_url
        self._line = line
        self.token = token

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[httpx.AsyncClient]:
        if self._line is not None:
            yield self._line
            return
        async with line_to(self._base_url) as client:
            yield client

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Send one request and return the answer, whatever it is."""
        async with self._client() as client:
            response = await client.request(method, path, json=body, headers=self._headers)
        kind = response.headers.get("content-type", "")
        said: Any = response.json() if "json" in kind and response.content else {}
        return Answer(response.status_code, said)

    async def upload(self, path: str, content: bytes, said: Mapping[str, str]) -> Answer:
        """Send bytes as they are, with these headers, and return the answer."""
        async with self._client() as client:
            response = await client.post(path, content=content, headers={**self._headers, **said})
        return Answer(response.status_code, response.json() if response.content else {})

    async def part(self, path: str, first: int, last: int) -> tuple[int, bytes]:
        """Return the status and the bytes from ``first`` to ``last`` of what lies there."""
        wanted = {"range": f"bytes={first}-{last}"}
        async with self._client() as client:
            response = await client.get(path, headers={**self._headers, **wanted})
        return response.status_code, response.content

    async def listed(self, path: str) -> list[Mapping[str, Any]]:
        """Return the objects of a route that answers with a list; none where it refuses."""
        async with self._client() as client:
            response = await client.get(path, headers=self._headers)
        return list(response.json()) if response.is_success else []

    async def lines(self, path: str) -> list[str]:
        """Return the lines of a streamed answer, in order."""
        async with self._client() as client, client.stream("GET", path, headers=self._headers) as response:
            response.raise_for_status()
            return [line async for line in response.aiter_lines() if line]
