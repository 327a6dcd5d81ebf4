"""Routes to single readings of one's own: listed by day, corrected, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter

from troth.edges.api.answers import ReadingShown, ReadingsShown, ReceiptGiven
from troth.edges.api.bodies import Correcting, Word
from troth.edges.api.caller import System, Token, Under
from troth.edges.api.me import Day
from troth.terms import FunctionName

if TYPE_CHECKING:
    from troth.app.looks import Measured

router = APIRouter(prefix="/v1/me/functions/{function}/readings", tags=["me"])


@router.get("", summary="Readings of a day")
async def readings(troth: System, token: Token, function: Word, day: Day, policy: Under) -> ReadingsShown:
    """List what one function has of one local day, the first ones; ``times`` says how many there are."""
    found = await troth.readings(token, policy, FunctionName(function), day)
    return ReadingsShown(day=found.day, times=found.times, readings=tuple(_shown(one) for one in found.shown))


@router.put("/{reading}", summary="Correct one reading")
async def correct_reading(  # noqa: PLR0917 - what the path names
    troth: System, token: Token, function: Word, reading: UUID, body: Correcting, policy: Under
) -> ReceiptGiven:
    """Give it another value; when it was measured, and of what, stays as it is."""
    receipt = await troth.correct_reading(token, FunctionName(function), reading, body.value, policy=policy)
    return ReceiptGiven(receipt=receipt)


@router.delete("/{reading}", summary="Delete one reading")
async def delete_reading(
    troth: System, token: Token, function: Word, reading: UUID, policy: Under
) -> ReceiptGiven:
    """Delete it; should the device send it again, it is not taken."""
    receipt = await troth.delete_reading(token, FunctionName(function), reading, policy=policy)
    return ReceiptGiven(receipt=receipt)


def _shown(one: Measured) -> ReadingShown:
    return ReadingShown(reading=one.reading, at=one.at, item=one.item, value=one.value)
