"""Routes to what people are told of: for the privacy office, for who it is about, and for everybody."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from troth.edges.api.answers_matters import BreachShown, EndAnnounced, NoticeGiven, ReportShown, StepShown
from troth.edges.api.bodies import (
    Attaching,
    Declaring,
    Empty,
    EndingSomething,
    Language,
    WritingPart,
)
from troth.edges.api.caller import System, Token
from troth.terms import FunctionName, ItemName, PolicyName, SubjectId

if TYPE_CHECKING:
    from troth.app.views import NoticeRead
    from troth.breach.incidents import Incident

everybody = APIRouter(prefix="/v1", tags=["public"])
mine = APIRouter(prefix="/v1/me", tags=["me"])
ends = APIRouter(prefix="/v1/staff", tags=["endings"])
office = APIRouter(prefix="/v1/staff/breaches", tags=["breaches"])


@everybody.get("/notices", summary="What is announced to everybody")
async def announced(
    troth: System, language: Language = "en", policy: Annotated[str | None, Query(max_length=100)] = None
) -> list[NoticeGiven]:
    """List announcements, the newest first; with ``policy``, those of one policy."""
    wanted = PolicyName(policy) if policy is not None else None
    return [_notice(one) for one in await troth.announcements(language, wanted)]


@mine.get("/notices", summary="What you are told of")
async def notices(troth: System, token: Token, language: Language = "en") -> list[NoticeGiven]:
    """List what concerns this person: incidents, new versions, ends; the newest first."""
    return [_notice(one) for one in await troth.notices(token, language)]


@mine.put("/notices/{matter}/seen", status_code=204, summary="Say that you saw it")
async def see(troth: System, token: Token, matter: UUID, language: Language = "en") -> None:
    """Note that it was put before them."""
    await troth.see_notice(token, matter, language)


@ends.post("/endings", status_code=201, summary="Announce an end")
async def end(troth: System, token: Token, body: EndingSomething) -> EndAnnounced:
    """Announce that functions, or with none the service, end: people are told, then nothing comes in."""
    functions = [FunctionName(each) for each in body.functions]
    return EndAnnounced(matter=await troth.end_function(token, PolicyName(body.policy), functions, body.at))


@office.get("", summary="All incidents")
async def listed(troth: System, token: Token) -> list[BreachShown]:
    """List incidents, the open ones first."""
    return [_shown(one) for one in await troth.breaches(token)]


@office.post("", status_code=201, summary="Declare an incident")
async def declare(troth: System, token: Token, body: Declaring) -> BreachShown:
    """Put on record that data leaked; from ``known`` on the time runs."""
    made = await troth.declare_breach(
        token,
        PolicyName(body.policy),
        known=body.known,
        functions=[FunctionName(each) for each in body.functions],
        items=[ItemName(each) for each in body.items],
        subjects=[SubjectId(each) for each in body.subjects],
    )
    return _shown(made)


@office.get("/{matter}", summary="One incident")
async def one(troth: System, token: Token, matter: UUID) -> BreachShown:
    """Show where it stands, and what is due."""
    return _shown(await troth.breach(token, matter))


@office.put("/{matter}/notice", summary="Write a part of the notice")
async def write(troth: System, token: Token, matter: UUID, body: WritingPart) -> BreachShown:
    """Write one part in one language, until it goes out."""
    return _shown(await troth.write_breach(token, matter, body.part, body.language, body.text))


@office.post("/{matter}/contained", summary="Note that it was stopped")
async def contain(troth: System, token: Token, matter: UUID, body: Attaching) -> BreachShown:
    """Attach what stopped it from spreading."""
    return _shown(await troth.contain_breach(token, matter, body.document))


@office.post("/{matter}/tell", summary="Let the notice go out")
async def tell(troth: System, token: Token, matter: UUID, body: Empty) -> BreachShown:  # noqa: ARG001
    """Tell everybody concerned; refused while a part is empty."""
    return _shown(await troth.tell_breach(token, matter))


@office.get("/{matter}/report", summary="The report to the authorities")
async def report(troth: System, token: Token, matter: UUID, language: Language = "zh") -> ReportShown:
    """Return it as far as it is known."""
    return ReportShown(text=await troth.report_breach(token, matter, language))


@office.post("/{matter}/reported", summary="Note that the authorities have the report")
async def file(troth: System, token: Token, matter: UUID, body: Attaching) -> BreachShown:
    """Attach the report that was sent."""
    return _shown(await troth.file_breach(token, matter, body.document))


@office.post("/{matter}/close", summary="End an incident")
async def close(troth: System, token: Token, matter: UUID, body: Empty) -> BreachShown:  # noqa: ARG001
    """Close it; refused while the policy still asks for something."""
    return _shown(await troth.close_breach(token, matter))


def _notice(one: NoticeRead) -> NoticeGiven:
    return NoticeGiven.model_validate(asdict(one))


def _shown(seen: Incident) -> BreachShown:
    matter = seen.matter
    return BreachShown(
        matter=matter.matter,
        policy=matter.policy,
        version=matter.version,
        functions=tuple(matter.functions),
        state=matter.state,
        known=matter.began,
        announced=matter.announced,
        people=seen.told,
        lacks=seen.lacks,
        steps=tuple(
            StepShown(step=each.step, due=each.at, clause=each.clause, done=each.done) for each in seen.steps
        ),
    )
