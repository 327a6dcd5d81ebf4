"""The end of the service: people are told, nothing comes in from its moment on, and what is held is erased.

Tried on a copy of the policy that nobody else is under, so that it can end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth.policy.period import Unit
from troth.policy.statement_words import CessationStep
from troth.policy.statements import CessationClause
from troth.policy.words import Channel
from troth.prove import nexts
from troth.prove.case import Case, NotTried
from troth.prove.seen import lasting
from troth.prove.trial import Scenario, Trial
from troth.prove.world import REGISTER

if TYPE_CHECKING:
    from troth.prove.world import Did, Someone, World
    from troth.terms import FunctionName

_AHEAD = timedelta(days=1)
"""The same in every trial: they share a policy, and the first end announced for a function stands."""
_WRITTEN = frozenset({Channel.INDIVIDUAL, Channel.SMS, Channel.EMAIL})
_SPANS = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1)}


async def stops(world: World, case: Case, trial: Trial) -> None:
    """Show that a function takes data until its end, and none from then on; another one goes on."""
    copy = replace(case, policy=nexts.called(case.policy, nexts.ENDING))
    names = await _two(world, copy)
    at = world.levers.now() + _AHEAD
    who = {name: await world.user(copy, name) for name in names}
    before = await _collect(world, copy, who[names[0]], names[0])
    trial.control(
        f"collect for {names[0]} before its end",
        f"终止前为 {names[0]} 收集",
        before.says(),
        held=before.answer.ok,
    )
    await _announce(world, copy, at, [names[0]])
    await world.pace.until(at + timedelta(minutes=2))
    late = await _collect(world, copy, who[names[0]], names[0])
    trial.attempt(
        f"collect for {names[0]} after its end",
        f"终止后为 {names[0]} 收集",
        late.says(),
        held=late.refused_for("unknown_function", "topic_refused"),
    )
    other = await _collect(world, copy, who[names[1]], names[1])
    trial.control(
        f"collect for {names[1]}, which does not end",
        f"为未终止的 {names[1]} 收集",
        other.says(),
        held=other.answer.ok,
    )


async def told(world: World, case: Case, trial: Trial) -> None:
    """Show that people are told before the end, and that an end that leaves no time for it is refused."""
    copy = replace(case, policy=nexts.called(case.policy, nexts.ENDING))
    names = await _two(world, copy)
    who = await world.user(copy, names[0])
    (await world.collect(copy, who, names[0], await world.stuff(copy, who, names[0]))).answer.require()
    hasty = await _ask(world, copy, world.levers.now(), [names[0]])
    trial.attempt(
        "end it at once, before anyone could be told",
        "未及通知即终止",
        f"{hasty[0]} {hasty[1]}",
        held=hasty[1] == "too_soon",
    )
    number = await _announce(world, copy, world.levers.now() + _AHEAD, [names[0]])
    ways = frozenset(case.said(CessationClause).by)

    async def announced() -> bool:
        public = await world.stranger().listed(f"/v1/notices?policy={copy.policy}")
        return any(each.get("matter") == number for each in public)

    async def told_each() -> bool:
        letters = [each.text for each in world.letters(*who.addresses)]
        if ways & _WRITTEN:
            return any("ends on" in each or "终止" in each for each in letters)
        return any(each.get("matter") == number for each in await who.person.listed("/v1/me/notices"))

    if Channel.ANNOUNCEMENT in ways:
        seen = await world.waiting(announced)
        trial.control(
            "announce the end of a function to everybody",
            "向公众公告终止一项功能",
            "announced" if seen else "nothing was announced",
            held=seen,
        )
    if ways - {Channel.ANNOUNCEMENT}:
        seen = await world.waiting(told_each)
        trial.control(
            "tell those who use it one by one",
            "逐一告知使用者",
            "told" if seen else "nobody was told",
            held=seen,
        )


async def erased(world: World, case: Case, trial: Trial) -> None:
    """Show that what an ended function held is gone by the day stated, and another keeps its own."""
    clause = case.said(CessationClause)
    span = _SPANS.get(clause.within.unit) if clause.within else None
    if clause.within is None or span is None:
        raise NotTried("no_span")
    copy = replace(case, policy=nexts.called(case.policy, nexts.ENDING))
    names = await _two(world, copy)
    who = {name: await world.user(copy, name) for name in names}
    for name, person in who.items():
        (await _collect(world, copy, person, name)).answer.require()
    held = {name: await _held(world, copy, person, name) for name, person in who.items()}
    at = world.levers.now() + _AHEAD
    await _announce(world, copy, at, [names[0]])
    await world.pace.until(at + clause.within.value * span - timedelta(hours=1))
    left = await world.seen(0, _HELD, _where(copy, who[names[0]], names[0]))
    trial.attempt(
        f"hold on to it after {clause.within.value} {clause.within.unit}",
        f"终止 {lasting(clause.within)} 后仍保留",
        f"{held[names[0]]} rows before, {left} left",
        held=held[names[0]] > 0 and left == 0,
    )
    kept = await _held(world, copy, who[names[1]], names[1])
    trial.control(
        f"keep what {names[1]} holds, which does not end",
        f"保留未终止的 {names[1]} 的信息",
        f"{kept} rows",
        held=kept == held[names[1]] > 0,
    )


_HELD = (
    "SELECT count(*) FROM document_wrap w JOIN document d USING (subject, record)"
    " WHERE w.subject = %(subject)s AND w.function = %(function)s"
)


def _where(case: Case, who: Someone, function: FunctionName) -> dict[str, object]:
    return {"subject": who.account, "function": f"{case.policy}/{function}"}


async def _held(world: World, case: Case, who: Someone, function: FunctionName) -> int:
    return await world.evidence.value(_HELD, _where(case, who, function))


async def _two(world: World, case: Case) -> list[FunctionName]:
    """Return two functions that keep what they take from a person or a service: one to end, one to go on."""
    found: list[FunctionName] = []
    for name, table in sorted(case.compiled.functions.items()):
        if name == REGISTER or table.lost_with or table.gone_with or table.refusal.also:
            continue
        try:
            who = await world.user(case, name)
            did = await _collect(world, case, who, name)
        except (NotTried, RuntimeError):
            continue
        if did.answer.ok and await _held(world, case, who, name):
            found.append(name)
        if len(found) == 2:  # noqa: PLR2004 - one to end, one to go on
            return found
    raise NotTried("not_two")


async def _collect(world: World, case: Case, who: Someone, function: FunctionName) -> Did:
    return await world.collect(case, who, function, await world.stuff(case, who, function))


async def _announce(world: World, case: Case, at: datetime, functions: list[FunctionName]) -> str:
    office = await world.staff()
    body = {"policy": case.policy, "functions": functions, "at": at.isoformat()}
    return str((await office.ask("POST", "/v1/staff/endings", body)).require()["matter"])


async def _ask(world: World, case: Case, at: datetime, functions: list[FunctionName]) -> tuple[int, str]:
    office = await world.staff()
    body = {"policy": case.policy, "functions": functions, "at": at.isoformat()}
    answer = await office.ask("POST", "/v1/staff/endings", body)
    return answer.status, answer.reason


def _step(step: CessationStep) -> Callable[[Case], bool]:
    return lambda case: case.said(CessationClause).name == step


SCENARIOS = (
    Scenario("stops at its end", CessationClause, stops, _step(CessationStep.STOP)),
    Scenario("told of the end", CessationClause, told, _step(CessationStep.NOTICE)),
    Scenario("erased after the end", CessationClause, erased, _step(CessationStep.ERASE)),
)
