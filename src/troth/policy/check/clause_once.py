"""No address is used twice, and no item stands in two lists of one function."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import Clause, ItemClause, Policy
from troth.policy.problems import Finding, Severity
from troth.terms import ClauseId, FunctionName, ItemName

RULE = "clause_once"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a table would keep only one of the two, and which one would be chance."""
    addresses: dict[ClauseId, Clause] = {}
    for clause in policy.clauses:
        first = addresses.setdefault(clause.id, clause)
        if first is not clause:
            what = f"the same clause twice (first in line {first.at.line})"
            yield at_clause(RULE, Severity.ERROR, clause, what, "it once")
    items: dict[tuple[FunctionName, ItemName], ItemClause] = {}
    for item in clauses(policy, ItemClause):
        first = items.setdefault((item.function, item.item), item)
        if first.id != item.id:
            what = f"'{item.item}' is also {first.need.value} (line {first.at.line})"
            yield at_clause(RULE, Severity.ERROR, item, what, "it in one list of the function")
