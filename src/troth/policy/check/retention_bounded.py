"""Data has an end: when its purpose has ended, and when the account is cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, RetentionClause
from troth.policy.problems import Finding, Severity
from troth.policy.words import Moment

RULE = "retention_bounded"
SOURCES = ("pipl-19", "pipl-47.1", "ndsr-21.1", "csl-23", "ecl-31")
_YEAR = 366


def judge(policy: Policy) -> Iterator[Finding]:
    """Error without an end of purpose; warning for longer than a year with nothing that decided so."""
    found = clauses(policy, RetentionClause)
    if Moment.PURPOSE_ENDED not in {clause.after for clause in found}:
        what = "nothing ends when the purpose has ended"
        yield at_policy(RULE, Severity.ERROR, policy, what, "'retention:' with 'after: purpose_ended'")
    for clause in found:
        if (clause.days or 0) > _YEAR and clause.decided_by is None:
            what = f"kept for {clause.days} days, and no law is named"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'decided_by:' with the law")
