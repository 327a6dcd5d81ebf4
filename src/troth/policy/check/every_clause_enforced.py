"""Every clause has something that enforces it. What lies outside software is attested, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import AttestedClause, FunctionClause, Policy
from troth.policy.enforcement import Seen, enforcement
from troth.policy.problems import Finding, Severity

RULE = "every_clause_enforced"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a clause that nothing enforces is a comment. Warning: one whose keeping is still to be built."""
    if not clauses(policy, FunctionClause):
        what = "no function, so there is nothing to collect for"
        yield at_policy(RULE, Severity.ERROR, policy, what, "at least one function under 'functions:'")
    for clause in policy.clauses:
        if isinstance(clause, AttestedClause) and clause.attested:
            what = "lies outside software and is shown as attested, never as kept"
            yield at_clause(RULE, Severity.NOTE, clause, what, "it as it is, with the evidence attached,")
            continue
        kept = enforcement(clause)
        if kept is None:
            what = "nothing enforces this clause"
            yield at_clause(RULE, Severity.ERROR, clause, what, "it under 'attested:' with its evidence")
        elif kept.seen is Seen.NOWHERE:
            what = f"not kept yet ({kept.by}), and counted so"
            yield at_clause(RULE, Severity.WARNING, clause, what, "it as it is, and keep it by other means,")
