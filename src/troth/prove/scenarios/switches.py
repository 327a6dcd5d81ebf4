"""Switches: off is off for all they cover, on lets it run, and the first position is the stated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import Scope, SwitchClause
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import chosen, free, permissions

if TYPE_CHECKING:
    from troth.prove.story.person import Answer
    from troth.prove.world import Did, Someone, World
    from troth.terms import FunctionName, ItemName


async def off_is_off(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever switches off is not collected from; switched on again, they are."""
    clause = case.said(SwitchClause)
    by_device = clause.scope is Scope.DEVICE
    for function in sorted(clause.functions):
        table = case.compiled.functions[function]
        items = frozenset(i for i in table.items if i not in table.required) if by_device else None
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


SCENARIOS = (Scenario("off is off", SwitchClause, off_is_off, always),)
