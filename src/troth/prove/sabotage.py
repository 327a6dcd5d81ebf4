"""Whether a proof would notice: what it rests on is taken away, and the trials are made again.

At two levels: a clause taken out of the policy (or turned) while the person under it is promised the whole,
and an enforcement point taken out of the code. What rests on it must break, and what does not must hold. A
promise that breaks nowhere was never shown. Runs trials on a world that is handed in; starts no system.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, TypeVar

from troth.prove.case import Case
from troth.prove.proof import Outcome, Verdict, attempt
from troth.prove.scenarios import by_type
from troth.prove.trial import Kind
from troth.prove.variants import TAKEN_AWAY, variants
from troth.prove.world import REGISTER

if TYPE_CHECKING:
    from troth.policy.clauses import Clause
    from troth.policy.compiled import Compiled
    from troth.prove.points import Point
    from troth.prove.variants import Variant
    from troth.prove.world import World
    from troth.terms import ClauseId

T = TypeVar("T")
SHOWN = frozenset({Verdict.KEPT, Verdict.FACT})
_WORDS = re.compile(r"\w+")
_SEED = 6
_TURNED = "turned"


@dataclass(frozen=True, slots=True)
class Blow:
    """One trial made under one sabotage: whether it rests on what was taken away, and whether it broke."""

    clause: ClauseId
    scenario: str
    by: str
    related: bool
    broke: bool


@dataclass(frozen=True, slots=True)
class Sabotage:
    """All the trials of one policy that were made under sabotage."""

    blows: tuple[Blow, ...]

    def broken_by(self, outcome: Outcome) -> tuple[str, ...]:
        """Return what broke a trial: a point by name, or what was done to its clause."""
        return tuple(
            blow.by
            for blow in self.blows
            if blow.related and blow.broke and _same(blow, outcome.clause, outcome.scenario)
        )

    @property
    def collateral_percent(self) -> float:
        """Return how many of the trials that rest on something else broke too, in percent."""
        others = [blow for blow in self.blows if not blow.related]
        return round(100 * sum(blow.broke for blow in others) / len(others), 1) if others else 0.0


def rests(point: Point, outcome: Outcome) -> bool:
    """Return whether a trial rests on a point: it is named there, or an attempt of it was refused by it."""
    if outcome.scenario in point.trials:
        return True
    return any(
        line.kind is Kind.ATTEMPT and not point.reasons.isdisjoint(_WORDS.findall(line.seen))
        for line in outcome.lines
    )


async def by_point(
    world: World,
    compiled: Compiled,
    outcomes: Iterable[Outcome],
    point: Point,
    *,
    unrelated: int,
    at_once: int,
    done: Callable[[Blow], None],
) -> tuple[Blow, ...]:
    """Make every trial again that rests on ``point``, and some ``unrelated`` ones, where it is missing."""
    kept = [outcome for outcome in outcomes if outcome.verdict is Verdict.KEPT]
    related = [outcome for outcome in kept if rests(point, outcome)]
    others = [outcome for outcome in kept if not rests(point, outcome)]
    some = Random(_SEED).sample(others, min(unrelated, len(others)))  # noqa: S311 - a sample, not a secret

    async def one(outcome: Outcome) -> Blow:
        again = await _again(world, compiled, outcome)
        broke = again.verdict is Verdict.BROKEN
        return Blow(outcome.clause, outcome.scenario, point.name, outcome in related, broke)

    world.pace.at_once(at_once)
    return await _all([*related, *some], one, done)


async def by_clause(
    world: World,
    compiled: Compiled,
    outcomes: Iterable[Outcome],
    *,
    at_once: int,
    done: Callable[[Blow], None],
) -> tuple[Blow, ...]:
    """Take away (or else turn) the clause of every trial that held, and make it again, and one other."""
    shown = [outcome for outcome in outcomes if outcome.verdict in SHOWN]
    ways: dict[ClauseId, list[Variant]] = {}
    for variant in variants(compiled):
        ways.setdefault(variant.clause, []).append(variant)
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    bystanders = {id(each): _bystander(compiled, each, shown, chance) for each in shown}

    async def one(outcome: Outcome) -> Sequence[Blow]:
        found: list[Blow] = []
        for variant in ways.get(outcome.clause, ()):
            again = await _again(world, compiled, outcome, variant)
            by = variant.how if variant.how == TAKEN_AWAY else f"{variant.how} {_TURNED}"
            broke = again.verdict is Verdict.BROKEN
            found.append(Blow(outcome.clause, outcome.scenario, by, related=True, broke=broke))
            other = bystanders[id(outcome)]
            if broke and other is not None:
                beside = await _again(world, compiled, other, variant)
                lost = beside.verdict is Verdict.BROKEN
                found.append(Blow(other.clause, other.scenario, by, related=False, broke=lost))
            if broke:
                break
        for blow in found:
            done(blow)
        return found

    world.pace.at_once(at_once)
    rows = await _all(shown, one, lambda _: None)
    return tuple(blow for row in rows for blow in row)


async def _all(
    outcomes: Sequence[Outcome],
    one: Callable[[Outcome], Awaitable[T]],
    done: Callable[[T], None],
) -> tuple[T, ...]:
    async def in_turn(outcome: Outcome) -> T:
        found = await one(outcome)
        done(found)
        return found

    return tuple(await asyncio.gather(*map(in_turn, outcomes)))


async def _again(
    world: World, compiled: Compiled, outcome: Outcome, variant: Variant | None = None
) -> Outcome:
    clause = compiled.clauses[outcome.clause]
    scenario = next(each for each in by_type()[type(clause)] if each.name == outcome.scenario)
    name = variant.name if variant is not None else compiled.policy.name
    return await attempt(world, Case(name, compiled, clause), scenario)


def _bystander(
    compiled: Compiled, outcome: Outcome, shown: Sequence[Outcome], chance: Random
) -> Outcome | None:
    """Return a trial that has nothing to do with the clause of another: of a function apart from its own."""
    clause = compiled.clauses[outcome.clause]
    ours = _function(clause)
    if ours is None or ours == REGISTER:
        return None
    near = {ours, *_linked(compiled, ours)}
    apart = [
        each
        for each in shown
        if each.verdict is Verdict.KEPT
        and (other := _function(compiled.clauses[each.clause])) is not None
        and other not in near
    ]
    return chance.choice(apart) if apart else None


def _linked(compiled: Compiled, function: str) -> Iterable[str]:
    """Return the functions that go with this one, or with which it goes."""
    for name, table in compiled.functions.items():
        if function in table.refusal.also:
            yield name
        if name == function:
            yield from table.refusal.also


def _function(clause: Clause) -> str | None:
    return getattr(clause, "function", None)


def _same(blow: Blow, clause: ClauseId, scenario: str) -> bool:
    return blow.clause == clause and blow.scenario == scenario


@dataclass(frozen=True, slots=True)
class Cell:
    """Of one kind of trial under one sabotage: how many broke of those that rest on it, and of the others."""

    broken: int = 0
    made: int = 0
    lost: int = 0
    beside: int = 0

    def with_(self, blow: Blow) -> Cell:
        """Count one more."""
        if blow.related:
            return replace(self, broken=self.broken + blow.broke, made=self.made + 1)
        return replace(self, lost=self.lost + blow.broke, beside=self.beside + 1)


def matrix(sabotages: Iterable[Sabotage]) -> Mapping[str, Mapping[str, Cell]]:
    """Return for each kind of trial what each sabotage broke; all ways to turn a clause are one."""
    rows: dict[str, dict[str, Cell]] = {}
    for sabotage in sabotages:
        for blow in sabotage.blows:
            by = _TURNED if blow.by.endswith(_TURNED) else blow.by
            row = rows.setdefault(blow.scenario, {})
            row[by] = row.get(by, Cell()).with_(blow)
    return rows
