"""Routes of the maker's people: a look at a person, which needs a purpose, and stock for the shelf."""

from __future__ import annotations

from fastapi import APIRouter

from troth.edges.api.answers import Looked, Stocked
from troth.edges.api.bodies import Looking, Stocking
from troth.edges.api.caller import System, Token
from troth.terms import FunctionName, ItemName, Purpose, Reference, SubjectId

router = APIRouter(prefix="/v1")


@router.post("/staff/look", tags=["staff"], summary="See items of one person, for a purpose")
async def look(troth: System, token: Token, body: Looking) -> Looked:
    """Return the values that a clause opens for this purpose; every look lands in the ledger."""
    values = await troth.look(
        token,
        SubjectId(body.subject),
        FunctionName(body.function),
        items=frozenset(ItemName(item) for item in body.items),
        purpose=Purpose(body.purpose),
        reference=Reference(body.reference.ground, body.reference.document) if body.reference else None,
    )
    return Looked(values=values)


@router.post("/maker/devices", status_code=201, tags=["staff"], summary="Put a device on the shelf")
async def stock(troth: System, token: Token, body: Stocking) -> Stocked:
    """Register a produced device, so that its buyer can bind it."""
    await troth.stock(token, serial=body.serial, model=body.model, code=body.code, supplier=body.supplier)
    return Stocked()
