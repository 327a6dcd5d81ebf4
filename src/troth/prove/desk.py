"""What trials do with requests: have them entered, shown to be genuine, met or refused; read the letters.

Uses the doors that a person and the desk have, and reads letters where the maker's gateway gets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.policy.requests import AT_THE_DESK, IN_PERSON
from troth.policy.statement_words import Proof, RequestRule
from troth.policy.statements import RequestClause
from troth.policy.words import Channel, Right
from troth.prove.case import Case, NotTried

if TYPE_CHECKING:
    from troth.prove.story.person import Answer
    from troth.prove.world import Someone, World

WORDS = "please do as I ask"
FACTS = "what we found"
NO_WAY = "carrier_pigeon"
APART = frozenset({Right.CANCEL, Right.COMPLAIN, Right.POLICY_VIEW, Right.RELATIVES})
"""Rights with steps of their own."""


@dataclass(frozen=True, slots=True)
class Open:
    """A request that waits for its answer, and whose it is."""

    who: Someone
    request: str
    right: str


async def ask(world: World, who: Someone, right: str, way: str, **more: object) -> Answer:
    """Ask by the person's own door, or have it entered at the desk."""
    if way in IN_PERSON:
        return await who.ask("POST", "/v1/me/requests", {"right": right, "text": WORDS} | more)
    if way in AT_THE_DESK:
        return await enter(world, who, right, way, **more)
    raise NotTried("no_door_way", way=way)


async def enter(world: World, who: Someone, right: str, way: str, **more: object) -> Answer:
    """Have a request entered by staff."""
    body = {"contact": who.login, "right": right, "channel": way, "text": WORDS} | more
    if who.policy is not None:
        body["policy"] = who.policy
    return await (await world.staff()).ask("POST", "/v1/staff/requests", body)


async def step(world: World, request: str, name: str, **body: object) -> Answer:
    """Let staff take one step with a request."""
    return await (await world.staff()).ask("POST", f"/v1/staff/requests/{request}/{name}", body)


async def seen(world: World, request: str) -> Answer:
    """Let staff look at a request."""
    return await (await world.staff()).ask("GET", f"/v1/staff/requests/{request}")


async def meet(world: World, request: str, **body: object) -> Answer:
    """Let staff meet a request."""
    return await step(world, request, "meet", text="done", **body)


async def refuse(world: World, request: str, ground: str, facts: str = FACTS) -> Answer:
    """Let staff refuse a request."""
    return await step(world, request, "refuse", ground=ground, facts=facts)


async def opened(world: World, case: Case, who: Someone, right: str) -> Open:
    """Let ``who`` ask for ``right`` and show who they are, so that it waits for its answer."""
    ways = case.compiled.rights[right].by
    own = [way for way in ways if way in IN_PERSON]
    way = next(iter(own or [way for way in ways if way in AT_THE_DESK]), None)
    if way is None:
        raise NotTried("no_way_tried", right=right)
    made = (await ask(world, who, right, way)).require()
    request = str(made["request"])
    if made["state"] != "open":
        (await step(world, request, "proof", proofs=proofs(case, right))).require()
    return Open(who, request, right)


async def any_open(world: World, case: Case) -> Open:
    """Return a request of somebody's that waits for its answer. Raises `NotTried`."""
    rights = sorted(case.compiled.rights, key=lambda right: (bool(case.compiled.rights[right].proofs), right))
    for right in rights:
        ways = IN_PERSON | AT_THE_DESK
        if Right(right) not in APART and not ways.isdisjoint(case.compiled.rights[right].by):
            return await opened(world, case, await world.person(case), right)
    raise NotTried("no_right_to_try")


def at_desk(case: Case) -> tuple[str, str]:
    """Return a right and a way by which staff enter it. Raises `NotTried`."""
    for right, clause in sorted(case.compiled.rights.items()):
        ways = [way for way in clause.by if way in AT_THE_DESK]
        if ways and Right(right) not in APART:
            return right, ways[0]
    raise NotTried("not_at_desk")


def proofs(case: Case, right: str) -> list[str]:
    """Return proofs that will do for a right, whoever asks."""
    verify = case.compiled.one(RequestClause, RequestRule.VERIFY)
    more = verify.proofs[:1] if verify else ()
    return sorted({*case.compiled.rights[right].proofs, *more, Proof.IDENTITY.value})


def unnamed(case: Case, right: str) -> str:
    """Return a way to the desk by which the policy does not let this right in."""
    named = set(case.compiled.rights[right].by)
    for rule in case.compiled.all(RequestClause):
        named |= set(rule.by)
    return min((Channel(way).value for way in AT_THE_DESK - named), default=NO_WAY)
