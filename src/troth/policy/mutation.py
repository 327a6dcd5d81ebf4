"""Whether a clause would be missed: take it away, or turn one of its keys round, and look for any difference.

A mutant that does not load or compile any more is missed too: the policy as a whole refuses. What a clause is
looked at for, says `enforcement`. Pure; a gate is handed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, cast

from troth.policy.clauses import Clause, DutyClause, ExemptClause, Policy
from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.enforcement import RESTATES, Seen, enforcement
from troth.policy.period import Period
from troth.policy.probes import OBSERVERS, shown
from troth.policy.probes_gate import Decide, decisions, documented, touched
from troth.policy.problems import PolicyRejected
from troth.terms import ClauseId

_SAYS_NOTHING = {
    "id", "at", "promises", "stated", "decided_by", "mod", "strength", "lang", "attested", "waive", "name",
    "function",
}  # fmt: skip
"""Attributes that place or explain a clause; what it says is in the others."""
_LEFT_OUT = {Seen.CODE, Seen.NOWHERE}
"""What no question to a policy could show."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one clause; ``key`` None: it was taken away."""

    clause: ClauseId
    key: str | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class Missed:
    """One mutant, and where it was noticed: on the clause's own channel, else only told, else nowhere."""

    clause: ClauseId
    key: str | None
    channel: Seen
    seen: Seen | None
    restates: bool = False


def examine(
    policy: Policy, decide: Decide, *, keys: bool = True, only: Collection[ClauseId] | None = None
) -> Iterator[Missed]:
    """Try every mutant of a policy; without ``keys``, only what is taken away as a whole; ``only`` these.

    Clauses kept in code, or not yet, are left out.
    """
    original = _Original(compile_policy(policy), decide)
    for clause in policy.clauses:
        kept = enforcement(clause)
        if (only is not None and clause.id not in only) or kept is None or kept.seen in _LEFT_OUT:
            continue
        channel = kept.seen
        for mutant in mutants(policy, clause) if keys else [without(policy, clause)]:
            seen = _seen(original, mutant, clause, channel)
            yield Missed(clause.id, mutant.key, channel, seen, type(clause) in RESTATES)


def _seen(original: _Original, mutant: Mutant, clause: Clause, channel: Seen) -> Seen | None:
    """Return where a mutant is noticed; one that does not compile refuses everything."""
    try:
        after = compile_policy(mutant.policy)
    except PolicyRejected:
        return channel
    looked = [channel, Seen.OUTPUT]
    if mutant.key is not None and isinstance(getattr(clause, mutant.key), Mapping):
        looked.reverse()  # a text for people is found where people are told
    return next((each for each in looked if original.differs(after, clause, each)), None)


@dataclass(frozen=True, slots=True)
class _Original:
    """The policy itself, with what it answered so far."""

    compiled: Compiled
    decide: Decide
    known: dict[tuple[object, ...], dict[str, object]] = field(
        default_factory=dict[tuple[object, ...], dict[str, object]]
    )

    def differs(self, after: Compiled, clause: Clause, seen: Seen) -> bool:
        """Return whether a mutant answers otherwise; stops asking at the first difference."""
        key = _about(self.compiled, clause, seen)
        if key not in self.known:
            self.known[key] = dict(observe(self.compiled, self.compiled, clause, seen, self.decide))
        base, asked = self.known[key], 0
        for question, answer in observe(self.compiled, after, clause, seen, self.decide):
            if question not in base or base[question] != answer:
                return True
            asked += 1
        return asked != len(base)


def _about(before: Compiled, clause: Clause, seen: Seen) -> tuple[object, ...]:
    """Return what the questions depend on, so that they are put to the policy itself only once."""
    match seen, clause:
        case Seen.DECISION, DutyClause() | ExemptClause():
            return (seen, type(clause), clause.verb, clause.ground)
        case Seen.DECISION, _:
            return (seen, touched(before, clause))
        case Seen.OUTPUT, _:
            return (seen,)
        case _:
            return (seen, clause.id)


def observe(
    before: Compiled, after: Compiled, clause: Clause, seen: Seen, decide: Decide
) -> Iterator[tuple[str, object]]:
    """Ask a policy all that has to do with one clause."""
    if seen is Seen.OUTPUT:
        yield from shown(after).items()
    elif seen is not Seen.DECISION:
        yield from OBSERVERS[seen](after, clause).items()
    elif isinstance(clause, DutyClause | ExemptClause):
        yield from documented(after, decide, clause)
    else:
        yield from decisions(after, decide, touched(before, clause))


def survivors(found: Iterator[Missed]) -> frozenset[ClauseId]:
    """Return the clauses that could be taken away and nobody would notice.

    What restates that silence is a no is noticed where it is told; anything else, only on its own channel.
    """
    return frozenset(
        each.clause
        for each in found
        if each.key is None and each.seen is not each.channel and not (each.seen and each.restates)
    )


def mutants(policy: Policy, clause: Clause) -> Iterator[Mutant]:
    """Yield a policy without the clause, and one for each key that can be turned round."""
    yield without(policy, clause)
    for each in fields(clause):
        if each.name in _SAYS_NOTHING:
            continue
        turned = turn(getattr(clause, each.name))
        if turned is not None:
            changed = replace(clause, **{each.name: turned})
            place = policy.clauses.index(clause)
            clauses = (*policy.clauses[:place], changed, *policy.clauses[place + 1 :])
            yield Mutant(clause.id, each.name, replace(policy, clauses=clauses))


def without(policy: Policy, clause: Clause) -> Mutant:
    """Take a clause away."""
    others = tuple(each for each in policy.clauses if each is not clause)
    return Mutant(clause.id, None, replace(policy, clauses=others))


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
