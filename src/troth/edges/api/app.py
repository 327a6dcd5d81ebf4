"""The HTTP API: FastAPI as a wire format for the doors of one system.

Thin on purpose: routers turn bodies into terms and views into JSON. No access log, no third-party assets.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from troth.edges.api import (
    accounts,
    agreement,
    desk,
    gives,
    matters,
    me,
    media,
    orders,
    problems,
    public,
    readings,
    receivers,
    records,
    requests,
    staff,
)
from troth.edges.api.bounds import Bounds
from troth.edges.api.headers import Headers
from troth.edges.api.limits import BODY_LIMIT, LastResort

if TYPE_CHECKING:
    from troth.app.wiring import Troth


def create_app(troth: Troth) -> FastAPI:
    """Return the API over ``troth``; whoever made ``troth`` opens and closes it."""
    app = FastAPI(
        title="Troth",
        version=version("troth"),
        description="Nothing is collected, used, shared or kept unless a clause of the policy says so.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=BODY_LIMIT,
        responses=problems.REFUSALS,
    )
    app.state.troth = troth
    mine = (
        me.router,
        agreement.router,
        gives.router,
        records.router,
        readings.router,
        media.router,
        requests.router,
        requests.parts,
        matters.mine,
        receivers.mine,
        orders.mine,
    )
    theirs = (staff.router, desk.router, matters.office, matters.ends, receivers.office, orders.office)
    for router in (public.router, matters.everybody, accounts.router, *mine, *theirs):
        app.include_router(router)
    app.mount("/v1", problems.nowhere)
    problems.install(app)
    app.add_middleware(Bounds)
    app.add_middleware(LastResort)
    app.add_middleware(Headers)
    return app
