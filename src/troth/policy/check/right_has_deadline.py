"""Every right says by when it is answered."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import Policy, RightClause
from troth.policy.problems import Finding, Severity
from troth.policy.statements import DeadlineClause

RULE = "right_has_deadline"


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning: without a figure nobody is ever late."""
    elsewhere = {right for clause in clauses(policy, DeadlineClause) for right in clause.of}
    for clause in clauses(policy, RightClause):
        if clause.deadline_days is None and clause.right not in elsewhere:
            what = "does not say by when it is answered"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'within: 15 days'")
