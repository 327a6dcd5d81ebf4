"""How a rule says what it found."""

from __future__ import annotations

from typing import TypeVar

from troth.policy.clauses import Clause, Policy, Position
from troth.policy.problems import Finding, Severity, problem

C = TypeVar("C", bound=Clause)


def at_clause(rule: str, severity: Severity, clause: Clause, what: str, instead: str) -> Finding:
    """Find something in one clause."""
    return Finding(severity, rule, problem(clause.at, clause.id, what, instead))


def at_policy(rule: str, severity: Severity, policy: Policy, what: str, instead: str) -> Finding:
    """Find something that the policy as a whole lacks; it points at the first line."""
    file = policy.clauses[0].at.file if policy.clauses else policy.name
    return Finding(severity, rule, problem(Position(file, 1, 1), policy.name, what, instead))


def clauses(policy: Policy, kind: type[C]) -> list[C]:
    """Return the clauses of one type."""
    return [each for each in policy.clauses if isinstance(each, kind)]
