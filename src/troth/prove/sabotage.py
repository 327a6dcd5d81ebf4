"""Whether a proof would notice: what it rests on is taken away, and the trials are made again.

At two levels: a clause taken out of the policy (or turned) while the person under it is promised the whole,
and an enforcement point taken out of the code. All that rests on it is tried again and must break; of what
does not, a sample is, and must hold. A promise that breaks nowhere was never shown. Runs trials on a world
that is handed in; starts no system.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from troth.prove.case import Case
from troth.prove.proof import BUSY, Outcome, Verdict, attempt, too_late
from troth.prove.scenarios import by_type
from troth.prove.trial import Kind
from troth.prove.variants import TAKEN_AWAY, variants
from troth.prove.world import REGISTER
from troth.terms import ClauseId

if TYPE_CHECKING:
    from troth.policy.clauses import Clause
    from troth.policy.compiled import Compiled
    from troth.prove.points import Point
    from troth.prove.variants import Variant
    from troth.prove.world import World

SHOWN = frozenset({Verdict.KEPT, Verdict.FACT})
_TRIED = frozenset({Verdict.BROKEN, *SHOWN})
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
    def sample(self) -> int:
        """Return how many trials were made again that rest on something else than what was taken away."""
        return sum(not blow.related for blow in self.blows)

    @property
    def collateral_percent(self) -> float:
        """Return how many of that sample broke too, in percent."""
        lost = sum(blow.broke for blow in self.blows if not blow.related)
        return round(100 * lost / self.sample, 1) if self.sample else 0.0


def rests(point: Point, outcome: Outcome) -> bool:
    """Return whether a trial rests on a point: it is named there, or an attempt of it was refused by it."""
    if outcome.scenario in point.trials:
        return True
    return any(
        line.kind is Kind.ATTEMPT and not point.reasons.isdisjoint(_WORDS.findall(line.seen))
        for line in outcome.lines
    )


def struck_by(point: Point, outcomes: Iterable[Outcome], unrelated: int) -> Mapping[Outcome, bool]:
    """Return the trials to make again without ``point``, and whether each rests on it.

    None, where nothing rests on it; else all that does, and a sample of at most ``unrelated`` others, another
    one for each point and the same one every time.
    """
    kept = [outcome for outcome in outcomes if outcome.verdict is Verdict.KEPT]
    related = [outcome for outcome in kept if rests(point, outcome)]
    if not related:
        return {}
    others = [outcome for outcome in kept if outcome not in related]
    chance = Random(f"{_SEED} {point.name}")  # noqa: S311 - a sample, not a secret
    some = chance.sample(others, min(unrelated, len(others)))
    return dict.fromkeys(related, True) | dict.fromkeys(some, False)


async def by_point(
    world: World,
    compiled: Compiled,
    trials: Mapping[Outcome, bool],
    *,
    point: Point,
    done: Callable[[], None],
) -> tuple[Blow, ...]:
    """Make ``trials`` again where ``point`` is missing, each with whether it rests on it."""

    async def one(outcome: Outcome) -> Sequence[Blow]:
        found = await _blow(world, compiled, outcome, point.name, related=trials[outcome])
        done()
        return found

    return _flat(await asyncio.gather(*map(one, trials)))


def clauses_struck(outcomes: Iterable[Outcome]) -> Sequence[Outcome]:
    """Return the trials to make again without their clauses."""
    return [outcome for outcome in outcomes if outcome.verdict in SHOWN]


async def by_clause(
    world: World,
    compiled: Compiled,
    outcomes: Iterable[Outcome],
    *,
    unrelated: int,
    done: Callable[[], None],
) -> tuple[Blow, ...]:
    """Take away (or else turn) the clause of every trial that held, and make it again.

    Of those that broke, a sample of ``unrelated`` is followed by a trial of something else, equally struck.
    """
    shown = clauses_struck(outcomes)
    ways: dict[ClauseId, list[Variant]] = {}
    for variant in variants(compiled):
        ways.setdefault(variant.clause, []).append(variant)
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    bystanders = {
        each: other
        for each in chance.sample(shown, len(shown))
        if (other := _bystander(compiled, each, shown, chance)) is not None
    }
    watched = dict(tuple(bystanders.items())[:unrelated])

    async def one(outcome: Outcome) -> Sequence[Blow]:
        found: list[Blow] = []
        for variant in ways.get(outcome.clause, ()):
            by = variant.how if variant.how == TAKEN_AWAY else f"{variant.how} {_TURNED}"
            blows = await _blow(world, compiled, outcome, by, variant, related=True)
            found += blows
            if any(blow.broke for blow in blows):
                if outcome in watched:
                    found += await _blow(world, compiled, watched[outcome], by, variant, related=False)
                break
        done()
        return found

    return _flat(await asyncio.gather(*map(one, shown)))


def _flat(rows: Iterable[Sequence[Blow]]) -> tuple[Blow, ...]:
    return tuple(blow for row in rows for blow in row)


async def _blow(
    world: World,
    compiled: Compiled,
    outcome: Outcome,
    by: str,
    variant: Variant | None = None,
    *,
    related: bool,
) -> Sequence[Blow]:
    """Make one trial again under one sabotage; nothing, where it could not be tried.

    What rests on something else, and broke because something did not come in time, has a second try.
    """
    again = await _again(world, compiled, outcome, variant)
    if not related and too_late(again):
        again = await _again(world, compiled, outcome, variant)
    if again.verdict not in _TRIED and not (related and again.why_not and again.why_not.code != BUSY):
        return ()
    broke = again.verdict is Verdict.BROKEN
    return (Blow(outcome.clause, outcome.scenario, by, related=related, broke=broke),)


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


def column(blow: Blow) -> str:
    """Return under which sabotage a trial is counted: all ways to turn a clause are one."""
    return _TURNED if blow.by.endswith(_TURNED) else blow.by


def matrix(sabotages: Iterable[Sabotage]) -> Mapping[str, Mapping[str, Cell]]:
    """Return for each kind of trial what each sabotage broke; all ways to turn a clause are one."""
    rows: dict[str, dict[str, Cell]] = {}
    for sabotage in sabotages:
        for blow in sabotage.blows:
            by = column(blow)
            row = rows.setdefault(blow.scenario, {})
            row[by] = row.get(by, Cell()).with_(blow)
    return rows
