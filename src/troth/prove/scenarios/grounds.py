"""Grounds that stand in for consent, and content that is closed: only as listed, and only with a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import ClosedClause, DutyClause, ExemptClause
from troth.prove.case import Case, NotTried
from troth.prove.seen import word
from troth.prove.trial import Scenario, Trial, always
from troth.prove.ways import chosen, free, handler
from troth.prove.world import reference
from troth.terms import ActorKind, Basis, Purpose, Verb

if TYPE_CHECKING:
    from troth.prove.world import World
    from troth.terms import FunctionName, ItemName

_UNLISTED = "boredom"


def grounds_for(case: Case, verb: Verb, bases: frozenset[Basis]) -> str:
    """Return a ground that the policy lists for this verb on one of these bases. Raises `NotTried`."""
    for basis, listed in ((Basis.LEGAL_DUTY, case.compiled.duties), (Basis.EXEMPTION, case.compiled.exempt)):
        found = sorted(ground for verb_, ground in listed if verb_ is verb)
        if basis in bases and found:
            return found[0]
    raise NotTried("no_ground_listed", verb=verb.value)


def document_for(ground: str) -> dict[str, str]:
    """Return the ground with a document."""
    return reference(ground)


async def listed_grounds_only(world: World, case: Case, trial: Trial) -> None:
    """Show that a listed ground with its document opens what consent would, and no other ground does."""
    clause: ExemptClause | DutyClause = case.said(ExemptClause, DutyClause)
    function, item, purpose, by = _something_to(case, clause.verb)
    who = await world.person(case)
    if clause.verb is Verb.COLLECT:
        did = await world.take_in(who, function, purpose, {item}, reference=reference(clause.ground))
        other = await world.take_in(who, function, purpose, {item}, reference=reference(_UNLISTED))
    else:
        recipient = _recipient(case, function, purpose) if clause.verb is Verb.SHARE else None
        more = {"recipient": recipient}
        did = await world.open(
            clause.verb, who, function, purpose, {item}, by=by, reference=reference(clause.ground), **more
        )
        other = await world.open(
            clause.verb, who, function, purpose, {item}, by=by, reference=reference(_UNLISTED), **more
        )
    trial.control(
        f"{clause.verb.value} {item} of {function} for {clause.ground}, with a document",
        f"以 {clause.ground} 为由并附文件{word(clause.verb)} {function} 的 {item}",
        did.says(),
        held=did.answer.ok,
    )
    trial.attempt(
        "the same on a ground that is not listed",
        "以未列明的理由",
        other.says(),
        held=other.refused,
    )


def _something_to(case: Case, verb: Verb) -> tuple[FunctionName, ItemName, Purpose, ActorKind]:
    """Return a function that needs a choice, an item of it, a purpose for which this is done, and by whom."""
    for name, table in sorted(case.compiled.functions.items()):
        if not chosen(table):  # its own basis would do, with or without a ground
            continue
        for purpose, clause in table.purposes.items():
            by = handler(clause, verb)
            if by is None or (verb is Verb.COLLECT and by is not ActorKind.SERVICE):
                continue
            items = sorted(item for item, one in table.items.items() if free(one))
            if items:
                return name, items[0], purpose, by
    raise NotTried("no_service_may", verb=verb.value)


def _recipient(case: Case, function: FunctionName, purpose: Purpose) -> str:
    for clause in case.compiled.functions[function].recipients.values():
        if clause.purpose == purpose:
            return clause.recipient
    raise NotTried("nobody_receives", function=function, purpose=purpose)


async def closed_to_the_maker(world: World, case: Case, trial: Trial) -> None:
    """Show that what is the person's alone is closed to services, unless a listed ground is attached."""
    clause = case.said(ClosedClause)
    table = case.compiled.functions[clause.function]
    who = await world.user(case, clause.function)
    tried = [verb for verb in (Verb.USE, Verb.SHARE, Verb.DISCLOSE) if verb in clause.verbs]
    purposes = [p for p, c in table.purposes.items() if ActorKind.SERVICE in c.by and Verb.USE in c.verbs]
    if not tried or not purposes:
        raise NotTried("no_service_purpose", function=clause.function)
    for verb in tried:
        did = await world.open(verb, who, clause.function, purposes[0], {clause.item})
        trial.attempt(
            f"{verb.value} {clause.item} as a service",
            f"由服务{word(verb)} {clause.item}",
            did.says(),
            held=did.refused_for("closed_to_controller"),
        )
    ground = min(clause.unless, default=None)
    if ground is None:
        me = await who.ask("GET", "/v1/me")
        trial.control("the person's own account works", "本人账号可用", f"{me.status}", held=me.ok)
        return
    with_ground = await world.open(
        Verb.USE, who, clause.function, purposes[0], {clause.item}, reference=reference(ground)
    )
    trial.control(
        f"open it for {ground}, with a document",
        f"以 {ground} 为由并附文件打开",
        with_ground.says(),
        held=not with_ground.refused_for("closed_to_controller"),
    )


SCENARIOS = (
    Scenario("listed grounds only", ExemptClause, listed_grounds_only, always),
    Scenario("listed grounds only", DutyClause, listed_grounds_only, always),
    Scenario("closed to the maker", ClosedClause, closed_to_the_maker, always),
)
