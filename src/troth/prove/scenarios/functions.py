"""Functions: they run when the policy says, for the purposes it names, and refusing costs what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.policy.clauses import FunctionClause, Keep, PurposeClause, RefusalClause
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always
from troth.prove.ways import chosen, free, handler, purpose_for
from troth.prove.world import REGISTER, needed
from troth.terms import ActorKind, Purpose, Verb

if TYPE_CHECKING:
    from troth.prove.world import Did, Someone, World
    from troth.terms import FunctionName, ItemName

_CURIOSITY = Purpose("mere_curiosity")


async def runs_when_it_may(world: World, case: Case, trial: Trial) -> None:
    """Show that a function takes data from its beginning on, and none before, nor after it was withdrawn."""
    function = case.said(FunctionClause).function
    table = case.compiled.functions[function]
    if function == REGISTER:
        await _registers(world, case, trial)
        return
    who = await world.user(case, function)
    items = await world.stuff(case, who, function)
    did = await world.collect(case, who, function, items)
    trial.control(
        "collect what the function needs, once it runs",
        "功能运行后收集所需信息",
        did.says(),
        held=did.answer.ok,
    )
    if chosen(table):
        await _not_chosen(world, case, trial, items)
        over = await world.user(case, function)
        await world.stuff(case, over, function)
        (await world.withdraw(over, function)).require()
        late = _Late(("withdrawn", "topic_refused"), "after withdrawing", "撤回后")
        await _stored_no_more(world, case, trial, over, items=items, late=late)
    else:
        other = await _elsewhere(world, case, who, function, items)
        trial.attempt(
            "collect the same for a function that the policy does not have",
            "为政策中不存在的功能收集同样的信息",
            other.says(),
            held=other.refused_for("unknown_function"),
        )


async def _registers(world: World, case: Case, trial: Trial) -> None:
    who = await world.person(case)
    held = (await who.ask("GET", "/v1/me/records")).body.get("functions", {}).get(REGISTER, [])
    trial.control("open an account", "注册账号", f"on file: {', '.join(held)}", held=bool(held))
    refused = await world.registering(case, agreed=False)
    trial.attempt(
        "open an account without agreeing",
        "不同意而注册",
        f"{refused.status} {refused.reason}",
        held=refused.reason == "not_accepted",
    )


async def _not_chosen(world: World, case: Case, trial: Trial, items: frozenset[ItemName]) -> None:
    other = await world.person(case)
    early = _Late(
        ("not_chosen", "need_missing", "topic_refused"), "from someone who never chose it", "从未选择该功能者"
    )
    await _stored_no_more(world, case, trial, other, items=items, late=early)


@dataclass(frozen=True, slots=True)
class _Late:
    """A moment at which nothing may be collected, and the reasons that say so."""

    reasons: tuple[str, ...]
    en: str
    zh: str


async def _stored_no_more(
    world: World, case: Case, trial: Trial, who: Someone, *, items: frozenset[ItemName], late: _Late
) -> None:
    """Try to collect what must be refused, and look whether a row was added."""
    function = case.said(FunctionClause).function
    before = [await world.rows(case, who, function, item) for item in sorted(items)]
    did = await world.once_more(case, who, function, items)
    after = [await world.rows(case, who, function, item) for item in sorted(items)]
    pairs = zip(before, after, strict=True)  # what a withdrawal deletes may go meanwhile
    trial.attempt(
        f"collect the same {late.en}",
        f"{late.zh}收集同样的信息",
        f"{did.says()}; rows {sum(before)} before, {sum(after)} after",
        held=did.refused_for(*late.reasons) and all(now <= then for then, now in pairs),
    )


async def _elsewhere(
    world: World, case: Case, who: Someone, function: FunctionName, items: frozenset[ItemName]
) -> Did:
    nowhere = type(function)("nowhere_in_the_policy")
    purpose = purpose_for(case.compiled.functions[function], Verb.COLLECT, ActorKind.SERVICE)
    return await world.take_in(who, nowhere, purpose or _CURIOSITY, items)


async def for_this_purpose(world: World, case: Case, trial: Trial) -> None:
    """Show that services or staff use what was collected for the purposes named, and for no other."""
    clause = case.said(PurposeClause)
    table = case.compiled.functions[clause.function]
    by = handler(clause, Verb.USE)
    if by is None or clause.only_on:
        raise NotTried("no_service_uses", purpose=clause.purpose)
    who = await world.user(case, clause.function)
    items = await world.stuff(case, who, clause.function)
    if clause.function != REGISTER:
        (await world.collect(case, who, clause.function, needed(table, *items))).answer.require()
    seen = items - {"password", "verification_code"}
    if seen and all(table.items[item].keep is Keep.NONE for item in seen):
        raise NotTried("nothing_held")
    did = await world.open(Verb.USE, who, clause.function, clause.purpose, seen, by=by)
    trial.control(
        f"use for {clause.purpose}", f"为 {clause.purpose} 使用", did.says(), held=did.items == seen
    )
    other = await world.open(Verb.USE, who, clause.function, _CURIOSITY, seen, by=by)
    trial.attempt(
        "use for a purpose that is not stated",
        "为未声明的目的使用",
        other.says(),
        held=other.refused_for("purpose_undeclared"),
    )


async def costs_what_it_says(world: World, case: Case, trial: Trial) -> None:
    """Show that who refuses loses what the clause names, is told so, and keeps everything else."""
    clause = case.said(RefusalClause)
    table = case.compiled.functions[clause.function]
    if clause.function == REGISTER:
        await _without_an_account(world, case, trial, clause.effect)
        return
    if not chosen(table):
        await _without_the_items(world, case, trial, clause)
        return
    who = await world.user(case, clause.function)
    did = await world.collect(case, who, clause.function, await world.stuff(case, who, clause.function))
    trial.control("use the function first", "先使用该功能", did.says(), held=did.answer.ok)
    over = await world.user(case, clause.function)
    given_up = {clause.function: await world.stuff(case, over, clause.function)}
    for also in sorted(clause.also):
        await world.start(case, over, also)
        given_up[also] = await world.stuff(case, over, also)
    (await world.withdraw(over, clause.function)).require()
    for function, items in given_up.items():
        lost = await world.once_more(case, over, function, items)
        told = lost.answer.body.get("effect")
        untold = lost.answer.reason == "topic_refused"  # a device is not told why
        trial.attempt(
            f"go on using {function} after refusing",
            f"拒绝后继续使用 {function}",
            f"{lost.says()}; told: {told}",
            held=lost.refused and (told == clause.effect or untold or function != clause.function),
        )
    me = await over.ask("GET", "/v1/me")
    trial.control(
        "everything else goes on", "其他功能不受影响", f"account {'open' if me.ok else 'closed'}", held=me.ok
    )


async def _without_an_account(world: World, case: Case, trial: Trial, effect: str) -> None:
    form = await world.form(case)
    without = dict(form) | {"phone": None, "items": None}
    refused = await world.stranger().ask(
        "POST", "/v1/accounts", {key: value for key, value in without.items() if value is not None}
    )
    trial.attempt(
        "register without what an account needs",
        "缺少账号所需信息而注册",
        f"{refused.status} {refused.reason}; told: {refused.body.get('effect')}",
        held=refused.reason == "required_item_missing" and refused.body.get("effect") == effect,
    )
    made = await world.stranger().ask("POST", "/v1/accounts", form)
    trial.control("register with it", "提供后注册", f"{made.status}", held=made.ok)


async def _without_the_items(world: World, case: Case, trial: Trial, clause: RefusalClause) -> None:
    table = case.compiled.functions[clause.function]
    spare = sorted(item for item, one in table.items.items() if free(one) and item not in table.required)
    if not table.required or not (spare or len(table.required) > 1):
        raise NotTried("nothing_to_refuse", function=clause.function)
    who = await world.user(case, clause.function)
    did = await world.collect(case, who, clause.function, needed(table))
    trial.control("give what the function needs", "提供所需信息", did.says(), held=did.answer.ok)
    other = await world.user(case, clause.function)
    some = spare[:1] or sorted(table.required)[:1]
    lost = await world.collect(case, other, clause.function, some)
    told = lost.answer.body.get("effect")
    trial.attempt(
        "go on without it",
        "不提供而继续",
        f"{lost.says()}; told: {told}",
        held=lost.refused_for("required_item_missing") and told == clause.effect,
    )


SCENARIOS = (
    Scenario("runs when it may", FunctionClause, runs_when_it_may, always),
    Scenario("for this purpose", PurposeClause, for_this_purpose, always),
    Scenario("costs what it says", RefusalClause, costs_what_it_says, always),
)
