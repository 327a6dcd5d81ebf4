"""Who is profiled may have it explained, and may refuse what was decided by machine alone."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import ItemClause, Policy, RightClause
from troth.policy.problems import Finding, Severity
from troth.policy.words import Right
from troth.terms import ItemName

RULE = "profile_explained"
SOURCES = ("pipl-24.3",)
_PROFILE = ItemName("user_profile")


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for a profile of a person in a policy without the right to an explanation."""
    if any(each.right == Right.EXPLAIN for each in clauses(policy, RightClause)):
        return
    for clause in clauses(policy, ItemClause):
        if clause.item == _PROFILE:
            what = "a person is profiled, and nothing lets them have a decision explained"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'rights: {explain: ...}' as well")
