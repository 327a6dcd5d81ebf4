"""Routes of the desk: requests that wait, entering one for someone, each step up to the answer."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from troth.app.views import RequestLine
from troth.edges.api.answers import Acknowledged, DeskShown, MinorFound, WordGiven
from troth.edges.api.bodies import (
    Acknowledging,
    AskingMore,
    Empty,
    Entering,
    Finding,
    Meeting,
    NoLonger,
    Proving,
    Quoting,
    Refusing,
    Vouching,
)
from troth.edges.api.caller import System, Token
from troth.rights.effects import Answer
from troth.subjects.guardians import Word
from troth.terms import FunctionName, PolicyName

router = APIRouter(prefix="/v1/staff", tags=["desk"])


@router.get("/requests", summary="What waits for an answer")
async def inbox(troth: System, token: Token) -> list[DeskShown]:
    """List open requests by deadline, the most urgent first; nothing that anyone wrote."""
    return [_shown(one) for one in await troth.inbox(token)]


@router.post("/requests", status_code=201, summary="Enter a request for someone")
async def enter(troth: System, token: Token, body: Entering) -> DeskShown:
    """Enter what came in by a way that the policy names; it waits for the proof that the policy asks for."""
    made = await troth.enter_request(
        token,
        body.contact,
        body.right,
        channel=body.channel,
        text=body.text,
        received=body.received,
        about=body.about,
        policy=PolicyName(body.policy) if body.policy else None,
    )
    return _shown(made)


@router.get("/requests/{request}", summary="See one request")
async def read(troth: System, token: Token, request: UUID) -> DeskShown:
    """Show a request and, once it is proven whose it is, what they wrote; that look lands in the ledger."""
    return _shown(await troth.read_request(token, request))


@router.post("/requests/{request}/proof", summary="Note what proves who asks")
async def prove(troth: System, token: Token, request: UUID, body: Proving) -> DeskShown:
    """Note proofs; refused while the policy asks for more."""
    return _shown(await troth.prove_request(token, request, frozenset(body.proofs)))


@router.post("/requests/{request}/ask", summary="Ask for what is missing")
async def ask(troth: System, token: Token, request: UUID, body: AskingMore) -> DeskShown:
    """Write to the person; the clock runs on."""
    return _shown(await troth.ask_more(token, request, body.text))


@router.post("/requests/{request}/checked", summary="Note that looking into it has ended")
async def checked(troth: System, token: Token, request: UUID, body: Empty) -> DeskShown:  # noqa: ARG001
    """Start the clock that the policy counts from then."""
    return _shown(await troth.check_request(token, request))


@router.post("/requests/{request}/quote", summary="Say what it would cost")
async def quote(troth: System, token: Token, request: UUID, body: Quoting) -> DeskShown:
    """Quote a fee, in fen, before any work; only for what was answered before."""
    return _shown(await troth.quote_request(token, request, body.fee, body.text))


@router.post("/requests/{request}/meet", summary="Meet a request")
async def meet(troth: System, token: Token, request: UUID, body: Meeting) -> DeskShown:
    """Do what was asked and tell the person: a choice is taken back, data deleted, an account ended."""
    function = FunctionName(body.function) if body.function else None
    answer = Answer(text=body.text, function=function, warned=body.warned)
    return _shown(await troth.meet_request(token, request, answer))


@router.post("/requests/{request}/refuse", summary="Refuse a request")
async def refuse(troth: System, token: Token, request: UUID, body: Refusing) -> DeskShown:
    """Refuse on a ground that the policy lists; the person is told the facts and where to complain."""
    return _shown(await troth.refuse_request(token, request, body.ground, body.facts))


@router.post("/minors", summary="Report a minor found later")
async def found_minor(troth: System, token: Token, body: Finding) -> MinorFound:
    """Refuse everything about them from now on, under every policy, and erase it. Can't be undone."""
    return MinorFound(erasure=await troth.found_minor(token, body.contact, warned=body.warned))


@router.post("/guardians", status_code=201, summary="Take a guardian's word for a child")
async def vouch(troth: System, token: Token, body: Vouching) -> WordGiven:
    """Hand out the word with which the child registers, once the desk has proven who speaks for them."""
    word = Word(body.contact, PolicyName(body.policy), body.version, body.language, body.text_hash)
    return WordGiven(guardian=await troth.vouch(token, word, body.born))


@router.post("/guardians/no-longer", status_code=204, summary="Note that a guardian takes it back")
async def no_longer(troth: System, token: Token, body: NoLonger) -> None:
    """Take nothing of the child from the commit on; what is on file waits for the person's rights."""
    await troth.guardian_withdraws(token, body.contact)


@router.post("/erasures/{erasure}/acknowledged", summary="Note that a recipient deleted")
async def acknowledged(troth: System, token: Token, erasure: UUID, body: Acknowledging) -> Acknowledged:
    """Note a recipient's word, or why the policy spares it."""
    noted = await troth.acknowledge(token, erasure, body.recipient, unless=body.unless)
    return Acknowledged(noted=noted)


def _shown(line: RequestLine) -> DeskShown:
    return DeskShown.model_validate(line, from_attributes=True)
