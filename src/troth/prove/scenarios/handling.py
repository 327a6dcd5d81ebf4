"""How requests are handled: proof before anything else, free at first, by oneself, or by another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.requests import AT_THE_DESK, IN_PERSON
from troth.policy.statement_words import Proof, RequestRule
from troth.policy.statements import RequestClause
from troth.policy.words import Right
from troth.prove import desk
from troth.prove.case import Case
from troth.prove.holding import holding, undeclared
from troth.prove.trial import Scenario, Trial
from troth.prove.world import REGISTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.prove.world import World

_WRONG = Proof.DEATH.value


async def proof_first(world: World, case: Case, trial: Trial) -> None:
    """Show that nothing is done or shown before who asks has shown one of the proofs named."""
    clause = case.said(RequestClause)
    right, way = desk.at_desk(case)
    for proof in clause.proofs or (Proof.IDENTITY.value,):
        who = await world.person(case)
        request = str((await desk.enter(world, who, right, way)).require()["request"])
        early = await desk.meet(world, request)
        said = (await desk.seen(world, request)).require().get("said")
        trial.attempt(
            "have a request met, or read, before anyone showed who they are",
            "未核验身份即满足或查阅请求",
            f"{early.status} {early.reason}; shown: {said or 'nothing'}",
            held=early.reason == "no_such_step" and not said,
        )
        wrong = await desk.step(world, request, "proof", proofs=[_WRONG])
        trial.attempt(
            "show something else instead",
            "出示其他材料代替",
            f"{wrong.status} {wrong.reason}",
            held=wrong.reason == "proof_missing",
        )
        own = case.compiled.rights[right].proofs
        shown = await desk.step(world, request, "proof", proofs=sorted({*own, proof}))
        trial.control(
            f"show {proof}",
            f"出示 {proof}",
            f"{shown.status} {shown.reason or shown.body.get('state')}",
            held=shown.ok and shown.body.get("state") == "open",
        )


async def free_at_first(world: World, case: Case, trial: Trial) -> None:
    """Show that a first request costs nothing, and a repeated one only what was quoted and agreed to."""
    first = await desk.any_open(world, case)
    quoted = await desk.step(world, first.request, "quote", fee=100, text="copies")
    trial.attempt(
        "charge for the first request",
        "对首次请求收费",
        f"{quoted.status} {quoted.reason}",
        held=quoted.reason == "no_fee",
    )
    answered = await _answer(world, case, first)
    again = await desk.opened(world, case, first.who, first.right)
    price = await desk.step(world, again.request, "quote", fee=100, text="copies")
    letter = await world.letter(first.who.login, again.request, "1.00")
    trial.control(
        "quote a price for what was answered before",
        "对已答复过的请求报价",
        f"the first was {answered}; then {price.status} {price.reason}; told: {letter or 'nothing'}",
        held=price.ok and bool(letter),
    )
    early = await desk.meet(world, again.request)
    trial.attempt(
        "do the work before the price was agreed to",
        "未经同意报价即处理",
        f"{early.status} {early.reason}",
        held=early.reason == "no_such_step",
    )


async def _answer(world: World, case: Case, first: desk.Open) -> str:
    """Have it answered: met where that takes nothing else, refused where it does."""
    done = await desk.meet(world, first.request)
    rule = case.compiled.one(RequestClause, RequestRule.REFUSE_UNREASONABLE)
    if not done.ok and rule is not None and rule.grounds:
        done = await desk.refuse(world, first.request, rule.grounds[0])
    return str(done.require()["state"])


async def by_oneself(world: World, case: Case, trial: Trial) -> None:
    """Show that a person does by themselves what the clause says, with nobody's help, and to nobody else."""
    clause = case.said(RequestClause)
    held = await holding(world, case)
    item = min(held.items)
    path = f"/v1/me/functions/{held.function}/items/{item}"
    for right in clause.rights:
        match Right(right):
            case Right.ACCESS | Right.COPY:
                did = await held.who.ask("GET", path)
                done = did.ok
            case Right.CORRECT:
                did = (await world.give(held.who, held.function, {item})).answer
                done = did.ok
            case Right.DELETE:
                did = await held.who.ask("DELETE", path)
                done = did.ok and not (await held.who.ask("GET", path)).ok
            case _:
                continue
        trial.control(f"{right} {item} oneself", f"自行{right} {item}", f"{did.status}", held=done)
    other = await (await world.person(case)).ask("GET", path)
    nobody = await world.stranger().ask("GET", path)
    trial.attempt(
        f"do the same with the {item} of somebody else",
        f"对他人的 {item} 进行同样操作",
        f"{other.status} {other.reason}; without a token {nobody.status} {nobody.reason}",
        held=not other.ok and nobody.reason == "not_signed_in",
    )
    beyond = await world.give(held.who, REGISTER, {undeclared(case)})
    trial.attempt(
        "put something on file that the policy does not take",
        "存入政策未列明的信息",
        beyond.says(),
        held=beyond.refused_for("item_undeclared"),
    )


async def by_another_way(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever cannot help themselves asks by the other ways, for the same; and by no others."""
    clause = case.said(RequestClause)
    rights = [each for each in (clause.rights or sorted(case.compiled.rights)) if each != Right.CANCEL]
    rights = [each for each in rights if each in case.compiled.rights]
    for way in clause.by:
        for right in rights[:3]:
            made = await desk.ask(world, await world.person(case), right, way)
            trial.control(
                f"ask for {right} by {way} instead",
                f"改由 {way} 请求 {right}",
                f"{made.status} {made.reason or made.body.get('state')}",
                held=made.ok and made.body.get("right") == right,
            )
    right = rights[0]
    other = await desk.enter(world, await world.person(case), right, desk.unnamed(case, right))
    trial.attempt(
        "ask by a way that is not named",
        "通过未列明的途径请求",
        f"{other.status} {other.reason}",
        held=other.reason == "not_this_way",
    )


def _is(rule: RequestRule) -> Callable[[Case], bool]:
    return lambda case: case.said(RequestClause).name == rule


def _other_way(case: Case) -> bool:
    ways = IN_PERSON | AT_THE_DESK
    return _is(RequestRule.OTHER_WAY)(case) and not ways.isdisjoint(case.said(RequestClause).by)


SCENARIOS = (
    Scenario("proof first", RequestClause, proof_first, _is(RequestRule.VERIFY)),
    Scenario("free at first", RequestClause, free_at_first, _is(RequestRule.FREE)),
    Scenario("by oneself", RequestClause, by_oneself, _is(RequestRule.SELF_SERVICE)),
    Scenario("by another way", RequestClause, by_another_way, _other_way),
)
