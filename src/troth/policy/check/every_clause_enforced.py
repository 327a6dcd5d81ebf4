"""Every clause has something that enforces it. What lies outside software is attested, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import (
    AcceptanceClause,
    AttestedClause,
    AudienceClause,
    Clause,
    ClosedClause,
    DutyClause,
    ExemptClause,
    FunctionClause,
    ItemClause,
    NeedClause,
    NeverAboutClause,
    Policy,
    PurposeClause,
    RecipientClause,
    RefusalClause,
    RetentionClause,
    RightClause,
    StoredInClause,
    SwitchClause,
)
from troth.policy.problems import Finding, Severity

RULE = "every_clause_enforced"

ENFORCED_BY: Mapping[type[Clause], str] = MappingProxyType(
    {
        FunctionClause: "gate: the function exists, on this basis, from then on",
        ItemClause: "gate: required, chosen or dropped; vault: kept or not",
        NeedClause: "gate: what must be there first",
        PurposeClause: "gate: who may do what, and why",
        RefusalClause: "gate: the effect named in a refusal; the notice",
        NeverAboutClause: "gate: the role is refused before anything else",
        ClosedClause: "gate: staff and services are refused",
        SwitchClause: "gate: off at the moment of measuring or now is refused",
        ExemptClause: "gate: the only grounds that stand in for consent",
        DutyClause: "gate: the only duties that open a verb",
        StoredInClause: "gate: every other region is refused",
        AudienceClause: "gate: minors and people of unknown age are refused",
        AcceptanceClause: "gate: nothing before it was shown and agreed to",
        RecipientClause: "gate: every other recipient is refused",
        RetentionClause: "vault: erasure",
        RightClause: "rights: the channels and the deadline of a request",
    }
)


def judge(policy: Policy) -> Iterator[Finding]:
    """Error: a clause that nothing enforces is a comment, and comments promise nothing."""
    if not clauses(policy, FunctionClause):
        what = "no function, so there is nothing to collect for"
        yield at_policy(RULE, Severity.ERROR, policy, what, "at least one function under 'functions:'")
    for clause in policy.clauses:
        if isinstance(clause, AttestedClause) and clause.attested:
            what = "lies outside software and is shown as attested, never as kept"
            yield at_clause(RULE, Severity.NOTE, clause, what, "it as it is, with the evidence attached,")
        elif type(clause) not in ENFORCED_BY:
            what = "nothing enforces this clause"
            yield at_clause(RULE, Severity.ERROR, clause, what, "it under 'attested:' with its evidence")
