"""A function that rests on consent begins when it is chosen, never with the acceptance of the policy."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, Policy, Starts
from troth.policy.problems import Finding, Severity
from troth.terms import Basis

RULE = "consent_is_asked"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: consent bundled with the policy is none."""
    for clause in clauses(policy, FunctionClause):
        consents = clause.basis in {Basis.CONSENT, Basis.SEPARATE_CONSENT}
        if consents and clause.starts is not Starts.WHEN_CHOSEN:
            what = "rests on consent but begins with the acceptance of the whole policy"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'starts: when_chosen'")
