"""Sends calls: a `Client` waits for each answer, an `AsyncClient` is awaited.

Both say no by raising `Refused`; when nobody answers, by `httpx.TransportError`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx

from troth_client.call import Call

Answer = TypeVar("Answer")


class Refused(Exception):
    """A clear no (RFC 9457): ``status``, a ``detail`` in words and a ``reason`` to compare with.

    Where a clause decided, also ``clauses``, the stated ``effect`` and the ledger's ``entry``.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.reason: str = problem.get("reason", "")
        self.detail: str = problem.get("detail", "")
        self.clauses: tuple[str, ...] = tuple(problem.get("clauses", ()))
        self.effect: str | None = problem.get("effect")
        self.entry: str | None = problem.get("entry")
        super().__init__(f"{status} {self.reason}: {self.detail}")


class Client:
    """The API at ``url``, as whoever ``token`` belongs to: a session's, a service's, a device's.

    ``verify`` checks the server's certificate: `ssl.create_default_context(cafile=...)` for an authority of
    your own. ``timeout_s`` is how long an answer may take. ``transport`` stands in for the network in tests.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        verify: SSLContext | bool = True,
        timeout_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers=_headers(token), verify=verify, timeout=timeout_s, transport=transport
        )

    def signed_in(self, token: str) -> None:
        """Be the holder of ``token`` from now on."""
        self._http.headers.update(_headers(token))

    def send(self, call: Call[Answer]) -> Answer:
        """Send ``call`` and return its answer. Raises `Refused`."""
        return _read(call, self._http.send(_request(self._http, call)))

    @contextmanager
    def stream(self, call: Call[bytes]) -> Generator[httpx.Response]:
        """Yield the answer as it comes, such as a copy or a clip: see `httpx.Response.iter_bytes`."""
        answer = self._http.send(_request(self._http, call), stream=True)
        try:
            if answer.is_error:
                answer.read()
            yield _accepted(answer)
        finally:
            answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


class AsyncClient:
    """The same, for asyncio."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        verify: SSLContext | bool = True,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers=_headers(token), verify=verify, timeout=timeout_s, transport=transport
        )

    def signed_in(self, token: str) -> None:
        """Be the holder of ``token`` from now on."""
        self._http.headers.update(_headers(token))

    async def send(self, call: Call[Answer]) -> Answer:
        """Send ``call`` and return its answer. Raises `Refused`."""
        return _read(call, await self._http.send(_request(self._http, call)))

    @asynccontextmanager
    async def stream(self, call: Call[bytes]) -> AsyncGenerator[httpx.Response]:
        """Yield the answer as it comes: see `httpx.Response.aiter_bytes`."""
        answer = await self._http.send(_request(self._http, call), stream=True)
        try:
            if answer.is_error:
                await answer.aread()
            yield _accepted(answer)
        finally:
            await answer.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()


def _headers(token: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def _request(http: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
    told: dict[str, Any] = {
        "params": _given(call.query),
        "headers": {name: str(value) for name, value in _given(call.headers).items()},
    }
    if call.body is not None:
        told["json"] = _given(call.body)
    if call.content is not None:
        told["content"], told["headers"]["content-type"] = call.content
    return http.build_request(call.method, call.path, **told)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = cast("object", answer.json())
    except ValueError:
        problem = None
    told = (
        cast("Mapping[str, Any]", problem) if isinstance(problem, dict) else {"detail": answer.reason_phrase}
    )
    raise Refused(answer.status_code, told)


def _read(call: Call[Answer], answer: httpx.Response) -> Answer:
    _accepted(answer)
    if call.kind == "json":
        return cast("Answer", answer.json())
    if call.kind == "nothing":
        return cast("Answer", None)
    return cast("Answer", answer.text if call.kind == "text" else answer.content)
