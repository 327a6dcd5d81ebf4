"""What is made to fit a person can be switched off by that person."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy, SwitchClause
from troth.policy.problems import Finding, Severity
from troth.policy.vocabulary import VOCABULARY, Category
from troth.terms import Basis

RULE = "personalisation_has_off"
SOURCES = ("pipl-24.1", "pipl-24.2", "pipl-24.3", "ndsr-42", "algo-17", "gdpr-22")
_CONSENTS = {Basis.CONSENT, Basis.SEPARATE_CONSENT}


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a profile that rests on no consent and has no switch cannot be refused."""
    switched = {name for clause in clauses(policy, SwitchClause) for name in clause.functions}
    profiles = {
        clause.function
        for clause in clauses(policy, ItemClause)
        if clause.item in VOCABULARY and VOCABULARY[clause.item].category is Category.DERIVED
    }
    for clause in clauses(policy, FunctionClause):
        if clause.function in profiles - switched and clause.basis not in _CONSENTS:
            what = "makes a profile and cannot be switched off"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'basis: consent', or a switch for it")
