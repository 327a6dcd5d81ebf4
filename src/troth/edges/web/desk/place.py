"""Where a member of staff is: their session's cookie, the site that passkeys belong to, errors as pages.

The cookie is apart from that of people, goes to no other site and, over TLS, can be planted by no other host.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, Visit, form, visit
from troth.subjects.passkeys import Site
from troth.subjects.roles import DUTIES, Duty
from troth.subjects.staff import NotStaff, Staff, WrongRole
from troth.terms import Denied, TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.wiring import Troth

_COOKIE = "troth_desk"
_LOCKED = "__Host-"
_LONGEST = 512
_FIELDS = 400
"""As many things as a policy has to be ticked: its functions, its items."""


@dataclass(frozen=True, slots=True)
class Place:
    """One request from the desk's pages."""

    troth: Troth
    here: Visit
    request: Request
    token: str = field(repr=False)

    async def staff(self) -> Staff:
        """Return who is here. Raises `NotStaff`."""
        return await self.troth.at_desk(self.token)

    async def fields(self) -> Mapping[str, str]:
        """Return the fields of a form of ours. Raises `NotOurForm`."""
        return await form(self.request, self.here, most=_FIELDS)

    async def ticked(self, kind: str) -> tuple[Mapping[str, str], list[str]]:
        """Return the fields of a form, and apart from them what was ticked of a kind (``kind.NAME``)."""
        fields = await self.fields()
        names = [name.removeprefix(f"{kind}.") for name in fields if name.startswith(f"{kind}.")]
        return fields, sorted(names)

    def page(self, name: str, who: Staff | None, status: int = 200, **values: object) -> Response:
        """Render one of the desk's pages, with the ways that this role has and what policies are called."""
        duties: frozenset[Duty] = DUTIES[who.role] if who else frozenset()
        known = {
            "who": who,
            "duties": {each.value for each in duties},
            "names": {each.name: each.title for each in self.troth.policies()},
        }
        return page(self.here, f"desk/{name}.html", status, **known | values)

    def go(self, where: str) -> Response:
        """Send the browser on."""
        return go(self.here, where)

    def remember(self, response: Response, token: str, lasts: timedelta) -> Response:
        """Let the browser keep the session."""
        response.set_cookie(
            self._name(),
            token,
            max_age=int(lasts.total_seconds()),
            path="/",
            secure=self.here.secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def forget(self, response: Response) -> Response:
        """Let it forget."""
        response.delete_cookie(
            self._name(), path="/", secure=self.here.secure, httponly=True, samesite="strict"
        )
        return response

    def _name(self) -> str:
        return _LOCKED + _COOKIE if self.here.secure else _COOKIE


def place(request: Request) -> Place:
    """Read where a request comes from."""
    here = visit(request)
    kept = request.cookies.get(_LOCKED + _COOKIE if here.secure else _COOKIE, "")
    token = kept if len(kept) <= _LONGEST and kept.isascii() else ""
    return Place(cast("Troth", request.app.state.troth), here, request, token)


def site(request: Request) -> Site | None:
    """Return the site that the browser is at; None where it has an address for a name: no passkey works."""
    name = request.url.hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return Site(f"{request.url.scheme}://{request.url.netloc}", name) if name else None
    return None


def number(text: str) -> UUID:
    """Read the number of something; what is none leads nowhere."""
    try:
        return UUID(text)
    except ValueError:
        raise HTTPException(404) from None


def paper(text: str) -> UUID:
    """Read the number of a paper; without one it gets one, to be written on it."""
    return number(text.strip()) if text.strip() else uuid4()


class DeskRoute(APIRoute):
    """Turns what a door raises into a page: come in first, not your door, or what to do next."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of one route."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await inner(request)
            except NotStaff:
                return place(request).go("/desk")
            except (TrothError, NotOurForm) as error:
                return await _trouble(place(request), error)

        return handled


async def _trouble(at: Place, error: TrothError) -> Response:
    try:
        who = await at.staff()
    except NotStaff:
        who = None
    clauses = sorted(error.decision.because) if isinstance(error, Denied) else []
    why = error.decision.reason.value if isinstance(error, Denied) else None
    status = 403 if isinstance(error, (Denied, WrongRole, NotOurForm)) else 400
    said = at.here.words.known(f"desk_error.{type(error).__name__}") or str(error)
    return at.page("problem", who, status, said=said, why=why, clauses=clauses)
