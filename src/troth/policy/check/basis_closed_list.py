"""A basis is one that the law knows: opt-out is none, and some grounds that texts list are wider."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import ExemptClause, FunctionClause, Policy
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Freedom
from troth.policy.words import Ground
from troth.terms import Basis

RULE = "basis_closed_list"
SOURCES = ("pipl-13", "pipl-24.2", "gdpr-6.1", "gdpr-21")
_WIDER = {Ground.STABLE, Ground.ACADEMIC}
_CONSENTS = {Basis.CONSENT, Basis.SEPARATE_CONSENT}


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for a ground that PIPL Art. 13 does not have; error for an opt-out that is enforced as one."""
    for clause in clauses(policy, ExemptClause):
        if clause.ground in _WIDER:
            what = f"'{clause.ground}' is no basis of PIPL Art. 13"
            yield at_clause(RULE, Severity.WARNING, clause, what, "a basis of the law, or ask for consent")
    for clause in clauses(policy, FunctionClause):
        if clause.choice == Freedom.OPT_OUT and clause.basis not in _CONSENTS:
            what = "the text only offers to object, and no basis is named besides"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'basis: consent' with 'starts: when_chosen'")
        elif clause.choice == Freedom.OPT_OUT:
            what = "the text is unlawful here (opt-out is no basis); what is enforced is not (consent first)"
            yield at_clause(RULE, Severity.NOTE, clause, what, "it as it is, and change the text")
