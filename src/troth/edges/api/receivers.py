"""Routes to the register of receivers: for the office, and for a person who wants to know who got what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from troth.edges.api.answers_matters import ChoiceShown, GivenAway, ReceiverShown
from troth.edges.api.bodies import Allowing, Attaching, Receiving, Word
from troth.edges.api.caller import System, Token, Under
from troth.terms import ItemName, PolicyName

mine = APIRouter(prefix="/v1/me", tags=["me"])
office = APIRouter(prefix="/v1/staff/receivers", tags=["receivers"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]


@mine.get("/given", summary="Who got what")
async def given(troth: System, token: Token) -> list[GivenAway]:
    """List each time that something about this person was given away, the newest first."""
    return [GivenAway.model_validate(asdict(one)) for one in await troth.given(token)]


@mine.get("/receivers", summary="Who may be given something")
async def choices(troth: System, token: Token, policy: Under) -> list[ChoiceShown]:
    """List the receivers on the register, in which cases each gets something, and what I said of it."""
    return [ChoiceShown.model_validate(asdict(one)) for one in await troth.receivers_of_mine(token, policy)]


@mine.put("/receivers/{receiver}", status_code=204, summary="Let a receiver have something, or no longer")
async def allow(troth: System, token: Token, receiver: Name, body: Allowing, policy: Under) -> None:
    """Say yes or no to one receiver for one purpose; what a case needs beyond that, it still needs."""
    await troth.allow_receiver(
        token, receiver, body.purpose, allowed=body.allowed, separate=body.separate, policy=policy
    )


@office.get("", summary="The register of receivers")
async def listed(troth: System, token: Token) -> list[ReceiverShown]:
    """List who may be given something beyond the functions, with the papers in force."""
    return [ReceiverShown.model_validate(asdict(one)) for one in await troth.receivers(token)]


@office.put("/{policy}/{receiver}", status_code=204, summary="Register a receiver")
async def register(troth: System, token: Token, policy: Word, receiver: Name, body: Receiving) -> None:
    """Put a receiver on the register, or say anew what it is there for."""
    items = [ItemName(item) for item in body.items]
    await troth.register_receiver(token, (PolicyName(policy), receiver), body.kind, body.purpose, items)


@office.delete("/{policy}/{receiver}", status_code=204, summary="Take a receiver off the register")
async def end(troth: System, token: Token, policy: Word, receiver: Name) -> None:
    """Let nothing go there from here on."""
    await troth.end_receiver(token, (PolicyName(policy), receiver))


@office.put("/{policy}/{receiver}/papers/{fact}", status_code=204, summary="Put a paper on file")
async def paper(  # noqa: PLR0917 - what the path names
    troth: System, token: Token, policy: Word, receiver: Name, fact: Word, body: Attaching
) -> None:
    """Note the opaque id of an agreement, of instructions, of whatever a case needs about the receiver."""
    await troth.file_paper(token, (PolicyName(policy), receiver), fact, body.document)


@office.delete("/{policy}/{receiver}/papers/{fact}", status_code=204, summary="Note that a paper ended")
async def no_paper(troth: System, token: Token, policy: Word, receiver: Name, fact: Word) -> None:
    """Note that it is no longer in force."""
    await troth.end_paper(token, (PolicyName(policy), receiver), fact)
