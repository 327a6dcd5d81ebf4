"""A recipient is someone: with a name, a kind and a way to read their policy."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import Policy, RecipientClause
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Receiver
from troth.policy.statements import CaseClause

RULE = "recipient_complete"
SOURCES = ("pipl-21.1", "pipl-21.2", "pipl-23", "ndsr-12", "appm-5.1", "gdpr-28")
_NAMELESS = {
    Receiver.PARTNER, Receiver.AFFILIATE, Receiver.AGENTS, Receiver.LOCAL_SERVICE_PROVIDERS,
    Receiver.SALES_EQUIPMENT_DISTRIBUTORS, Receiver.APPLICATION_DEVELOPERS, Receiver.ADVERTISERS,
}  # fmt: skip


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for a recipient without a name or kind; note for a case open to a nameless group."""
    for clause in clauses(policy, RecipientClause):
        lacking = [key for key, value in (("title", clause.title), ("kind", clause.kind)) if not value]
        if lacking:
            what = f"says not who they are ({', '.join(lacking)})"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'title:' and 'kind:' of the recipient")
    for clause in clauses(policy, CaseClause):
        nameless = sorted(_NAMELESS & set(clause.to))
        if nameless:
            what = f"open to a group without names ({', '.join(nameless)}); only registered ones get anything"
            yield at_clause(RULE, Severity.NOTE, clause, what, "the recipients one by one in their functions")
