"""Every function says what refusing it costs and what its items are for."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, clauses
from troth.policy.clauses import FunctionClause, ItemClause, Policy, PurposeClause, RefusalClause
from troth.policy.problems import Finding, Severity
from troth.terms import Verb

RULE = "function_complete"


def judge(policy: Policy) -> Iterator[Finding]:
    """Error without an effect or a purpose; warning where an item is declared that nobody may collect."""
    refusable = {clause.function for clause in clauses(policy, RefusalClause)}
    purposes = clauses(policy, PurposeClause)
    purposeful = {clause.function for clause in purposes}
    collects = {clause.function for clause in purposes if Verb.COLLECT in clause.verbs}
    items = clauses(policy, ItemClause)
    collected = {clause.item for clause in items if clause.function in collects}
    takes = {clause.function for clause in items if clause.item not in collected}
    for clause in clauses(policy, FunctionClause):
        if clause.function not in refusable:
            what = "does not say what refusing costs"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'on_refusal: {effect: ...}'")
        if clause.function not in purposeful:
            what = "has no purpose, so nothing may be done for it"
            yield at_clause(RULE, Severity.ERROR, clause, what, "at least one purpose under 'purposes:'")
        elif clause.function in takes:
            what = "declares items that no purpose may collect"
            instead = "a purpose with the verb 'collect', here or where the item comes from,"
            yield at_clause(RULE, Severity.WARNING, clause, what, instead)
