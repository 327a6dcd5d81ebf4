"""Routes to what an authority's order keeps from deletion: for the office, and for whom it is about."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from troth.edges.api.answers_matters import Keeping, KeptShown, OrderShown
from troth.edges.api.bodies import LettingGo, Ordering, Prolonging
from troth.edges.api.caller import System, Token
from troth.retention.orders import Order
from troth.terms import FunctionName, ItemName, PolicyName, SubjectId

mine = APIRouter(prefix="/v1/me", tags=["me"])
office = APIRouter(prefix="/v1/staff/orders", tags=["orders"])


@mine.get("/kept", summary="What a law or an order keeps")
async def kept(troth: System, token: Token) -> list[KeptShown]:
    """List what of yours outlives its deletion, by which clause, on which paper and until when."""
    return [KeptShown.model_validate(asdict(one)) for one in await troth.kept_by_law(token)]


@office.get("", summary="Orders that stand")
async def listed(troth: System, token: Token) -> list[OrderShown]:
    """List what authorities' orders keep, the next to end first; people by opaque id."""
    return [OrderShown.model_validate(asdict(one)) for one in await troth.orders(token)]


@office.post("", status_code=201, summary="Place an order")
async def place(troth: System, token: Token, body: Ordering) -> Keeping:
    """Keep from deletion what a function holds of one person; refused where no clause lets an order do so."""
    order = Order(
        body.document, body.until, FunctionName(body.function), tuple(ItemName(each) for each in body.items)
    )
    policy = PolicyName(body.policy) if body.policy else None
    return Keeping(records=await troth.place_order(token, body.contact, order, policy))


@office.post("/{document}/prolong", summary="Keep it longer")
async def prolong(troth: System, token: Token, document: UUID, body: Prolonging) -> Keeping:
    """Move the end of what an order keeps of one person, also of someone who is gone."""
    found = SubjectId(body.subject)
    return Keeping(records=await troth.prolong_order(token, found, document, body.until))


@office.post("/{document}/end", summary="End an order")
async def end(troth: System, token: Token, document: UUID, body: LettingGo) -> Keeping:
    """Let go of what an order keeps of one person, before its day."""
    return Keeping(records=await troth.end_order(token, SubjectId(body.subject), document))
