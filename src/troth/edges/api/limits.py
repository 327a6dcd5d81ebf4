"""What holds for every request: how large its body may be, and a last resort for errors.

Plain ASGI around everything, mounted pages too. An unforeseen error is logged by its class and place only:
its message could carry a value.
"""

from __future__ import annotations

import json
import logging
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 64 * 1024
LOG = logging.getLogger("troth.api")

_BROKEN = json.dumps(
    {
        "type": "about:blank",
        "title": "Something broke here",
        "status": 500,
        "detail": "something broke here; nothing was changed. try again, then tell the operator",
    }
).encode()


class LastResort:
    """Answers 500 where nothing else did, and keeps the server from logging what the error said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # the last resort: whatever it is, its text must not reach a log
            if type(error).__module__.startswith("starlette."):  # a signal between its own parts
                raise
            LOG.error("unforeseen %s at %s", type(error).__name__, _place(error))  # noqa: TRY400
            if scope["type"] != "http":
                return
            if started:  # an answer cut short must look cut short
                raise CutShort from None
            await _answer(send)


class CutShort(Exception):
    """an answer could not be completed"""


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "troth" in frame.filename] or frames
    return f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else "nowhere"


async def _answer(send: Send) -> None:
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(_BROKEN)).encode()),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": _BROKEN})
