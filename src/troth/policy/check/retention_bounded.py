"""Data has an end: when its purpose has ended, and when the account is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from troth.policy.calendar import WorkingDays, end
from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, RetentionClause
from troth.policy.period import Period, Unit
from troth.policy.problems import Finding, Severity
from troth.policy.words import Moment
from troth.terms import LEGAL_TIME

RULE = "retention_bounded"
SOURCES = ("pipl-19", "pipl-47.1", "ndsr-21.1", "csl-23", "ecl-31")
_START = datetime(2023, 1, 1, tzinfo=LEGAL_TIME)  # a year of 365 days


def judge(policy: Policy) -> Iterator[Finding]:
    """Error without an end of purpose; warning for longer than a year with nothing that decided so."""
    found = clauses(policy, RetentionClause)
    if Moment.PURPOSE_ENDED not in {clause.after for clause in found}:
        what = "nothing ends when the purpose has ended"
        yield at_policy(RULE, Severity.ERROR, policy, what, "'retention:' with 'after: purpose_ended'")
    for clause in found:
        if clause.keep is not None and clause.decided_by is None and _longer_than_a_year(clause.keep):
            what = f"kept for {clause.keep}, and no law is named"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'decided_by:' with the law")


def _longer_than_a_year(keep: Period) -> bool:
    return end(keep, _START, WorkingDays()) > end(Period(1, Unit.YEARS), _START, WorkingDays())
