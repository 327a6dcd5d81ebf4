"""What the gate means for acts beyond the functions: only in a listed case, with all that it needs.

Whether a fact on record is true, it does not ask.
"""

from __future__ import annotations

from spec import cases
from spec.case import Answer, Case, no
from troth.policy.statements import CaseClause
from troth.terms import Beyond, ItemName, Reason


def listed(case: Case, claimed: Beyond, passed: frozenset[ItemName]) -> Answer:
    """Check that the policy lists the case, and that nothing that it needs is missing."""
    facts, to = claimed.facts, claimed.receiver
    lacks = cases.missing(case.policy, claimed.act, claimed.case, facts, receiver=to, items=passed)
    if lacks is None:
        return no(Reason.CASE_UNLISTED)
    these = [c for c in case.those(CaseClause) if c.act == claimed.act]
    these = [c for c in these if c.name in {claimed.case, cases.ALWAYS}]
    if lacks:
        return no(Reason.CONDITION_MISSING, [c for c in these if lacks & {*c.needs}])
    return [*these]
