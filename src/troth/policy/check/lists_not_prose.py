"""What is collected and why is a list, never "and so on"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, Policy, PurposeClause
from troth.policy.problems import Finding, Severity, excerpt

RULE = "lists_not_prose"
SOURCES = ("ndsr-21.2", "miit292", "appm-2.1", "tc260-2.1")
_OPEN = re.compile(
    r"\betc\b|\bsuch as\b|\bfor example\b|\band so on\b|\bother purposes\b|等(?!级|待|候|于)|例如",
    re.IGNORECASE,
)


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: an open list has no end that anyone could keep to."""
    for clause in (*clauses(policy, FunctionClause), *clauses(policy, PurposeClause)):
        texts = [*clause.title.values()]
        if isinstance(clause, FunctionClause):
            texts += clause.gives.values()
        for text in texts:
            if found := _OPEN.search(text):
                what = f"an open list: {excerpt(found[0])} in {excerpt(text)}"
                yield at_clause(RULE, Severity.ERROR, clause, what, "all of it")
