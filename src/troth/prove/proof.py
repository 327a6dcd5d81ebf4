"""Running every scenario of every clause, and what follows for each promise.

A promise is kept when a clause that carries it was tried, every line held, and no other clause of it broke.
What was not tried says why; what lies outside software is attested. Decides verdicts; runs nothing itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx

from troth.policy.clauses import AttestedClause, Clause
from troth.policy.promises import carried
from troth.prove.case import Case, NotTried
from troth.prove.pulse import WAITS, Waits
from troth.prove.scenarios import by_type
from troth.prove.trial import Kind, Scenario, Trial, Tried
from troth.prove.why import Why, Words, waits_for
from troth.terms import ClauseId

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.prove.world import World
    from troth.terms import PolicyName

BUSY = "too_busy"
_LIMIT_S = 180
_ALONE = 2
"""So many trials at once are made again, of those that ran late."""
_TOO_LATE = (TimeoutError, httpx.TransportError)


class Verdict(StrEnum):
    """What a proof says of a clause or a promise."""

    BROKEN = "broken"
    KEPT = "kept"
    FACT = "fact"  # a plain fact, shown as it should be; counted apart
    ATTESTED = "attested"
    NOT_PROVABLE = "not_provable"
    NOT_BUILT = "not_built"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario of one clause: its lines, or why it could not be tried.

    ``late``: something was waited for in vain, or took too long.
    """

    clause: ClauseId
    scenario: str
    lines: tuple[Tried, ...]
    why_not: Why | None
    ms: int
    late: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return what the lines amount to. A broken line weighs more than a trial that was not finished."""
        if any(not line.held for line in self.lines):
            return Verdict.BROKEN
        kinds = {line.kind for line in self.lines}
        if self.why_not is None and kinds == {Kind.FACT}:
            return Verdict.FACT
        if self.why_not is None and {Kind.CONTROL, Kind.ATTEMPT} <= kinds:
            return Verdict.KEPT
        return Verdict.NOT_PROVABLE


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise: its verdict, what was tried for it, and why it is not proven (None: it is)."""

    promise: str
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    why: Why | None


async def prove(
    world: World,
    policy: PolicyName,
    compiled: Compiled,
    *,
    only: Callable[[Clause], bool] = lambda _clause: True,
    at_once: int = 6,
    done: Callable[[Outcome], None] = lambda _outcome: None,
) -> tuple[Outcome, ...]:
    """Try every clause that ``only`` lets through, some ``at_once``, on the policy called ``policy``.

    What broke because something did not come in time is tried again in the end, a few at once: what is broken
    breaks then too.
    """

    async def one(clause: Clause, scenario: Scenario, before: Outcome | None = None) -> Outcome:
        if before is not None and not too_late(before):
            return before
        outcome = await attempt(world, Case(policy, compiled, clause), scenario)
        if before is not None or not too_late(outcome):
            done(outcome)
        return outcome

    plan = _plan(policy, compiled, only)
    world.pace.at_once(at_once)
    first = await asyncio.gather(*(one(*each) for each in plan))
    world.pace.at_once(_ALONE)
    again = (one(*each, before) for each, before in zip(plan, first, strict=True))
    return tuple(await asyncio.gather(*again))


def too_late(outcome: Outcome) -> bool:
    """Return whether a trial says nothing yet, since what did not come in time may be slow only."""
    return outcome.late and outcome.verdict in {Verdict.BROKEN, Verdict.NOT_PROVABLE}


def settled(outcome: Outcome) -> bool:
    """Return whether another try of a trial would come to the same: it held, or can't be made here."""
    busy = outcome.why_not is not None and outcome.why_not.code == BUSY
    return outcome.verdict is not Verdict.BROKEN and not busy


def planned(compiled: Compiled, only: Callable[[Clause], bool]) -> int:
    """Return how many trials `prove` would make."""
    return len(_plan(compiled.policy.name, compiled, only))


def _plan(
    policy: PolicyName, compiled: Compiled, only: Callable[[Clause], bool]
) -> list[tuple[Clause, Scenario]]:
    known = by_type()
    return [
        (clause, scenario)
        for clause in compiled.policy.clauses
        if only(clause)
        for scenario in known.get(type(clause), ())
        if scenario.fits(Case(policy, compiled, clause))
    ]


async def attempt(world: World, case: Case, scenario: Scenario) -> Outcome:
    """Run one scenario; whatever goes wrong is a line that did not hold.

    But where something did not come in time, and the system does nothing in good time just now, nothing was
    seen: neither that the clause is kept nor that it is broken.
    """
    trial, waits, why_not, start = Trial(), Waits(), None, 0.0
    token = WAITS.set(waits)
    try:
        async with world.pace.trial(world.pulse.patience(_LIMIT_S)):
            start = time.perf_counter()
            await scenario.act(world, case, trial)
    except NotTried as reason:
        why_not = reason.why
    except Exception as problem:  # noqa: BLE001 - whatever it was, the clause was not seen to be kept
        waits.vain |= isinstance(problem, _TOO_LATE)
        words = Words("the trial can be carried to its end", "试验可以完成")
        seen = f"{type(problem).__name__}: {problem}"[:300]
        trial.lines.append(Tried(Kind.CONTROL, words, seen, held=False))
    finally:
        WAITS.reset(token)
    ms = round((time.perf_counter() - start) * 1000)
    found = Outcome(case.clause.id, scenario.name, tuple(trial.lines), why_not, ms, waits.vain)
    if too_late(found) and not await world.prompt():
        return replace(found, lines=(), why_not=Why.of(BUSY))
    return found


def judged(compiled: Compiled, promises: Iterable[str], outcomes: Iterable[Outcome]) -> tuple[Judged, ...]:
    """Return the verdict for each promise."""
    by_clause: dict[ClauseId, list[Outcome]] = {}
    for outcome in outcomes:
        by_clause.setdefault(outcome.clause, []).append(outcome)
    carrying = carried(compiled.policy)
    return tuple(_judge(each, carrying.get(each, ()), by_clause) for each in promises)


def _judge(promise: str, clauses: tuple[Clause, ...], by_clause: Mapping[ClauseId, list[Outcome]]) -> Judged:
    found = tuple(outcome for clause in clauses for outcome in by_clause.get(clause.id, ()))
    verdicts = [outcome.verdict for outcome in found]
    for verdict in (Verdict.BROKEN, Verdict.KEPT, Verdict.FACT):
        if verdict in verdicts:
            return Judged(promise, verdict, found, None)
    if not clauses:
        return Judged(promise, Verdict.NOT_BUILT, (), Why.of("no_clause"))
    if all(isinstance(clause, AttestedClause) for clause in clauses):
        return Judged(promise, Verdict.ATTESTED, (), None)
    reasons = [outcome.why_not for outcome in found if outcome.why_not]
    if reasons:
        return Judged(promise, Verdict.NOT_PROVABLE, found, reasons[0])
    told = [clause for clause in clauses if not isinstance(clause, AttestedClause)]
    return Judged(promise, Verdict.NOT_BUILT, (), waits_for(type(told[0]).__name__))
