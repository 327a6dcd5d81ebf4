"""A prohibition holds whatever anyone chooses and whatever language they read.

What depends on consent lapses when consent goes, and the gate would open. The grammar has no key for such a
condition; this rule closes the two ways left to weaken a prohibition.
"""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause
from troth.policy.clauses import ClosedClause, NeverAboutClause, Policy
from troth.policy.problems import Finding, Severity
from troth.policy.words import Mod

RULE = "prohibition_unconditional"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a prohibition that may be left out is none."""
    for clause in policy.clauses:
        if not isinstance(clause, ClosedClause | NeverAboutClause):
            continue
        if clause.mod != Mod.MUST_NOT:
            what = f"a prohibition with 'mod: {clause.mod}'"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'mod: must_not', or no 'mod'")
        if clause.lang is not None:
            what = "a prohibition that holds in one language only"
            yield at_clause(RULE, Severity.ERROR, clause, what, "it without 'lang'")
