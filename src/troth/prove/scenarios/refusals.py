"""Refusals: only on a listed ground, with the facts, and told with where to complain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.phrases import PHRASES
from troth.policy.statement_words import RefuseGround, RequestRule, Unreasonable
from troth.policy.statements import RefuseGroundClause, RequestClause
from troth.policy.words import Language, Right
from troth.prove import desk
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.prove.world import World

_UNLISTED = "boredom"


async def only_listed_grounds(world: World, case: Case, trial: Trial) -> None:
    """Show that staff refuse a request on the listed ground, with the facts, and on no other."""
    ground = case.said(RefuseGroundClause).name
    await _refused_for(world, case, trial, ground)
    await _no_other(world, case, trial)


async def only_unreasonable_ones(world: World, case: Case, trial: Trial) -> None:
    """Show that a request is turned down as unreasonable for each reason named, and for no other."""
    for ground in case.said(RequestClause).grounds:
        await _refused_for(world, case, trial, ground)
    await _no_other(world, case, trial)


async def _refused_for(world: World, case: Case, trial: Trial, ground: str) -> None:
    asked = await desk.any_open(world, case)
    silent = await desk.refuse(world, asked.request, ground, facts=" ")
    trial.attempt(
        f"refuse for {ground} without the facts",
        f"以 {ground} 为由但不附事实予以拒绝",
        f"{silent.status} {silent.reason}",
        held=silent.reason == "facts_missing",
    )
    refused = await desk.refuse(world, asked.request, ground)
    letter = await world.letter(asked.who.login, asked.request, desk.FACTS)
    recorded = await _recorded(world, case, asked.request, ground)
    trial.control(
        f"refuse for {ground}, with the facts",
        f"以 {ground} 为由并附事实予以拒绝",
        f"{refused.status} {refused.reason or refused.body.get('state')}; told: {letter or 'nothing'}; "
        f"{recorded} rows with the ground",
        held=refused.ok and bool(letter) and recorded == 1,
    )


async def _recorded(world: World, case: Case, request: str, ground: str) -> int:
    """Return how many rows have this request as refused on this ground, under the policy."""
    return await world.evidence.value(
        "SELECT count(*) FROM request WHERE request = %(request)s AND ground = %(ground)s"
        " AND state = 'refused' AND policy = %(policy)s",
        {"request": request, "ground": ground, "policy": case.policy},
    )


async def _no_other(world: World, case: Case, trial: Trial) -> None:
    listed = {each.name for each in case.compiled.all(RefuseGroundClause)}
    rule = case.compiled.one(RequestClause, RequestRule.REFUSE_UNREASONABLE)
    listed |= set(rule.grounds) if rule else set()
    others = [each.value for each in (*RefuseGround, *Unreasonable) if each.value not in listed]
    asked = await desk.any_open(world, case)
    unlisted = await desk.refuse(world, asked.request, (others or [_UNLISTED])[0])
    trial.attempt(
        "refuse on a ground that is not listed",
        "以未列明的理由拒绝",
        f"{unlisted.status} {unlisted.reason}",
        held=unlisted.reason == "ground_unlisted",
    )


async def told_where_to_complain(world: World, case: Case, trial: Trial) -> None:
    """Show that who is refused is told of the authorities, or of our own ways, and can use them."""
    clause = case.said(RequestClause)
    ground = _some_ground(case)
    asked = await desk.any_open(world, case)
    refused = await desk.refuse(world, asked.request, ground)
    letter = await world.letter(asked.who.login, asked.request, desk.FACTS)
    phrases = PHRASES[Language(case.compiled.policy.languages[0])]
    named = [phrases[f"regulator.{each}"] for each in clause.regulators]
    named += [phrases[f"channel.{way}"] for way in clause.by]
    trial.control("refuse a request", "拒绝一项请求", f"{refused.status}", held=refused.ok)
    missing = [each for each in named if each not in letter]
    trial.attempt(
        "leave them without a word on where to complain",
        "不告知投诉途径",
        letter or "nothing was sent",
        held=bool(letter) and not missing,
    )
    if Right.COMPLAIN in case.compiled.rights:
        await _complain(world, case, trial, asked)


async def _complain(world: World, case: Case, trial: Trial, about: desk.Open) -> None:
    ways = [*case.compiled.rights[Right.COMPLAIN].by]
    made = await desk.ask(world, about.who, Right.COMPLAIN, ways[0], about=about.request)
    trial.control(
        f"complain by {ways[0]} about that answer",
        f"就该答复通过 {ways[0]} 投诉",
        f"{made.status} {made.reason}, about {made.body.get('about')}, due {made.body.get('due')}",
        held=made.ok and made.body.get("about") == about.request,
    )
    other = await desk.ask(world, await world.person(case), Right.COMPLAIN, ways[0], about=about.request)
    trial.attempt(
        "complain about an answer that somebody else got",
        "就他人获得的答复投诉",
        f"{other.status} {other.reason}",
        held=other.reason == "no_such_request",
    )


def _some_ground(case: Case) -> str:
    for clause in case.compiled.all(RefuseGroundClause):
        return clause.name
    rule = case.compiled.one(RequestClause, RequestRule.REFUSE_UNREASONABLE)
    if rule is None or not rule.grounds:
        raise NotTried("nothing_refused")
    return rule.grounds[0]


def _is(*rules: RequestRule) -> Callable[[Case], bool]:
    return lambda case: RequestRule(case.said(RequestClause).name) in rules


SCENARIOS = (
    Scenario("only listed grounds", RefuseGroundClause, only_listed_grounds, always),
    Scenario(
        "only listed grounds", RequestClause, only_unreasonable_ones, _is(RequestRule.REFUSE_UNREASONABLE)
    ),
    Scenario(
        "told where to complain",
        RequestClause,
        told_where_to_complain,
        _is(RequestRule.REGULATORS, RequestRule.DISSATISFIED),
    ),
)
