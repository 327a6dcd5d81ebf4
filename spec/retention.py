"""What retention means: until when a record is kept, given what has happened. To be read from top to bottom.

Says what becomes of one record and when; backups follow later. Does not delete anything.

# INVARIANT: what is due stays due.
# INVARIANT: of several ends the earliest binds.
# INVARIANT: deleting beats making anonymous.
# INVARIANT: what is used without keeping is due at once.
# INVARIANT: nothing is kept without an end once a rule's event has happened.
# INVARIANT: a hold begins with its event, and is of one record.
# INVARIANT: of several holds the last ends it.
# INVARIANT: no clause, no hold on an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from spec.deadlines import over
from troth.policy.calendar import WorkingDays
from troth.policy.clauses import ItemClause, Keep, Policy, RetentionClause
from troth.policy.statements import BackupClause, HoldClause, OrderedHoldClause

COLLECTED = "collected"


@dataclass(frozen=True)
class Fate:
    """When the time of a record is over, and what happens then: ``delete`` or ``anonymise``."""

    at: datetime
    then: str


def fate(policy: Policy, function: str, item: str, events: Mapping[str, datetime]) -> Fate | None:
    """Return what becomes of an item of a function, ``events`` having happened; None: it is kept for now."""
    ends: list[Fate] = []
    for clause in policy.clauses:
        if isinstance(clause, RetentionClause) and clause.after in events:
            since = events[clause.after]
            ends.append(Fate(over(clause.keep, since, WorkingDays()) if clause.keep else since, clause.then))
        if (
            isinstance(clause, ItemClause)
            and (clause.function, clause.item, clause.keep) == (function, item, Keep.NONE)
            and COLLECTED in events
        ):
            ends.append(Fate(events[COLLECTED], "delete"))
    if not ends:
        return None
    earliest = min(end.at for end in ends)
    deleted = any(end.then == "delete" for end in ends if end.at == earliest)
    return Fate(earliest, "delete" if deleted else "anonymise")


def held_until(policy: Policy, item: str, events: Mapping[str, datetime]) -> datetime | None:
    """Return until when a law wants a record, whatever its fate is otherwise; None: no hold on it.

    A held record whose fate has come is reachable for the legal duty alone. When the hold ends, so does it.
    """
    ends = [
        over(clause.keep, events[clause.counted_from], WorkingDays())
        for clause in policy.clauses
        if isinstance(clause, HoldClause)
        and item in clause.items
        and clause.keep is not None
        and clause.counted_from in events
    ]
    return max(ends, default=None)


def kept_on_order(policy: Policy, ground: str) -> str | None:
    """Return the clause by which an order on this ground keeps records until its day; None: none does."""
    for clause in policy.clauses:
        if isinstance(clause, OrderedHoldClause) and ground in clause.grounds:
            return clause.id
    return None


def gone_from_backups(policy: Policy, deleted: datetime) -> datetime | None:
    """Return when the last backup with a deleted record is gone; None where the policy does not say."""
    no_days = WorkingDays()
    ends = [
        over(clause.within, deleted, no_days)
        for clause in policy.clauses
        if isinstance(clause, BackupClause) and clause.within is not None
    ]
    return min(ends, default=None)
