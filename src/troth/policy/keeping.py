"""Until when a record is kept, by a compiled policy. Means what `spec/retention.py` says; deletes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from troth.policy.calendar import WorkingDays, end
from troth.policy.clauses import Keep
from troth.policy.compiled import Compiled
from troth.policy.period import Period, Unit
from troth.policy.statements import BackupClause, HoldClause, OrderedHoldClause
from troth.policy.words import Ground, Moment, Outcome
from troth.terms import ClauseId, FunctionName, ItemName

NO_PAPER = UUID(int=0)
"""The document of a hold that no order placed."""
_AT_ONCE = Period(0, Unit.HOURS)
_NO_HOLIDAYS = WorkingDays()


@dataclass(frozen=True, slots=True)
class Fate:
    """When the time of a record is over, and what happens then."""

    at: datetime
    then: Outcome


@dataclass(frozen=True, slots=True)
class Held:
    """Until when a law wants a record, which clause says so, and on which order's paper, if on one."""

    until: datetime
    clause: ClauseId
    document: UUID = NO_PAPER


def fate(
    compiled: Compiled, function: FunctionName, item: ItemName, events: Mapping[str, datetime]
) -> Fate | None:
    """Return what becomes of an item of a function; None: it is kept for now."""
    at, _, then = min(_ends(compiled, function, item, events), default=(None, 0, Outcome.DELETE))
    return None if at is None else Fate(at, then)


def gone_from_backups(compiled: Compiled, deleted: datetime) -> datetime | None:
    """Return when the last backup with a deleted record is gone; None where the policy does not say."""
    backups = compiled.one(BackupClause)
    return None if backups is None or backups.within is None else end(backups.within, deleted, _NO_HOLIDAYS)


def gone_from_every_backup(policies: Iterable[Compiled], deleted: datetime) -> datetime | None:
    """Return that moment where several policies share one backup: the strictest decides."""
    ends = (gone_from_backups(each, deleted) for each in policies)
    return min((each for each in ends if each is not None), default=None)


def holds(compiled: Compiled, item: ItemName, event: str, at: datetime) -> tuple[Held, ...]:
    """Return the holds that ``event`` of a record begins, each with its end; what they hold dies then."""
    return tuple(
        Held(end(clause.keep, at, _NO_HOLIDAYS), clause.id)
        for clause in compiled.all(HoldClause)
        if item in clause.items and clause.counted_from == event and clause.keep is not None
    )


def on_order(compiled: Compiled, ground: Ground = Ground.LEGAL_ORDER) -> ClauseId | None:
    """Return the clause by which an order keeps what would be deleted; None: no order keeps anything."""
    clause = compiled.one(OrderedHoldClause)
    return clause.id if clause is not None and ground.value in clause.grounds else None


def after(compiled: Compiled, event: str, at: datetime) -> Fate | None:
    """Return when, and how, everything ends that ``event`` puts an end to; None when it ends nothing."""
    for clause in compiled.retention:
        if clause.after == event:
            return Fate(end(clause.keep or _AT_ONCE, at, _NO_HOLIDAYS), Outcome(clause.then))
    return None


def fixed(compiled: Compiled) -> tuple[Period, Outcome] | None:
    """Return for how long anything is kept at most, counted from its collection; None without such a rule."""
    for clause in compiled.retention:
        if clause.after == Moment.COLLECTED and clause.keep is not None:
            return clause.keep, Outcome(clause.then)
    return None


def until(period: Period, collected: datetime) -> datetime:
    """Return until when something collected then is kept."""
    return end(period, collected, _NO_HOLIDAYS)


def _ends(
    compiled: Compiled, function: FunctionName, item: ItemName, events: Mapping[str, datetime]
) -> Iterator[tuple[datetime, int, Outcome]]:
    """Yield every end with its weight: of two at the same moment, deleting comes first."""
    for clause in compiled.retention:
        if clause.after in events:
            then = Outcome(clause.then)
            yield (
                end(clause.keep or _AT_ONCE, events[clause.after], _NO_HOLIDAYS),
                int(then is not Outcome.DELETE),
                then,
            )
    table = compiled.functions.get(function)
    clause = table.items.get(item) if table else None
    if clause is not None and clause.keep is Keep.NONE and Moment.COLLECTED in events:
        yield events[Moment.COLLECTED], 0, Outcome.DELETE
