"""Where we enforce something else than the text states, someone decided so, and the clause says who."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity

RULE = "stated_is_decided"


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning: a silent difference from the published text."""
    for clause in policy.clauses:
        if clause.stated is not None and clause.decided_by is None:
            what = "differs from the text and does not say what decided"
            yield at_clause(
                RULE, Severity.WARNING, clause, what, "'decided_by:' with the contradiction or gap"
            )
