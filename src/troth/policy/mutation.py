"""Whether a clause would be missed: take it away, or turn one of its keys round, and look for any difference.

A mutant that does not load or compile any more is missed too: the policy as a whole refuses. What a clause is
looked at for, says `enforcement`. Pure; a gate is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, cast

from troth.policy.clauses import AttestedClause, Clause, Policy
from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.enforcement import ENFORCED_BY, Seen
from troth.policy.period import Period
from troth.policy.probes import OBSERVERS, Observed
from troth.policy.probes_gate import Decide, decisions, touched
from troth.policy.problems import PolicyRejected
from troth.terms import ClauseId

_SAYS_NOTHING = {
    "id", "at", "promises", "stated", "decided_by", "mod", "strength", "lang", "attested", "name", "function",
}  # fmt: skip
"""Attributes that place or explain a clause; what it says is in the others."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one clause; ``key`` None: it was taken away."""

    clause: ClauseId
    key: str | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class Missed:
    """One mutant and whether anything changed, on the clause's own channel."""

    clause: ClauseId
    key: str | None
    seen: Seen
    missed: bool


def examine(policy: Policy, decide: Decide) -> Iterator[Missed]:
    """Try every mutant of a policy. Clauses kept in code or by a workflow to come are left out."""
    before = compile_policy(policy)
    for clause in policy.clauses:
        if isinstance(clause, AttestedClause):
            continue
        seen = ENFORCED_BY[type(clause)].seen
        if seen in {Seen.CODE, Seen.WORKFLOW}:
            continue
        base = observe(before, before, clause, seen, decide)
        for mutant in mutants(policy, clause):
            yield Missed(clause.id, mutant.key, seen, differs(before, mutant, clause, base, decide))


def differs(before: Compiled, mutant: Mutant, clause: Clause, base: Observed, decide: Decide) -> bool:
    """Return whether a mutant is refused or answers anything otherwise."""
    try:
        after = compile_policy(mutant.policy)
    except PolicyRejected:
        return True
    seen = ENFORCED_BY[type(clause)].seen
    return observe(before, after, clause, seen, decide) != base


def observe(before: Compiled, after: Compiled, clause: Clause, seen: Seen, decide: Decide) -> Observed:
    """Ask a policy all that has to do with one clause."""
    if seen is Seen.DECISION:
        return decisions(after, decide, touched(before, clause))
    return OBSERVERS[seen](after, clause)


def survivors(found: Iterator[Missed]) -> frozenset[ClauseId]:
    """Return the clauses that could be taken away and nobody would notice."""
    return frozenset(each.clause for each in found if each.key is None and not each.missed)


def mutants(policy: Policy, clause: Clause) -> Iterator[Mutant]:
    """Yield a policy without the clause, and one for each key that can be turned round."""
    others = tuple(each for each in policy.clauses if each is not clause)
    yield Mutant(clause.id, None, replace(policy, clauses=others))
    for each in fields(clause):
        if each.name in _SAYS_NOTHING:
            continue
        turned = turn(getattr(clause, each.name))
        if turned is not None:
            changed = replace(clause, **{each.name: turned})
            place = policy.clauses.index(clause)
            clauses = (*policy.clauses[:place], changed, *policy.clauses[place + 1 :])
            yield Mutant(clause.id, each.name, replace(policy, clauses=clauses))


def turn(value: object) -> object | None:  # noqa: PLR0911 - one case for each type
    """Return another value of the same type that means something else; None where there is none."""
    given: Any = value
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case Period():
            return Period(value.value + 1, value.unit)
        case StrEnum():
            words = list(type(value))
            return words[(words.index(value) + 1) % len(words)]
        case tuple() if given:
            return cast("tuple[object, ...]", given)[1:]
        case frozenset() if given:
            members = cast("frozenset[str]", given)
            return members - {min(members)}
        case Mapping() if given:
            said = cast("Mapping[str, str]", given)
            first = min(said)
            rest = {key: text for key, text in said.items() if key != first}
            return {first: _other(said[first]), **rest}
        case _:
            return None


def _other(text: str) -> str:
    return {"zh": "en", "en": "zh"}.get(text, f"not {text}")
