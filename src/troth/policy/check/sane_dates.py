"""A policy is published before it binds, in years that have policies."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_policy
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity

RULE = "sane_dates"
FIRST_YEAR = 2000
LAST_YEAR = 2100


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: what nobody could have read yet binds nobody."""
    if policy.effective < policy.published:
        what = f"effective {policy.effective} is before published {policy.published}"
        yield at_policy(RULE, Severity.ERROR, policy, what, "an effective date on or after the published one")
    for key, day in (("published", policy.published), ("effective", policy.effective)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            what = f"'{key}' is in the year {day.year}"
            instead = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
            yield at_policy(RULE, Severity.ERROR, policy, what, instead)
