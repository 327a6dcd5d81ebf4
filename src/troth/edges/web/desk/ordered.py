"""What an authority's order keeps from deletion: placed with its paper, until a day; prolonged or ended."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, number, paper, place
from troth.retention.orders import Order
from troth.terms import LEGAL_TIME, FunctionName, PolicyName, SubjectId

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(prefix="/desk/orders", include_in_schema=False, route_class=DeskRoute)
_FAR = date(9999, 12, 28)


@router.get("")
async def orders(request: Request, paper: str = "") -> Response:
    """List those that stand, and ask for another."""
    at = place(request)
    return at.page(
        "orders",
        await at.staff(),
        orders=await at.troth.orders(at.token),
        kept=await at.troth.kept_on_order(at.token),
        titles=at.troth.titles(),
        noted=str(number(paper)) if paper else "",
    )


@router.post("")
async def put(request: Request) -> Response:
    """Keep what a function holds of whoever is reached by the contact."""
    at = place(request)
    fields = await at.fields()
    policy, _, function = fields.get("what", "").partition(" ")
    document = paper(fields.get("document", ""))
    order = Order(document, _end(fields), FunctionName(function))
    await at.troth.place_order(at.token, fields.get("contact", "").strip(), order, PolicyName(policy))
    return at.go(f"/desk/orders?paper={document}")


@router.post("/{document}/{step}")
async def take(request: Request, document: str, step: str) -> Response:
    """Keep it longer, or let go of it."""
    at = place(request)
    fields = await at.fields()
    whose, order = SubjectId(number(fields.get("subject", ""))), number(document)
    match step:
        case "prolong":
            await at.troth.prolong_order(at.token, whose, order, _end(fields))
        case "end":
            await at.troth.end_order(at.token, whose, order)
        case _:
            raise HTTPException(404)
    return at.go("/desk/orders")


def _end(fields: Mapping[str, str]) -> datetime:
    """Return the end of the day that a form names, in legal time."""
    try:
        last = date.fromisoformat(fields.get("until", ""))
    except ValueError:
        raise HTTPException(404) from None
    return datetime.combine(min(last, _FAR) + timedelta(days=1), time(), LEGAL_TIME)
