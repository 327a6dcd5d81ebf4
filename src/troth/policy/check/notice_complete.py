"""Every policy says who is responsible, what happens at the end, where data lies, and how to complain."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, RetentionClause, RightClause
from troth.policy.problems import Finding, Severity
from troth.policy.statements import ContactClause, ControllerClause
from troth.policy.words import Right

RULE = "notice_complete"
SOURCES = ("pipl-17.1", "ndsr-21.1", "tc260-1.5", "gdpr-13")
_HEARS = {Right.COMPLAIN, Right.REPLY}


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where the notice would lack a part that nothing else gives; warning without anyone to reach."""
    if not clauses(policy, RetentionClause):
        what = "nothing says what happens to data when its purpose has ended"
        instead = "'retention:' with 'after: purpose_ended'"
        yield at_policy(RULE, Severity.ERROR, policy, what, instead)
    for clause in clauses(policy, ControllerClause):
        if clause.brand_only or not clauses(policy, ContactClause):
            what = "nobody is named who is responsible, or no way to reach them"
            instead = "the registered name and an address, a number or an e-mail address"
            yield at_clause(RULE, Severity.WARNING, clause, what, instead)
    rights = {clause.right for clause in clauses(policy, RightClause)}
    if not rights & _HEARS:
        what = "nothing says where to complain"
        yield at_policy(
            RULE, Severity.ERROR, policy, what, "the right 'complain' or 'reply' with its channels"
        )
