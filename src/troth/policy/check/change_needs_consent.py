"""A change that lessens rights waits for consent, and people hear of a major one."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import ChangeRule
from troth.policy.statements import ChangeClause, MajorChangeClause

RULE = "change_needs_consent"
SOURCES = ("pipl-14.2", "pipl-17.2", "pipl-22", "ndsr-22", "appm-2.2", "appm-4.3")


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where less rights bind without consent; warning where changes are not spoken of."""
    rules = {clause.name: clause for clause in clauses(policy, ChangeClause)}
    less = rules.get(ChangeRule.LESS_RIGHTS)
    if less is not None and less.needs is None:
        what = "rights may be lessened without anyone's consent"
        yield at_clause(RULE, Severity.ERROR, less, what, "'needs: consent'")
    if less is None:
        what = "nothing is said of changes that lessen rights"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'changes: {less_rights: {needs: consent}}'")
    if rules and not clauses(policy, MajorChangeClause):
        what = "nothing says what a major change is"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'major_changes:'")
