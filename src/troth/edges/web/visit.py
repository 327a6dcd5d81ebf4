"""One visit of a browser: language, session cookie, form fields, and proof that a form is ours.

A form's token is a hash over a secret that only this browser's HttpOnly cookies hold, so no state is kept.
Over TLS the cookies are `__Host-` ones: no other host can plant one, so a session cannot be fixed. Fields
are read from URL-encoded bodies only: a multipart body could be spooled to disk.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from troth.edges.web.words import Words, preferred
from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

SESSION = "troth_session"
VISIT = "troth_visit"
LANGUAGE = "troth_lang"
CSRF = "csrf"
_COOKIES = (SESSION, VISIT, LANGUAGE)
_LOCKED = "__Host-"
_FIELDS = 20
_LONGEST = 512
_ONCE = ("lang", "done")
_OURS = ("same-origin", "none")


class NotOurForm(TrothError):
    """this form did not come from our page: open the page again"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request says of its browser."""

    words: Words
    session: str = field(repr=False)
    visit: str = field(repr=False)
    fresh: bool
    asked_language: bool
    secure: bool
    path: str
    partial: bool
    """A script of ours asked, and takes a part of a page."""
    query: tuple[tuple[str, str], ...] = ()
    """What the address asks for besides, such as a day."""

    @property
    def csrf(self) -> str:
        """The token that a form of this browser must carry."""
        return hashlib.sha256(f"troth form|{self.visit}|{self.session}".encode()).hexdigest()

    def in_other_language(self, *, refused: bool) -> str:
        """Return the address of this page in the other language; of a refused one nothing is repeated."""
        asked = () if refused else self.query
        return "?" + urlencode([*asked, ("lang", "en" if self.words.language == "zh" else "zh")])

    def dress(self, response: Response) -> None:
        """Set what the browser should remember."""
        if self.fresh:
            self.remember(response, VISIT, self.visit)
        if self.asked_language:
            self.remember(response, LANGUAGE, self.words.language, days=365)

    def remember(self, response: Response, name: str, value: str, *, days: int | None = None) -> None:
        """Set a cookie that scripts can't read and other sites don't send."""
        response.set_cookie(
            _LOCKED + name if self.secure else name,
            value,
            max_age=days * 86_400 if days else None,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def signed_out(self) -> Visit:
        """Return this visit without its session."""
        return replace(self, session="")

    def forget(self, response: Response) -> None:
        """Drop the session cookie."""
        name = _LOCKED + SESSION if self.secure else SESSION
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def visit(request: Request) -> Visit:
    """Read a visit from its request."""
    asked, secure = request.query_params.get("lang"), request.url.scheme == "https"
    kept = {name: request.cookies.get(_LOCKED + name if secure else name) for name in _COOKIES}
    words = Words(preferred(asked, kept[LANGUAGE], request.headers.get("accept-language", "")))
    known = _bounded(kept[VISIT])
    return Visit(
        words=words,
        session=_bounded(kept[SESSION]),
        visit=known or secrets.token_hex(32),
        fresh=not known,
        asked_language=asked == words.language,
        secure=secure,
        path=request.url.path,
        partial=request.headers.get("hx-request") == "true",
        query=_asked(request),
    )


async def form(request: Request, here: Visit, *, most: int = _FIELDS) -> Mapping[str, str]:
    """Return the fields of a form that this browser got from us; raise `NotOurForm` for any other.

    Or for one with more than ``most``: a page that lets people tick many things says how many.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in _OURS:
        raise NotOurForm
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if here.fresh or kind != "application/x-www-form-urlencoded":
        raise NotOurForm
    try:
        text = (await request.body()).decode("ascii")
        fields = dict(parse_qsl(text, max_num_fields=most, errors="strict"))
    except ValueError:
        raise NotOurForm from None
    if not hmac.compare_digest(fields.get(CSRF, "").encode(), here.csrf.encode()):
        raise NotOurForm
    return fields


def _asked(request: Request) -> tuple[tuple[str, str], ...]:
    """Return what an address asks for; that something was done is said once, and too much is left out."""
    told = [pair for pair in request.query_params.multi_items() if pair[0] not in _ONCE]
    return tuple(told) if len(urlencode(told)) <= _LONGEST else ()


def _bounded(cookie: str | None) -> str:
    return cookie if cookie and len(cookie) <= _LONGEST and cookie.isascii() else ""
