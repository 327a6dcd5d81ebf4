"""Where children may be among the users, their guardians are asked."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import AudienceClause, Policy
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import MinorRule
from troth.policy.statements import MinorClause

RULE = "children_complete"
SOURCES = ("pipl-31.1", "pipl-31.2", "child-10", "minors-24", "gdpr-8")
_CHILD = 14


def judge(policy: Policy) -> Iterator[Finding]:
    """Error for an audience with children and no guardian; warning where no audience is named."""
    asked = any(each.name == MinorRule.PARENTAL_CONSENT for each in clauses(policy, MinorClause))
    audience = clauses(policy, AudienceClause)
    for clause in audience:
        if clause.minimum_age < _CHILD and not asked:
            what = f"children from {clause.minimum_age} on are users, and no guardian is asked"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'minors: {parental_consent: {}}'")
    if not audience and not asked:
        what = "nothing says who may be a user, so children may"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'audience:' with 'minimum_age'")
