"""What a policy wants done when data leaked: who says what to whom, by when, and what must be there to close.

Pure: knows no incident and no person; the workflow is `troth.breach`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from troth.policy.calendar import WorkingDays, end
from troth.policy.compiled import Compiled
from troth.policy.statement_words import BreachStep, Measure
from troth.policy.statements import BreachClause, ProtectionClause
from troth.policy.words import Channel
from troth.terms import ClauseId

UNSAID = timedelta(hours=4)
"""By when people are told where the policy names no time (the catalogue's inc-4)."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be done, by when, and the clause that asks for it."""

    step: BreachStep
    at: datetime
    clause: ClauseId


@dataclass(frozen=True, slots=True)
class Handling:
    """How an incident is handled.

    ``parts``: none may be empty; where the policy lists none, nothing can be sent.
    ``channels``: tried in this order. ``announce``: where, when somebody cannot
    be reached. ``contain``, ``report``: the clauses that refuse closing without a step that contained it,
    without a report to the authorities; ``owes``: without a remedy on record for each person.
    """

    parts: tuple[str, ...]
    channels: tuple[str, ...]
    announce: tuple[str, ...]
    contain: ClauseId | None
    report: ClauseId | None
    owes: ClauseId | None
    due: tuple[Due, ...]
    clauses: frozenset[ClauseId]


def handling(compiled: Compiled, known: datetime, days: WorkingDays) -> Handling:
    """Return what is to be done about an incident that became known then."""
    steps = {BreachStep(clause.name): clause for clause in compiled.all(BreachClause)}
    contents, channels = steps.get(BreachStep.CONTENTS), steps.get(BreachStep.CHANNELS)
    announce, regulator = steps.get(BreachStep.ANNOUNCE), steps.get(BreachStep.REGULATOR)
    contain, owes = steps.get(BreachStep.PLAN), compiled.one(ProtectionClause, Measure.LIABILITY)
    found = [
        Due(step, end(clause.within, known, days) if clause.within else known + UNSAID, clause.id)
        for step, clause in steps.items()
        if step in (BreachStep.PLAN, BreachStep.REPORT, BreachStep.REGULATOR) or clause.within
    ]
    return Handling(
        parts=contents.parts if contents else (),
        channels=channels.by if channels else (),
        announce=(announce.by or (Channel.ANNOUNCEMENT,)) if announce else (),
        contain=contain.id if contain else None,
        report=regulator.id if regulator else None,
        owes=owes.id if owes else None,
        due=tuple(sorted(found, key=lambda each: (each.at, each.step))),
        clauses=frozenset({clause.id for clause in steps.values()} | ({owes.id} if owes else set())),
    )
