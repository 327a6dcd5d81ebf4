"""What data is for: stated purposes serve stated aims, and beyond what is stated it is used for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from troth.policy.statement_words import Ask, Repurposed
from troth.policy.statements import AimClause, RepurposeClause
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import REGISTER, needed
from troth.terms import ActorKind, Purpose, Verb

if TYPE_CHECKING:
    from troth.prove.world import Someone, World
    from troth.terms import FunctionName, ItemName

_UNSTATED = Purpose("train_a_model_with_it")


async def serves_the_aim(world: World, case: Case, trial: Trial) -> None:
    """Show that what serves the aim goes through, and what serves none does not."""
    aim = case.said(AimClause).name
    function, purpose, who, items = await _in_use(world, case, lambda clause_serves: clause_serves == aim)
    did = await world.open(Verb.USE, who, function, purpose, items)
    trial.control(
        f"use for {purpose}, which serves {aim}",
        f"为服务于 {aim} 的 {purpose} 使用",
        did.says(),
        held=did.items == items,
    )
    await _refused(world, trial, (function, who, items), _UNSTATED, "for a purpose that serves no stated aim")


async def not_beyond(world: World, case: Case, trial: Trial) -> None:
    """Show that a further use is refused: unstated, stated of another function, or never to be made."""
    function, purpose, who, items = await _in_use(world, case, lambda _aim: True)
    did = await world.open(Verb.USE, who, function, purpose, items)
    trial.control(f"use for {purpose}", f"为 {purpose} 使用", did.says(), held=did.items == items)
    clause = case.said(RepurposeClause)
    if clause.needs == Ask.NEVER:
        await _refused(world, trial, (function, who, items), Purpose(clause.name), "for what is never done")
        return
    if clause.name == Repurposed.UNSTATED:
        await _refused(world, trial, (function, who, items), _UNSTATED, "for what is not stated")
        return
    table = case.compiled.functions
    others = sorted({p for name in table for p in table[name].purposes} - set(table[function].purposes))
    if not others:
        raise NotTried("no_other_purpose", function=function)
    await _refused(world, trial, (function, who, items), others[0], "for what is stated of another function")


async def _refused(
    world: World,
    trial: Trial,
    what: tuple[FunctionName, Someone, frozenset[ItemName]],
    purpose: Purpose,
    en: str,
) -> None:
    function, who, items = what
    did = await world.open(Verb.USE, who, function, purpose, items)
    trial.attempt(
        f"use the same {en}: {purpose}",
        f"为 {purpose} 使用同样的信息",
        did.says(),
        held=did.refused_for("purpose_undeclared"),
    )


async def _in_use(
    world: World, case: Case, fits: Callable[[str | None], bool]
) -> tuple[FunctionName, Purpose, Someone, frozenset[ItemName]]:
    """Return something of one person that a service may use for a purpose that fits."""
    for function, table in sorted(case.compiled.functions.items()):
        for purpose, clause in table.purposes.items():
            by_service = Verb.USE in clause.verbs and ActorKind.SERVICE in clause.by and not clause.only_on
            if not by_service or not fits(clause.serves):
                continue
            try:
                who = await world.user(case, function)
                items = await world.stuff(case, who, function)
                if function != REGISTER:
                    (await world.collect(case, who, function, needed(table, *items))).answer.require()
            except NotTried:
                continue
            return function, purpose, who, items - {"password", "verification_code"}
    raise NotTried("no_service_may", verb="use")


def _tried(case: Case) -> bool:
    clause = case.said(RepurposeClause)
    return clause.needs == Ask.NEVER or clause.name in {Repurposed.UNSTATED, Repurposed.OTHER_STATED}


SCENARIOS = (
    Scenario("serves the aim", AimClause, serves_the_aim, always),
    Scenario("not beyond", RepurposeClause, not_beyond, _tried),
)
