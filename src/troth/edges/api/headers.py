"""The headers that every answer carries, from the API and from the pages: one place, by what the answer is.

An answer that sets one of these itself keeps its own. Over TLS browsers are told never to come back without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

_EVERY: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": (
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
        b"display-capture=(), interest-cohort=()"
    ),
}
_DATA: Mapping[bytes, bytes] = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; sandbox",
}
_PAGE: Mapping[bytes, bytes] = {
    b"referrer-policy": b"same-origin",
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_STAYS: Mapping[bytes, bytes] = {b"strict-transport-security": b"max-age=31536000"}
"""Browsers heed it for names only, and only where they trust the certificate."""
_NOT_A_NAME = b"localhost"


class Headers:
    """Adds the house headers unless the answer set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = list(_dressed(scope, message.get("headers", [])))
            await send(message)

        await self._app(scope, receive, dressed)


def _dressed(scope: Scope, said: Iterable[Header]) -> Iterable[Header]:
    own = {name.lower(): value for name, value in said}
    house = dict(_EVERY) | dict(_PAGE if own.get(b"content-type", b"").startswith(b"text/html") else _DATA)
    if scope.get("scheme") == "https" and not _of(scope, b"host").startswith(_NOT_A_NAME):
        house |= _STAYS
    yield from said
    yield from ((name, value) for name, value in house.items() if name not in own)


def _of(scope: Scope, name: bytes) -> bytes:
    headers: Iterable[Header] = scope.get("headers", ())
    return next((value for each, value in headers if each == name), b"")
