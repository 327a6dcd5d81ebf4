"""Faces and other bodily features are not kept unless the person consented to just that."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Keep, NeedClause, Policy
from troth.policy.problems import Finding, Severity
from troth.policy.vocabulary import VOCABULARY, Category
from troth.terms import Basis

RULE = "camera_and_face"
SOURCES = ("pipl-26", "face-8", "face-9", "face-10", "face-13", "video-8", "gdpr-35")


def judge(policy: Policy) -> Iterator[Finding]:
    """Error for biometric items that are kept; warning where people in view are filmed without a notice."""
    bases = {clause.function: clause.basis for clause in clauses(policy, FunctionClause)}
    noticed = {clause.function for clause in clauses(policy, NeedClause) if clause.need == "filming_notice"}
    for clause in clauses(policy, ItemClause):
        item = VOCABULARY.get(clause.item)
        if item is None or item.category is not Category.BIOMETRIC:
            continue
        separate = Basis.SEPARATE_CONSENT in {clause.basis, bases.get(clause.function)}
        if clause.keep is Keep.STORED and not separate:
            what = f"'{clause.item}' is kept without a separate consent"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'keep: none', or 'basis: separate_consent'")
        if clause.about is not None and clause.function not in noticed:
            what = "people in view are filmed and nobody is told"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'needs: [filming_notice]'")
