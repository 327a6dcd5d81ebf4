"""A finding may be accepted at its clause, with a reason; a waiver that nothing needs is a finding itself.

An error stops the policy whatever is waived: what does not fit together is not a matter of reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from troth.policy.check.finding import at_clause
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity

RULE = "waiver_needed"


def settle(policy: Policy, found: Collection[Finding]) -> Iterator[Finding]:
    """Yield what was found, waived where its clause says why; warning for a waiver without such a finding."""
    waivers = {(str(each.id), rule): why for each in policy.clauses for rule, why in each.waive.items()}
    open_to_it = [each for each in found if each.severity is not Severity.ERROR]
    yield from (each for each in found if each.severity is Severity.ERROR)
    for each in open_to_it:
        yield replace(each, waived=waivers.get((each.problem.clause, each.rule)))
    needed = {(each.problem.clause, each.rule) for each in open_to_it}
    for clause in policy.clauses:
        for rule in sorted(clause.waive):
            if (clause.id, rule) not in needed:
                what = f"waives '{rule}', which finds nothing here that can be waived"
                yield at_clause(RULE, Severity.WARNING, clause, what, "no waiver")
