"""After a breach people and authorities are told, what, how and by when."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import BreachStep, Part
from troth.policy.statements import BreachClause

RULE = "breach_complete"
SOURCES = ("pipl-57.1", "ndsr-11", "inc-4", "gdpr-33.1", "gdpr-34")
_MUST = (BreachStep.CONTENTS, BreachStep.CHANNELS, BreachStep.ANNOUNCE, BreachStep.REGULATOR)
_TOLD = {Part.SITUATION_AND_IMPACT, Part.MEASURES, Part.SELF_PROTECTION_ADVICE}


def judge(policy: Policy) -> Iterator[Finding]:
    """Warning for a step that is missing; error for a notice that would leave out what the law wants told."""
    steps = {clause.name: clause for clause in clauses(policy, BreachClause)}
    missing = [step.value for step in _MUST if step not in steps]
    if missing:
        what = f"nothing is said about a breach: {', '.join(missing)}"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'breach:' with these steps")
    contents = steps.get(BreachStep.CONTENTS)
    if contents is not None and not set(contents.parts) >= _TOLD:
        what = f"people would not be told of: {', '.join(sorted(_TOLD - set(contents.parts)))}"
        yield at_clause(RULE, Severity.ERROR, contents, what, "'parts:' with all of it")
