"""What a policy wants done when a function, or the whole service, comes to its end.

Pure: knows no ending and no person; the workflow is `troth.cessation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from troth.policy.calendar import WorkingDays, end
from troth.policy.clauses import RetentionClause
from troth.policy.compiled import Compiled
from troth.policy.period import Period, Unit
from troth.policy.statement_words import CessationStep
from troth.policy.statements import CessationClause
from troth.policy.words import Channel, Moment
from troth.terms import ClauseId

UNSAID = Period(30, Unit.DAYS)
"""Within which it is deleted where the policy names no time (the catalogue's gap deletion_time)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How something ends: ``stop`` refuses what comes in from then on; all is deleted by ``erased``.

    ``channels``: by what each person is told, in this order; ``announce``: whether it is announced as well.
    """

    stop: ClauseId | None
    channels: tuple[str, ...]
    announce: bool
    tells: ClauseId | None
    erased: datetime
    erases: ClauseId | None


def ending(compiled: Compiled, at: datetime, days: WorkingDays, *, whole: bool = True) -> Ending:
    """Return what is to be done about something that ends at ``at``: the ``whole`` service, or a function.

    What is kept after it, the rules of retention say as well: of several ends the earliest binds.
    """
    steps = {CessationStep(each.name): each for each in compiled.all(CessationClause)}
    stop, notice = steps.get(CessationStep.STOP), steps.get(CessationStep.NOTICE)
    erase = steps.get(CessationStep.ERASE)
    within = erase.within if erase is not None and erase.within is not None else UNSAID
    ends = [(end(within, at, days), erase.id)] if erase else []
    if kept := _kept(compiled, whole=whole):
        ends.append((end(kept.keep, at, days) if kept.keep else at, kept.id))
    erased, erases = min(ends, default=(end(within, at, days), None))
    ways = notice.by if notice is not None else ()
    return Ending(
        stop=stop.id if stop else None,
        channels=tuple(each for each in ways if each != Channel.ANNOUNCEMENT),
        announce=Channel.ANNOUNCEMENT in ways,
        tells=notice.id if notice else None,
        erased=erased,
        erases=erases,
    )


def _kept(compiled: Compiled, *, whole: bool) -> RetentionClause | None:
    """Return the rule for what is left of the service (or, without one, of a purpose) that ended."""
    rules = {clause.after: clause for clause in compiled.retention}
    ended = rules.get(Moment.PURPOSE_ENDED)
    return rules.get(Moment.SERVICE_ENDED, ended) if whole else ended
