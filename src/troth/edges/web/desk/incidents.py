"""Incidents: what leaked, whom it concerns, what is due by when, the notice, and each step to the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from troth.breach.moves import MOVES
from troth.edges.web.desk.place import DeskRoute, Place, number, paper, place
from troth.terms import FunctionName, PolicyName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.breach.incidents import Incident

router = APIRouter(prefix="/desk/incidents", include_in_schema=False, route_class=DeskRoute)
_LACKS = re.compile(r"(?P<part>[a-z_]+) \((?P<language>[a-z]+)\)")


@router.get("")
async def everything(request: Request) -> Response:
    """List incidents, the open ones first, and ask for another."""
    at = place(request)
    seen = await at.troth.breaches(at.token)
    return at.page(
        "incidents",
        await at.staff(),
        incidents=seen,
        policies=at.troth.policies(),
    )


@router.get("/new")
async def blank(request: Request, policy: str = "", missing: str = "") -> Response:
    """Ask which functions of one policy it is about."""
    at = place(request)
    functions = {name: title for (of, name), title in at.troth.titles().items() if of == policy}
    if not functions:
        raise HTTPException(404)
    return at.page("declare", await at.staff(), policy=policy, functions=functions, missing=missing)


@router.post("")
async def declare(request: Request) -> Response:
    """Put on record that data leaked; from now on the time runs."""
    at = place(request)
    fields, functions = await at.ticked("function")
    if not functions and not fields.get("all"):
        return at.go(f"/desk/incidents/new?policy={fields.get('policy', '')}&missing=yes")
    names = [] if fields.get("all") else [FunctionName(function) for function in functions]
    made = await at.troth.declare_breach(at.token, PolicyName(fields.get("policy", "")), functions=names)
    return at.go(f"/desk/incidents/{made.matter.matter}")


@router.get("/{matter}")
async def one(request: Request, matter: str, paper: str = "") -> Response:
    """Show one, with the steps that it can take from where it stands."""
    at = place(request)
    return await _shown(at, await at.troth.breach(at.token, number(matter)), noted=paper)


@router.get("/{matter}/report")
async def report(request: Request, matter: str) -> Response:
    """Hand out the report to the authorities as far as it is known, for staff to complete and send."""
    at = place(request)
    text = await at.troth.report_breach(at.token, number(matter), at.here.words.language)
    said = {"content-disposition": f'attachment; filename="incident-{number(matter)}.md"'}
    return Response(text, 200, said, media_type="text/markdown; charset=utf-8")


@router.post("/{matter}/{step}")
async def take(request: Request, matter: str, step: str) -> Response:
    """Take one step."""
    at, found, noted = place(request), number(matter), ""
    fields = await at.fields()
    match step:
        case "write":
            part, _, language = fields.get("part", "").partition(" ")
            await at.troth.write_breach(at.token, found, part, language, fields.get("text", ""))
        case "contain":
            noted = await _on_paper(at, found, fields.get("document", ""), contains=True)
        case "reported":
            noted = await _on_paper(at, found, fields.get("document", ""), contains=False)
        case "tell":
            await at.troth.tell_breach(at.token, found)
        case "close":
            await at.troth.close_breach(at.token, found)
        case _:
            raise HTTPException(404)
    return at.go(f"/desk/incidents/{found}" + (f"?paper={noted}" if noted else ""))


async def _on_paper(at: Place, matter: UUID, said: str, *, contains: bool) -> UUID:
    document = paper(said)
    step = at.troth.contain_breach if contains else at.troth.file_breach
    await step(at.token, matter, document)
    return document


async def _shown(at: Place, seen: Incident, noted: str) -> Response:
    return at.page(
        "incident",
        await at.staff(),
        seen=seen,
        functions=at.troth.titles(),
        moves={event.value for event in MOVES[seen.stands]},
        lacks=_lacks(seen),
        left=any(step.done is None for step in seen.steps),
        noted=str(number(noted)) if noted else "",
    )


def _lacks(seen: Incident) -> Sequence[tuple[str, str]]:
    """Return which parts of the notice are still to be written, each with its language."""
    found = (_LACKS.fullmatch(each) for each in seen.lacks)
    return [(each["part"], each["language"]) for each in found if each]
