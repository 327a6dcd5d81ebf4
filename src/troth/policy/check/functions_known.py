"""Whatever names a function names one that the policy has."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy, RefusalClause, SwitchClause
from troth.policy.problems import Finding, Severity, unknown
from troth.terms import FunctionName

RULE = "functions_known"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a switch, a joint loss or a companion of nothing would be silently without effect."""
    known = {clause.function for clause in clauses(policy, FunctionClause)}
    named: list[tuple[SwitchClause | RefusalClause | ItemClause, frozenset[FunctionName]]] = [
        *((clause, clause.functions) for clause in clauses(policy, SwitchClause)),
        *((clause, clause.also) for clause in clauses(policy, RefusalClause)),
        *((each, frozenset({each.only_while})) for each in clauses(policy, ItemClause) if each.only_while),
    ]
    for clause, functions in named:
        for function in sorted(functions - known):
            yield at_clause(RULE, Severity.ERROR, clause, *unknown("function", function, known))
