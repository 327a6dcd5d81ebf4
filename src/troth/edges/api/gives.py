"""Routes to what a shop's functions give their owner: visits, the till, its flags, and who looked."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter

from troth.edges.api.answers_shop import (
    FlagShown,
    FlagsShown,
    OpeningShown,
    TillLineShown,
    TillShown,
    VisitsShown,
)
from troth.edges.api.bodies import Reviewing
from troth.edges.api.caller import System, Token
from troth.edges.api.me import Day, Name
from troth.functions.audit import Verdict
from troth.terms import FunctionName

if TYPE_CHECKING:
    from troth.app.tills import FlagLine, TillLine

router = APIRouter(prefix="/v1/me", tags=["me"])


@router.get("/visits", summary="Visits of a day")
async def visits(troth: System, token: Token, day: Day) -> VisitsShown:
    """Count the visits of one local day."""
    return VisitsShown.model_validate(asdict(await troth.visits(token, day)))


@router.get("/functions/{function}/till", summary="The till beside the camera")
async def till(troth: System, token: Token, function: Name, day: Day) -> TillShown:
    """List every transaction of one local day, and what the camera saw of its till."""
    seen = await troth.till(token, FunctionName(function), day)
    lines = tuple(_line(line) for line in seen.lines)
    return TillShown(
        day=seen.day, function=seen.function, clause=seen.clause, lines=lines, left_out=seen.left_out
    )


@router.get("/functions/{function}/flags", summary="What till and camera tell differently")
async def flags(troth: System, token: Token, function: Name, day: Day) -> FlagsShown:
    """List the flags of one local day: the reason, the transaction, and the film that shows it."""
    seen = await troth.flags(token, FunctionName(function), day)
    shown = tuple(_flag(flag) for flag in seen.flags)
    return FlagsShown(day=seen.day, function=seen.function, clause=seen.clause, flags=shown)


@router.put("/functions/{function}/flags/{flag}", status_code=204, summary="Confirm a flag, or clear it")
async def review(troth: System, token: Token, function: Name, flag: UUID, body: Reviewing) -> None:
    """Keep what you say of a flag of that day; said again, the last counts."""
    verdict = Verdict(body.verdict)
    await troth.review(token, FunctionName(function), body.day, flag=flag, verdict=verdict)


@router.get("/openings", summary="Who looked")
async def openings(troth: System, token: Token) -> list[OpeningShown]:
    """List each time that the maker's people or programs saw something of yours, or were refused."""
    return [OpeningShown.model_validate(asdict(one)) for one in await troth.openings(token)]


def _flag(line: FlagLine) -> FlagShown:
    return FlagShown.model_validate(asdict(line))


def _line(line: TillLine) -> TillLineShown:
    return TillLineShown.model_validate(asdict(line))
