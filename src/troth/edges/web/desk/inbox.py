"""The inbox by deadline, entering what came by telephone or post, and each step up to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, Place, place
from troth.edges.web.desk.place import number as number_of
from troth.policy.requests import AT_THE_DESK
from troth.policy.statement_words import Proof
from troth.policy.words import Right
from troth.rights.effects import Answer
from troth.rights.steps import MOVES, State
from troth.terms import FunctionName

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(prefix="/desk/requests", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def inbox(request: Request) -> Response:
    """List what waits, the most urgent first."""
    at = place(request)
    lines = await at.troth.inbox(at.token)
    return at.page("inbox", await at.staff(), lines=lines)


@router.get("/new")
async def blank(request: Request) -> Response:
    """Ask what came in."""
    at = place(request)
    return at.page("new", await at.staff(), rights=list(Right), channels=sorted(AT_THE_DESK))


@router.post("/new")
async def enter(request: Request) -> Response:
    """Enter what came in, for whoever has this number or address."""
    at = place(request)
    fields = await at.fields()
    made = await at.troth.enter_request(
        at.token,
        fields.get("contact", "").strip(),
        fields.get("right", ""),
        channel=fields.get("channel", ""),
        text=fields.get("text", ""),
    )
    return at.go(f"/desk/requests/{made.request}")


@router.get("/{number}")
async def one(request: Request, number: str) -> Response:
    """Show one, with the steps that it can take from where it stands."""
    at = place(request)
    return await _shown(at, number_of(number))


@router.post("/{number}/{step}")
async def take(request: Request, number: str, step: str) -> Response:
    """Take one step."""
    at, found = place(request), number_of(number)
    fields = await at.fields()
    text = fields.get("text", "")
    function = fields.get("function", "")
    match step:
        case "look":
            return await _shown(
                at, found, await at.troth.look_for_request(at.token, found, FunctionName(function))
            )
        case "prove":
            shown = frozenset(name for name in fields if name in set(Proof))
            await at.troth.prove_request(at.token, found, shown)
        case "ask":
            await at.troth.ask_more(at.token, found, text)
        case "check":
            await at.troth.check_request(at.token, found)
        case "meet":
            named = FunctionName(function) if function else None
            warned = fields.get("warned") == "yes"
            await at.troth.meet_request(at.token, found, Answer(text=text, function=named, warned=warned))
        case "refuse":
            await at.troth.refuse_request(at.token, found, fields.get("ground", ""), text)
        case _:
            raise HTTPException(404)
    return at.go("/desk/requests" if step in {"meet", "refuse"} else f"/desk/requests/{found}")


async def _shown(at: Place, number: UUID, seen: Mapping[str, Mapping[str, object]] | None = None) -> Response:
    """Show a request, what a look for it has opened, and the steps that it can take from where it stands."""
    line = await at.troth.read_request(at.token, number)
    at_hand = await at.troth.at_hand(at.token, number)
    return at.page(
        "request",
        await at.staff(),
        line=line,
        moves={event.value for event in MOVES[State(line.state)]},
        proofs=list(Proof),
        at_hand=at_hand,
        seen=seen,
    )
