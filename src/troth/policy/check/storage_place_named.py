"""A policy says where data lies."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_policy, clauses
from troth.policy.clauses import Policy, StoredInClause
from troth.policy.problems import Finding, Severity

RULE = "storage_place_named"


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning: without a place, no place is refused."""
    if not clauses(policy, StoredInClause):
        what = "nothing says where data lies, so no region is refused"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'stored_in: CN'")
