"""`troth prove --sabotage`: a scratch system for whatever is taken away, and the trials made again on it.

One system for all clauses of a policy, one for each enforcement point that anything rests on. Where a record
is kept, a proof that was cut short goes on from the last part that was done. Decides no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from troth.main.prove import Proven, Telling, system
from troth.policy.compiled import Compiled
from troth.prove.changes import VARIANTS
from troth.prove.points import POINTS, Point
from troth.prove.record import Record
from troth.prove.sabotage import Blow, Sabotage, by_clause, by_point, clauses_struck, struck_by

BESIDE = 6
"""Trials that do not rest on a point and are made without it all the same, for each policy and point."""
BESIDE_CLAUSES = 40
"""The same for all clauses of a policy together."""
CLAUSES = "clauses"


async def sabotaged(
    found: Mapping[str, tuple[str, Compiled]],
    results: Sequence[Proven],
    *,
    points: Sequence[Point] = POINTS,
    record: Record | None = None,
    at_once: int,
    tell: Telling,
) -> Sequence[Proven]:
    """Make the trials that held again: without each clause, then without each point, a system for each."""
    kept = record or Record()
    plan = {
        (result.compiled.policy.name, point.name): trials
        for point in points
        for result in results
        if (trials := struck_by(point, result.outcomes, BESIDE))
    }
    ahead = sum(map(len, plan.values())) + sum(len(clauses_struck(each.outcomes)) for each in results)
    tell.ahead(ahead)
    for each in results:
        name, compiled = each.compiled.policy.name, each.compiled
        if kept.has(compiled, CLAUSES):
            continue
        tell.say(f"{name} without each of its clauses")
        async with system({name: found[name]}, tell, VARIANTS, hire=()) as world:
            blows = await by_clause(
                world,
                compiled,
                each.outcomes,
                unrelated=BESIDE_CLAUSES,
                at_once=at_once,
                done=tell.struck,
            )
        kept.add(compiled, CLAUSES, blows)
    for point in points:
        concerned = [
            each
            for each in results
            if (each.compiled.policy.name, point.name) in plan and not kept.has(each.compiled, point.name)
        ]
        if not concerned:
            continue
        named = {str(each.compiled.policy.name): found[each.compiled.policy.name] for each in concerned}
        async with system(named, tell, point.name, hire=()) as world:
            for each in concerned:
                name = each.compiled.policy.name
                tell.say(f"{name} without '{point.name}'")
                trials = plan[name, point.name]
                blows = await by_point(world, each.compiled, point, trials, at_once=at_once, done=tell.struck)
                kept.add(each.compiled, point.name, blows)
    return [replace(each, sabotage=_all(kept, each.compiled, points)) for each in results]


def _all(kept: Record, compiled: Compiled, points: Sequence[Point]) -> Sabotage:
    blows: list[Blow] = []
    for part in (CLAUSES, *(point.name for point in points)):
        blows += kept.of(compiled, part)
    return Sabotage(tuple(blows))
