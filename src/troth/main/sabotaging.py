"""`troth prove --sabotage`: a scratch system for whatever is taken away, and the trials made again on it.

One system for all clauses of a policy, and one for each enforcement point that anything rests on, for all
policies together; a few systems at a time, since trials wait more than they work. Where a record is kept, a
proof that was cut short goes on from the parts that were done. Decides no verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from troth.main.prove import SYSTEMS, Proven, Telling, system
from troth.policy.compiled import Compiled
from troth.prove.changes import VARIANTS
from troth.prove.points import POINTS, Point
from troth.prove.proof import Outcome
from troth.prove.record import Record
from troth.prove.sabotage import Blow, Sabotage, by_clause, by_point, clauses_struck, struck_by

BESIDE = 3
"""Trials that do not rest on a point and are made without it all the same, for each policy and point."""
BESIDE_CLAUSES = 30
"""The same for all clauses of a policy together."""
CLAUSES = "clauses"

_Texts = Mapping[str, tuple[str, Compiled]]


async def sabotaged(
    found: _Texts,
    results: Sequence[Proven],
    *,
    points: Sequence[Point] = POINTS,
    record: Record | None = None,
    at_once: int,
    tell: Telling,
) -> Sequence[Proven]:
    """Make the trials that held again: without each clause, then without each point, a system for each."""
    places = asyncio.Semaphore(SYSTEMS)
    made = _Made(found, record or Record(), at_once, tell)
    struck = {point: _struck(point, results) for point in points}
    tell.ahead(
        sum(len(trials) for rows in struck.values() for _, trials in rows)
        + sum(len(clauses_struck(each.outcomes)) for each in results)
    )

    async def clauses(each: Proven) -> None:
        async with places:
            await made.without_clauses(each)

    async def point(taken: Point) -> None:
        async with places:
            await made.without(taken, struck[taken])

    async with asyncio.TaskGroup() as group:
        for each in results:
            group.create_task(clauses(each))
        for each in points:
            group.create_task(point(each))
    return [replace(each, sabotage=made.of(each.compiled, points)) for each in results]


_Rows = Sequence[tuple[Compiled, Mapping[Outcome, bool]]]


def _struck(point: Point, results: Sequence[Proven]) -> _Rows:
    """Return what is to be made again without ``point``, by policy; nothing, where nothing rests on it."""
    rows = [(each.compiled, struck_by(point, each.outcomes, BESIDE)) for each in results]
    return [(compiled, trials) for compiled, trials in rows if trials]


@dataclass(frozen=True, slots=True)
class _Made:
    """The parts of a sabotage: those on record are not made again."""

    found: _Texts
    record: Record
    at_once: int
    tell: Telling

    async def without_clauses(self, each: Proven) -> None:
        """Make the trials of a policy again without each of its clauses."""
        name, compiled = each.compiled.policy.name, each.compiled
        if self.record.has(compiled, CLAUSES):
            return
        async with system({name: self.found[name]}, self.tell, VARIANTS, known=self.found, hire=()) as world:
            self.tell.say(f"{name} without each of its clauses")
            world.pace.at_once(self.at_once)
            blows = await by_clause(
                world, compiled, each.outcomes, unrelated=BESIDE_CLAUSES, done=self.tell.struck
            )
        self.record.add(compiled, CLAUSES, blows)

    async def without(self, point: Point, rows: _Rows) -> None:
        """Make the trials of all policies again that rest on a point, and some beside, without it."""
        left = [(compiled, trials) for compiled, trials in rows if not self.record.has(compiled, point.name)]
        if not left:
            return
        texts = {str(each.policy.name): self.found[each.policy.name] for each, _ in left}
        async with system(texts, self.tell, point.name, known=self.found, hire=()) as world:
            self.tell.say(f"without '{point.name}'")
            world.pace.at_once(self.at_once)
            blows = await asyncio.gather(
                *(by_point(world, *row, point=point, done=self.tell.struck) for row in left)
            )
        for (compiled, _), found in zip(left, blows, strict=True):
            self.record.add(compiled, point.name, found)

    def of(self, compiled: Compiled, points: Sequence[Point]) -> Sabotage:
        """Return all that was made for one policy."""
        blows: list[Blow] = []
        for part in (CLAUSES, *(point.name for point in points)):
            blows += self.record.of(compiled, part)
        return Sabotage(tuple(blows))
