"""How much one caller may ask, and in what dress: before any route, pages too.

Decides by counts in memory alone (`subjects.origins`: a keyed hash, a key for a day, no address kept). These
bounds stop a program that runs wild or guesses; what each door allows is finer and decided behind it. Whoever
serves many people at once, the maker's own services, is held to the bound of its token only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from troth.edges.api.problems import problem
from troth.subjects.origins import Origins
from troth.subjects.tries import Limit, TooManyTries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

ONE_ADDRESS = Limit(tries=1_200, window=timedelta(minutes=1))
"""A household or an office, whoever in it is signed in."""
ONE_CALLER = Limit(tries=6_000, window=timedelta(minutes=1))
"""One token or one session."""
_SERVICES = "/v1/service/"


def real_time() -> datetime:
    """Return the real moment: how fast requests come has nothing to do with a demo's clock."""
    return datetime.now(UTC)


class Bounds:
    """Refuses what comes too often, and bodies that would have to be unpacked: none ever is."""

    def __init__(self, app: ASGIApp, now: Callable[[], datetime] = real_time) -> None:
        self._app = app
        self._now = now
        self._counts = Origins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        answer = self._refusal(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            return problem(415, "send the body as it is: nothing is unpacked here", reason="packed")
        now, client = self._now(), scope.get("client")
        try:
            if client is not None and not str(scope["path"]).startswith(_SERVICES):
                self._counts.spend(client[0], b"requests", ONE_ADDRESS, now)
            shown = headers.get(b"authorization") or headers.get(b"cookie")
            if shown:
                self._counts.spend_by(shown, b"requests", ONE_CALLER, now)
        except TooManyTries as refused:
            wait = max(1, round((refused.until - now).total_seconds()))
            answer = problem(429, str(refused), reason="too_many_requests")
            answer.headers["retry-after"] = str(wait)
            return answer
        return None
