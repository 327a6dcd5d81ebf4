"""What a text announces, it tells."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import Policy
from troth.policy.contents import told_of
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Topic
from troth.policy.statements import ContentsClause

RULE = "contents_told"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a topic that a reader looks up and does not find."""
    for clause in clauses(policy, ContentsClause):
        missing = [topic for topic in clause.topics if not told_of(policy, Topic(topic))]
        if missing:
            what = f"announces what nothing tells of: {', '.join(missing)}"
            yield at_clause(RULE, Severity.ERROR, clause, what, "clauses about it, or no such topic")
