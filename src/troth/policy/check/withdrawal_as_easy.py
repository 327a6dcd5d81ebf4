"""Consent is taken back as easily as it is given: by oneself, where the choice was made."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy, RightClause
from troth.policy.problems import Finding, Severity
from troth.policy.words import Channel, Right
from troth.terms import Basis

RULE = "withdrawal_as_easy"
SOURCES = ("pipl-15.1", "gdpr-7.3")
_BY_ONESELF = {Channel.PRIVACY_PAGE, Channel.SETTINGS, Channel.WEB}
_CONSENTS = {Basis.CONSENT, Basis.SEPARATE_CONSENT}


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where a consent can't be taken back; warning where only by asking someone."""
    based = (*clauses(policy, FunctionClause), *clauses(policy, ItemClause))
    if not any(clause.basis in _CONSENTS for clause in based):
        return
    right = next((each for each in clauses(policy, RightClause) if each.right == Right.WITHDRAW), None)
    if right is None:
        what = "asks for consent and gives no way to take it back"
        yield at_policy(RULE, Severity.ERROR, policy, what, "'rights: {withdraw: {by: [privacy_page]}}'")
    elif not _BY_ONESELF & set(right.by):
        what = "consent is given with a tap and can only be taken back by asking someone"
        yield at_clause(RULE, Severity.WARNING, right, what, "'by: [privacy_page, ...]'")
