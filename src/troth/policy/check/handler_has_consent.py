"""Whoever decides for themselves what data is for gets it only with a separate consent."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, Policy, RecipientClause
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Receiver
from troth.terms import Basis

RULE = "handler_has_consent"
SOURCES = ("pipl-23",)
_HANDLERS = {
    Receiver.PARTNER, Receiver.AFFILIATE, Receiver.ADVERTISERS, Receiver.APPLICATION_DEVELOPERS,
    Receiver.SALES_EQUIPMENT_DISTRIBUTORS, Receiver.RESEARCHERS,
}  # fmt: skip


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for such a recipient in a function without a separate consent, unless a decision is named."""
    bases = {clause.function: clause.basis for clause in clauses(policy, FunctionClause)}
    for clause in clauses(policy, RecipientClause):
        separate = bases.get(clause.function) is Basis.SEPARATE_CONSENT
        if clause.kind in _HANDLERS and not separate and clause.decided_by is None:
            what = f"a {clause.kind} gets data without a separate consent"
            instead = "'basis: separate_consent' for the function, or 'decided_by:' with what allows it,"
            yield at_clause(RULE, Severity.WARNING, clause, what, instead)
