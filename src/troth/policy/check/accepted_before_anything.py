"""Every policy says that nothing runs before it was accepted, and that it is shown first."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import AcceptanceClause, Policy
from troth.policy.problems import Finding, Severity

RULE = "accepted_before_anything"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error without an acceptance clause; warning where agreeing does not need seeing."""
    found = clauses(policy, AcceptanceClause)
    if not found:
        what = "nothing says that the policy must be accepted"
        yield at_policy(RULE, Severity.ERROR, policy, what, "'acceptance: {shown_first: true}'")
    for clause in found:
        if not clause.shown_first:
            what = "agreeing counts although the text was never shown"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'shown_first: true'")
