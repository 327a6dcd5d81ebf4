"""Every right of the law is there, and answered in the time that the law leaves."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, RightClause
from troth.policy.period import Period, Unit
from troth.policy.problems import Finding, Severity
from troth.policy.statements import DeadlineClause
from troth.policy.words import Right

RULE = "rights_within_law"
SOURCES = ("pipl-44", "pipl-45.1", "pipl-46", "pipl-47.1", "pipl-49", "pipl-50", "appm-6.3", "gdpr-12.3")
_ALL = (Right.ACCESS, Right.COPY, Right.CORRECT, Right.DELETE, Right.WITHDRAW, Right.CANCEL)
_DAYS = {Unit.HOURS: 1 / 24, Unit.DAYS: 1, Unit.WORKING_DAYS: 1.4, Unit.MONTHS: 30}
_LONGEST = 15 * _DAYS[Unit.WORKING_DAYS]
_SHORT = {Right.CORRECT, Right.DELETE, Right.CANCEL, Right.COMPLAIN}


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for a right that is missing, and for more than 15 working days where no shorter time runs."""
    rights = {clause.right: clause for clause in clauses(policy, RightClause)}
    for right in _ALL:
        if right not in rights:
            what = f"the right to '{right.value}' is missing"
            yield at_policy(RULE, Severity.WARNING, policy, what, f"'rights: {{{right.value}: ...}}'")
    timed = {right for right, clause in rights.items() if (clause.deadline_days or _LONGEST + 1) <= _LONGEST}
    for clause in clauses(policy, DeadlineClause):
        if _days(clause.within) <= _LONGEST:
            timed |= set(clause.of)
    for clause in clauses(policy, DeadlineClause):
        late = sorted((_SHORT & set(clause.of)) - timed)
        if _days(clause.within) > _LONGEST and late:
            what = f"{clause.within} for {', '.join(late)}; the law leaves 15 working days"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'15 working days' or less")
        elif _days(clause.within) > _LONGEST and _SHORT & set(clause.of):
            what = f"the text's {clause.within} is longer than the law leaves; a shorter time is enforced"
            yield at_clause(RULE, Severity.NOTE, clause, what, "it as it is, and change the text")


def _days(period: Period | None) -> float:
    return 0 if period is None else period.value * _DAYS[period.unit]
