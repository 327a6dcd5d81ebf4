"""Next versions of a policy, for trials of what a change brings with it, and copies that may come to an end.

Each touches one matter, so that what follows can only follow from that. They are kept under names of their
own, beside the policy: a next version of the policy itself would change all other trials. Pure; the same
policy has the same versions in every process of a system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from troth.policy import clauses as c
from troth.policy import statements as s
from troth.policy.clauses import Clause, Policy
from troth.policy.compile import tables
from troth.policy.compiled import Compiled
from troth.policy.requests import IN_PERSON
from troth.policy.statement_words import Touched
from troth.terms import PolicyName

NOTHING = "nothing"
ENDING = "ending"
"""A copy without a next version: what may be ended without ending anything else."""
_MARK = "-n-"
_APART = frozenset({"cancel", "complain", "policy_view"})
"""Rights with steps of their own."""
_FAR = timedelta(days=9999)
DAYS = (2, 9, 20, 33, 47, 58)
"""When next versions take effect, in days: a trial takes the first that is still to come."""

Clauses = tuple[Clause, ...]


def called(policy: str, topic: str) -> PolicyName:
    """Return the name of the copy of ``policy`` for a topic."""
    return PolicyName(f"{policy}{_MARK}{topic}")


def soon(days: int) -> str:
    """Return the topic of a next version that takes a right away and is in force after so many days."""
    return f"soon-{days}"


def moving(days: int) -> str:
    """Return the topic of one that takes nothing away, and is in force after so many days."""
    return f"moving-{days}"


def right_taken(policy: Policy) -> str | None:
    """Return the right that such a version takes away: one that is asked for in one step, by the person."""
    for each in policy.clauses:
        if isinstance(each, c.RightClause) and IN_PERSON.intersection(each.by) and each.right not in _APART:
            return each.right
    return None


def is_copy(policy: PolicyName) -> bool:
    """Return whether a policy is such a copy itself."""
    return _MARK in policy


def nexts(compiled: Compiled, today: date) -> Mapping[PolicyName, Mapping[int, Compiled]]:
    """Return the copies of one policy, each with the versions that it has."""
    return dict(_made(compiled, today))


def concerning(clause: Clause) -> bool:
    """Return whether trials of a clause look at copies: then its variants need them too."""
    return isinstance(clause, s.ChangeClause | s.MajorChangeClause | s.CessationClause)


def _made(compiled: Compiled, today: date) -> Iterator[tuple[PolicyName, Mapping[int, Compiled]]]:
    for topic, change in _CHANGES.items():
        yield _versions(compiled, called(compiled.policy.name, topic), change, today + _FAR)
    for days in DAYS:
        for topic, change in ((soon(days), _less_rights), (moving(days), _other_department)):
            name = called(compiled.policy.name, topic)
            yield _versions(compiled, name, change, today + timedelta(days=days))
    name = called(compiled.policy.name, ENDING)
    yield name, {compiled.policy.version: tables(replace(compiled.policy, name=name))}


def _versions(
    compiled: Compiled, name: PolicyName, change: Callable[[Policy], Clauses], effective: date
) -> tuple[PolicyName, Mapping[int, Compiled]]:
    first = replace(compiled.policy, name=name)
    number = first.version + 1
    second = replace(
        first, version=number, effective=effective, clauses=change(first), digest=f"{number:064x}"
    )
    return name, {first.version: tables(first), number: tables(second)}


def _without_one(policy: Policy, kinds: Sequence[type[Clause]]) -> Clauses:
    """Take the last clause of the first of these types away."""
    for kind in kinds:
        found = [each for each in policy.clauses if isinstance(each, kind)]
        if found:
            return tuple(each for each in policy.clauses if each is not found[-1])
    return policy.clauses


def _other_model(policy: Policy) -> Clauses:
    return _without_one(policy, (c.PurposeClause, c.ItemClause))


def _other_objects(policy: Policy) -> Clauses:
    return _without_one(policy, (s.CaseClause, c.ExemptClause, c.RecipientClause))


def _less_rights(policy: Policy) -> Clauses:
    """Take a right away."""
    right = right_taken(policy)
    return tuple(
        each for each in policy.clauses if not (isinstance(each, c.RightClause) and each.right == right)
    )


def _other_department(policy: Policy) -> Clauses:
    def moved(each: Clause) -> Clause:
        if isinstance(each, s.ContactClause) and each.value:
            return replace(each, value=f"new-{each.value}")
        return each

    return tuple(moved(each) for each in policy.clauses)


def _other_risk(policy: Policy) -> Clauses:
    return _without_one(policy, (s.ProtectionClause, c.StoredInClause))


def _same(policy: Policy) -> Clauses:
    """Change nothing but a title: nothing that people were promised."""
    return policy.clauses


_CHANGES: Mapping[str, Callable[[Policy], Clauses]] = {
    Touched.MODEL: _other_model,
    Touched.OBJECTS: _other_objects,
    Touched.RIGHTS: _less_rights,
    Touched.DEPARTMENT: _other_department,
    Touched.RISK: _other_risk,
    NOTHING: _same,
}
