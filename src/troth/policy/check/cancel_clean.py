"""An account can be cancelled by oneself, and the data goes."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, RetentionClause, RightClause
from troth.policy.problems import Finding, Severity
from troth.policy.words import Channel, Moment, Right

RULE = "cancel_clean"
SOURCES = ("ndsr-23", "ecl-24.2", "appm-6.1", "appm-6.2", "appm-6.4")
_BY_ONESELF = {Channel.PRIVACY_PAGE, Channel.SETTINGS}


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning without self-service; note where nothing says what becomes of the data."""
    ends = {clause.after for clause in clauses(policy, RetentionClause)}
    for clause in clauses(policy, RightClause):
        if clause.right != Right.CANCEL:
            continue
        if not _BY_ONESELF & set(clause.by):
            what = "an account can only be cancelled by asking someone"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'by: [privacy_page, ...]'")
        if Moment.ACCOUNT_CANCELLED not in ends:
            what = "nothing says what becomes of the data after a cancellation"
            yield at_policy(RULE, Severity.NOTE, policy, what, "'retention:' with 'after: account_cancelled'")
