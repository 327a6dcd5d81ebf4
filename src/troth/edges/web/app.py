"""The privacy centre: HTML over the same doors as the API, zh and en, no third party.

Every page works without a script; with one, a switch takes one tap and the page stays where it is. Mounted
beneath the API's application, whose bounds on bodies and last resort hold for it as well.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.app.doors.base import Unavailable
from troth.edges.web import (
    adding,
    arrival,
    cancelling,
    choices,
    collected,
    copying,
    details,
    filmed,
    home,
    papers,
    policies,
    readings,
    requests,
    shop,
    signed_in,
)
from troth.edges.web.desk import (
    colleagues,
    coming,
    films,
    inbox,
    incidents,
    looking,
    ordered,
    receivers,
    watching,
)
from troth.edges.web.render import go, trouble
from troth.edges.web.visit import NotOurForm, visit
from troth.subjects.sessions import NotSignedIn
from troth.terms import Denied, TrothError

if TYPE_CHECKING:
    from fastapi import Request

    from troth.app.wiring import Troth

_STATIC = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "troth.css": "text/css; charset=utf-8",
    "troth.svg": "image/svg+xml",
    "troth.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
}
_ROUTERS = (
    arrival.router,
    policies.router,
    home.router,
    choices.router,
    adding.router,
    collected.router,
    readings.router,
    details.router,
    filmed.router,
    shop.router,
    copying.router,
    requests.router,
    papers.router,
    signed_in.router,
    cancelling.router,
    coming.router,
    inbox.router,
    looking.router,
    films.router,
    incidents.router,
    receivers.router,
    ordered.router,
    watching.router,
    colleagues.router,
)


def create_pages(troth: Troth) -> FastAPI:
    """Return the pages over ``troth``; mount them at ``/`` after the API's own routes."""
    app = FastAPI(
        title="Troth pages", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.troth = troth
    for router in _ROUTERS:
        app.include_router(router)
    app.add_api_route("/static/{name}", static, methods=["GET"], include_in_schema=False)
    app.add_exception_handler(NotSignedIn, _signed_out)
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(NotOurForm, _not_ours)
    app.add_exception_handler(Unavailable, _down)
    app.add_exception_handler(TrothError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _nowhere)
    return app


async def static(name: str) -> Response:
    """Return one of the few files that pages use."""
    if name not in _STATIC:
        raise HTTPException(404)
    text = files("troth.edges.web").joinpath("static", name).read_bytes()
    headers = {"cache-control": "max-age=300"}
    return Response(text, 200, headers, media_type=_STATIC[name])


async def _signed_out(request: Request, _error: Exception) -> Response:
    here = visit(request)
    response = go(here, "/")
    here.forget(response)
    return response


async def _denied(request: Request, error: Exception) -> Response:
    if not isinstance(error, Denied):
        raise error
    decision = error.decision
    clauses = sorted(decision.because)
    return trouble(visit(request), 403, problem="error_denied", why=decision.reason.value, clauses=clauses)


async def _not_ours(request: Request, _error: Exception) -> Response:
    return trouble(visit(request), 403, problem="error_form", why=None, clauses=())


async def _down(request: Request, _error: Exception) -> Response:
    return trouble(visit(request), 503, problem="error_down", why=None, clauses=())


async def _refused(request: Request, _error: Exception) -> Response:
    return trouble(visit(request), 400, problem="error_other", why=None, clauses=())


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return trouble(visit(request), status, problem="error_missing", why=None, clauses=())


async def _nowhere(request: Request, _error: Exception) -> Response:
    """Answer an address that names nothing, such as a day that is none."""
    return trouble(visit(request), 404, problem="error_missing", why=None, clauses=())
