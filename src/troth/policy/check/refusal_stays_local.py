"""Refusing costs the function that was refused, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, Policy, RefusalClause, Starts
from troth.policy.problems import Finding, Severity
from troth.policy.words import Effect

RULE = "refusal_stays_local"
SOURCES = ("pipl-16", "npi-4", "appm-4.2", "appm-4.5", "minors-32")


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where a chosen function would take the service along; warning for a joint loss nobody decided."""
    chosen = {c.function for c in clauses(policy, FunctionClause) if c.starts is Starts.WHEN_CHOSEN}
    for clause in clauses(policy, RefusalClause):
        if clause.function in chosen and clause.effect == Effect.SERVICE_UNAVAILABLE:
            what = "refusing a function that the person need not choose ends the whole service"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'effect: function_unavailable'")
        elif clause.also and clause.decided_by is None:
            what = f"refusing it also costs {', '.join(sorted(clause.also))}, and nothing says why"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'decided_by:', or no 'also:'")
