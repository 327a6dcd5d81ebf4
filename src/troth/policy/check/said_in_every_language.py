"""What people read is there in every language of the policy; and in both of ours, if it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from troth.policy.check.finding import at_clause, at_policy
from troth.policy.clauses import Clause, FunctionClause, Policy, PurposeClause, SwitchClause
from troth.policy.problems import Finding, Severity
from troth.policy.words import Language

RULE = "said_in_every_language"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error where a language of the policy is missing; note where only one of ours is."""
    for language in Language:
        severity = Severity.ERROR if language in policy.languages else Severity.NOTE
        if language not in policy.title:
            what = f"the title is missing in {language.value}"
            yield at_policy(RULE, severity, policy, what, f"'{language.value}:' with the title")
        for clause in policy.clauses:
            for key, said in _read_by_people(clause):
                if language not in said:
                    what = f"'{key}' is missing in {language.value}"
                    yield at_clause(RULE, severity, clause, what, f"'{language.value}:' with a text")


def _read_by_people(clause: Clause) -> tuple[tuple[str, Mapping[str, str]], ...]:
    match clause:
        case FunctionClause():
            return (("title", clause.title), ("gives", clause.gives))
        case PurposeClause() | SwitchClause():
            return (("title", clause.title),)
        case _:
            return ()
