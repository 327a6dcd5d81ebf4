"""A sensitive item has a consent of its own."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy
from troth.policy.problems import Finding, Severity
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.terms import Basis

RULE = "sensitive_needs_separate"
SOURCES = ("pipl-28.1", "pipl-28.2", "pipl-29", "pipl-30", "ndsr-22", "gdpr-9")


def judge(policy: Policy) -> Iterator[Finding]:
    """Error under plain consent; note under another basis, where the law is read in two ways."""
    bases = {clause.function: clause.basis for clause in clauses(policy, FunctionClause)}
    for clause in clauses(policy, ItemClause):
        item = VOCABULARY.get(clause.item)
        if item is None or item.sensitivity is not Sensitivity.SENSITIVE:
            continue
        basis = bases.get(clause.function)
        if Basis.SEPARATE_CONSENT in {basis, clause.basis}:
            continue
        if Basis.CONSENT in {basis, clause.basis}:
            what = f"'{clause.item}' is sensitive and rests on a consent that it shares"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'basis: separate_consent' for the item")
        else:
            what = f"'{clause.item}' is sensitive and taken without a separate consent (PIPL Art. 13(2))"
            yield at_clause(
                RULE, Severity.NOTE, clause, what, "'basis: separate_consent' to be on the safe side,"
            )
