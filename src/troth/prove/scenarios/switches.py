"""Switches: off is off for all they cover, on lets it run, and the first position is the stated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.devices.permissions import streams
from troth.policy.clauses import Scope, SwitchClause
from troth.policy.statement_words import Act
from troth.policy.statements import CaseClause
from troth.prove.case import Case, NotTried
from troth.prove.scenarios.sharing import give, ready
from troth.prove.trial import Scenario, Trial
from troth.prove.world import REGISTER, chosen, free, needed, permissions, purpose_for
from troth.terms import ActorKind, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.policy.compiled import FunctionTable
    from troth.prove.story.person import Answer
    from troth.prove.world import Did, Someone, World
    from troth.terms import FunctionName, ItemName


async def off_is_off(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever switches off is not collected from; switched on again, they are."""
    clause = case.said(SwitchClause)
    by_device = clause.scope is Scope.DEVICE
    for function in sorted(clause.functions):
        table = case.compiled.functions[function]
        items = _covered(clause, table) if by_device else None
        if items is not None and not (items and streams(table)):
            continue
        try:
            who, items = await _ready(world, case, function, items)
            first = await _collect(world, case, who, function, items, by_device=by_device)
        except NotTried:
            continue
        line = trial.control if clause.default_on else trial.attempt
        line(
            f"collect for {function} before anyone touched the switch",
            f"未动开关时为 {function} 收集",
            first.says(),
            held=first.answer.ok if clause.default_on else first.refused,
        )
        (await _turn(who, clause, on=True)).require()
        on = await _collect(world, case, who, function, items, by_device=by_device)
        trial.control("collect while it is on", "开启时收集", on.says(), held=on.answer.ok)
        other, items = await _ready(world, case, function, items if by_device else None)
        (await _turn(other, clause, on=False)).require()
        off = await _collect(world, case, other, function, items, by_device=by_device)
        trial.attempt(
            "collect while it is off",
            "关闭时收集",
            off.says(),
            held=off.refused_for("switched_off", "topic_refused", "denied", "dropped"),
        )
        return
    raise NotTried("switch_for_devices")


async def _ready(
    world: World, case: Case, function: FunctionName, items: frozenset[ItemName] | None
) -> tuple[Someone, frozenset[ItemName]]:
    """Return someone for whom the function runs as far as the switch goes, and items to try it with."""
    table = case.compiled.functions[function]
    who = await world.person(case)
    if chosen(table):
        (await world.choose(case, who, function)).require()
    for need in [*table.needs, *permissions(table)]:
        await world.meet(case, who, function, need)
    for item in sorted(items or ()):
        if not free(table.items[item]):
            (await world.choose(case, who, function, item)).require()
    if items is None:
        return who, await world.stuff(case, who, function)
    if who.way is None:
        await world.bind(who)
    if table.required:
        (await world.collect(case, who, function, table.required)).answer.require()
    return who, items


async def _collect(
    world: World,
    case: Case,
    who: Someone,
    function: FunctionName,
    items: frozenset[ItemName],
    *,
    by_device: bool,
) -> Did:
    if by_device:
        return await world.send(case, who, function, items)
    return await world.collect(case, who, function, items)


async def _turn(who: Someone, clause: SwitchClause, *, on: bool) -> Answer:
    device = {"device": who.device} if clause.scope is Scope.DEVICE and who.device else {}
    return await who.ask("PUT", f"/v1/me/switches/{clause.switch}", {"on": on} | device)


def _covered(clause: SwitchClause, table: FunctionTable) -> frozenset[ItemName]:
    """Return what the switch covers of what a device sends for a function."""
    covered = clause.items or table.items.keys()
    return frozenset(item for item in covered if item in table.items and item not in table.required)


async def off_is_unused(world: World, case: Case, trial: Trial) -> None:
    """Show that what is on file is not used while the switch for using is off, and is otherwise."""
    clause = case.said(SwitchClause)
    for function in sorted(clause.functions - {REGISTER}):
        table = case.compiled.functions[function]
        purpose = purpose_for(table, Verb.USE, ActorKind.SERVICE)
        if purpose is None:
            continue
        try:
            who, items = await _ready(world, case, function, None)
            (await world.collect(case, who, function, needed(table, *items))).answer.require()
        except (NotTried, RuntimeError):
            continue
        on = await world.open(Verb.USE, who, function, purpose, items)
        trial.control(
            f"use it for {purpose} while it is on",
            f"开启时为 {purpose} 使用",
            on.says(),
            held=on.items == items,
        )
        (await _turn(who, clause, on=False)).require()
        off = await world.open(Verb.USE, who, function, purpose, items)
        trial.attempt(
            "use it while it is off", "关闭时使用", off.says(), held=off.refused_for("switched_off")
        )
        return
    raise NotTried("no_service_may", verb=Verb.USE.value)


async def off_is_not_given(world: World, case: Case, trial: Trial) -> None:
    """Show that nothing is given to others while the switch for that is off, and is otherwise."""
    clause = case.said(SwitchClause)
    for listed in case.compiled.all(CaseClause):
        if listed.act != Act.SHARE:
            continue
        try:
            giving = await ready(world, case, listed, among=clause.functions)
        except NotTried:
            continue
        on = await give(world, giving)
        trial.control(
            "give it to a receiver while it is on",
            "开启时向接收方提供",
            on.says(),
            held=on.items == giving.items,
        )
        (await _turn(giving.who, clause, on=False)).require()
        off = await give(world, giving)
        trial.attempt(
            "give it while it is off", "关闭时提供", off.says(), held=off.refused_for("switched_off")
        )
        return
    raise NotTried("nothing_shared")


def _stops(*verbs: Verb) -> Callable[[Case], bool]:
    """Fit switches that name one of these verbs."""
    return lambda case: bool(case.said(SwitchClause).verbs.intersection(verbs))


def _stops_collecting(case: Case) -> bool:
    verbs = case.said(SwitchClause).verbs
    return not verbs or Verb.COLLECT in verbs


SCENARIOS = (
    Scenario("off is off", SwitchClause, off_is_off, _stops_collecting),
    Scenario("off is unused", SwitchClause, off_is_unused, _stops(Verb.USE)),
    Scenario("off is not given", SwitchClause, off_is_not_given, _stops(Verb.SHARE)),
)
