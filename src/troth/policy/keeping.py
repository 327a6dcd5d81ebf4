"""Until when a record is kept, by a compiled policy. Means what `spec/retention.py` says; deletes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from troth.policy.calendar import WorkingDays, end
from troth.policy.clauses import Keep
from troth.policy.compiled import Compiled
from troth.policy.statements import BackupClause
from troth.policy.words import Moment, Outcome
from troth.terms import FunctionName, ItemName


@dataclass(frozen=True, slots=True)
class Fate:
    """When the time of a record is over, and what happens then."""

    at: datetime
    then: Outcome


def fate(
    compiled: Compiled, function: FunctionName, item: ItemName, events: Mapping[str, datetime]
) -> Fate | None:
    """Return what becomes of an item of a function; None: it is kept for now."""
    at, _, then = min(_ends(compiled, function, item, events), default=(None, 0, Outcome.DELETE))
    return None if at is None else Fate(at, then)


def gone_from_backups(compiled: Compiled, deleted: datetime) -> datetime | None:
    """Return when the last backup with a deleted record is gone; None where the policy does not say."""
    backups = compiled.one(BackupClause)
    return None if backups is None or backups.within is None else end(backups.within, deleted, WorkingDays())


def _ends(
    compiled: Compiled, function: FunctionName, item: ItemName, events: Mapping[str, datetime]
) -> Iterator[tuple[datetime, int, Outcome]]:
    """Yield every end with its weight: of two at the same moment, deleting comes first."""
    for clause in compiled.retention:
        if clause.after in events:
            then = Outcome(clause.then)
            yield (
                events[clause.after] + timedelta(days=clause.days or 0),
                int(then is not Outcome.DELETE),
                then,
            )
    table = compiled.functions.get(function)
    clause = table.items.get(item) if table else None
    if clause is not None and clause.keep is Keep.NONE and Moment.COLLECTED in events:
        yield events[Moment.COLLECTED], 0, Outcome.DELETE
