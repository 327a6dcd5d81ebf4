"""What is made to fit a person can be switched off by that person, and is not made where nothing may be."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy, SwitchClause
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Ask, Repurposed
from troth.policy.statements import RepurposeClause
from troth.policy.vocabulary import VOCABULARY, Category
from troth.terms import Basis

RULE = "personalisation_has_off"
SOURCES = ("pipl-24.1", "pipl-24.2", "pipl-24.3", "ndsr-42", "algo-17", "gdpr-22")
_CONSENTS = {Basis.CONSENT, Basis.SEPARATE_CONSENT}


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a profile that cannot be refused, or that is made where nothing is shown by one."""
    profiles = [
        clause
        for clause in clauses(policy, ItemClause)
        if clause.item in VOCABULARY and VOCABULARY[clause.item].category is Category.DERIVED
    ]
    if any(_rules_it_out(clause) for clause in clauses(policy, RepurposeClause)):
        for clause in profiles:
            what = f"takes '{clause.item}' although nothing is shown by a profile"
            yield at_clause(RULE, Severity.ERROR, clause, what, "a function without it")
    switched = {name for clause in clauses(policy, SwitchClause) for name in clause.functions}
    profiled = {clause.function for clause in profiles}
    for clause in clauses(policy, FunctionClause):
        if clause.function in profiled - switched and clause.basis not in _CONSENTS:
            what = "makes a profile and cannot be switched off"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'basis: consent', or a switch for it")


def _rules_it_out(clause: RepurposeClause) -> bool:
    return clause.name == Repurposed.PERSONALISED_DISPLAY and clause.needs == Ask.NEVER
