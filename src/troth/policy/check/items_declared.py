"""A recipient gets only items that the function takes, for one of the function's purposes that may share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import ItemClause, Policy, PurposeClause, RecipientClause
from troth.policy.problems import Finding, Severity, unknown
from troth.terms import FunctionName, ItemName, Purpose, Verb

RULE = "items_declared"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: what was never collected for the function cannot be given away for it."""
    items: defaultdict[FunctionName, set[ItemName]] = defaultdict(set)
    for item in clauses(policy, ItemClause):
        items[item.function].add(item.item)
    shares: defaultdict[FunctionName, set[Purpose]] = defaultdict(set)
    for purpose in clauses(policy, PurposeClause):
        if Verb.SHARE in purpose.verbs:
            shares[purpose.function].add(purpose.purpose)
    for clause in clauses(policy, RecipientClause):
        for name in sorted(clause.items - items[clause.function]):
            kind = f"item of '{clause.function}':"
            yield at_clause(RULE, Severity.ERROR, clause, *unknown(kind, name, items[clause.function]))
        if clause.purpose not in shares[clause.function]:
            kind = f"purpose of '{clause.function}' with the verb 'share':"
            yield at_clause(
                RULE, Severity.ERROR, clause, *unknown(kind, clause.purpose, shares[clause.function])
            )
