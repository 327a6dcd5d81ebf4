"""A clause carries promises of its own policy, so that each promise has one place where it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity

RULE = "promises_our_own"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a promise of another policy would be counted as kept here."""
    for clause in policy.clauses:
        for promise in clause.promises:
            if promise.partition(".")[0] != policy.name:
                what = f"'{promise}' is a promise of another policy"
                yield at_clause(
                    RULE, Severity.ERROR, clause, what, f"an id that begins with '{policy.name}.'"
                )
