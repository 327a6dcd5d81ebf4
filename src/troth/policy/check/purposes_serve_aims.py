"""Where a policy states what all purposes serve, each purpose serves one of these aims."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import Policy, PurposeClause
from troth.policy.problems import Finding, Severity, unknown
from troth.policy.statements import AimClause

RULE = "purposes_serve_aims"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where the aim is not stated; warning where a purpose names none."""
    aims = {clause.name for clause in clauses(policy, AimClause)}
    for clause in clauses(policy, PurposeClause):
        if clause.serves is not None and clause.serves not in aims:
            yield at_clause(RULE, Severity.ERROR, clause, *unknown("aim", clause.serves, aims))
        elif aims and clause.serves is None:
            what = "serves none of the aims that the policy states"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'serves:' with the name of an aim")
