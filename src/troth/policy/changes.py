"""What a next version of a policy touches, and what the version that people accepted wants done about it.

Compares clauses, never texts. Where it cannot tell that a change takes nothing away, it says that it does:
then people are asked.
Whoever does not agree keeps the older version in any case (the gate's part). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from troth.policy import answers
from troth.policy import clauses as c
from troth.policy import statements as s
from troth.policy.compiled import Compiled
from troth.policy.statement_words import ChangeRule, Touched
from troth.terms import ClauseId

_TOUCHES: Mapping[type[c.Clause], Touched] = MappingProxyType(
    {
        c.FunctionClause: Touched.MODEL,
        c.PurposeClause: Touched.MODEL,
        c.ItemClause: Touched.MODEL,
        c.NeedClause: Touched.MODEL,
        c.RefusalClause: Touched.MODEL,
        c.RecipientClause: Touched.OBJECTS,
        s.CaseClause: Touched.OBJECTS,
        c.ExemptClause: Touched.OBJECTS,
        c.DutyClause: Touched.OBJECTS,
        c.RightClause: Touched.RIGHTS,
        c.SwitchClause: Touched.RIGHTS,
        c.RetentionClause: Touched.RIGHTS,
        c.NeverAboutClause: Touched.RIGHTS,
        c.ClosedClause: Touched.RIGHTS,
        c.AcceptanceClause: Touched.RIGHTS,
        s.DeadlineClause: Touched.RIGHTS,
        s.DeleteGroundClause: Touched.RIGHTS,
        s.RefuseGroundClause: Touched.RIGHTS,
        s.RequestClause: Touched.RIGHTS,
        s.ChangeClause: Touched.RIGHTS,
        s.CessationClause: Touched.RIGHTS,
        s.BreachClause: Touched.RIGHTS,
        s.ControllerClause: Touched.DEPARTMENT,
        s.ContactClause: Touched.DEPARTMENT,
        s.ProtectionClause: Touched.RISK,
        c.StoredInClause: Touched.RISK,
        c.AudienceClause: Touched.RISK,
        s.MinorClause: Touched.RISK,
        s.BackupClause: Touched.RISK,
        s.HoldClause: Touched.RISK,
        s.OrderedHoldClause: Touched.RISK,
        c.HoldClause: Touched.RISK,
    }
)
"""What a change of such a clause touches; of any other clause, nothing that makes a change a major one."""
_TAKES = frozenset(
    {
        c.FunctionClause, c.PurposeClause, c.ItemClause, c.NeedClause, c.RecipientClause, s.CaseClause,
        c.ExemptClause, c.DutyClause, c.StoredInClause, c.HoldClause, s.HoldClause, s.OrderedHoldClause,
        s.RefuseGroundClause,
    }
)  # fmt: skip
"""Clauses that allow us something: to lose one lessens nobody's rights, to gain one may."""
_PLACE: dict[str, Any] = {
    "at": c.Position("", 0, 0),
    "promises": (),
    "stated": None,
    "decided_by": None,
    "attested": None,
    "waive": {},
}


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two versions. ``lessens`` are the addresses that may take rights away."""

    touched: frozenset[Touched]
    lessens: frozenset[ClauseId]
    clauses: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Telling:
    """How people under the older version are told, and what makes the newer one theirs.

    ``places``: where it is published. ``channels``: by what each person is told. ``shown_at``: when it is put
    before them. ``asks``: they are asked to agree. ``goes_on``: going on after it was shown is agreeing (it
    never widens anything). ``archive``: the older text stays open to all. ``revised``: they are told that
    it is part of the policy from its date on, and that what was before is judged by the older one.
    """

    places: tuple[str, ...]
    channels: tuple[str, ...]
    shown_at: tuple[str, ...]
    asks: bool
    goes_on: bool
    archive: bool
    revised: bool
    clauses: frozenset[ClauseId]


def touches(clause: c.Clause) -> Touched | None:
    """Return what a change of this clause touches, if that can make it a major one."""
    return _TOUCHES.get(type(clause))


def compare(before: Compiled, after: Compiled) -> Change:
    """Return what the later version changes."""
    old, new = _said(before.policy.clauses), _said(after.policy.clauses)
    moved = {each for each in old.keys() | new.keys() if old.get(each) != new.get(each)}
    touched, lessens = set[Touched](), set[ClauseId]()
    for each in moved:
        one = old.get(each) or new[each]
        if (what := touches(one)) is None:
            continue
        touched.add(what)
        gone = each not in new
        if _sooner(old.get(each), new.get(each)):
            continue
        if what is not Touched.DEPARTMENT and (not gone if type(one) in _TAKES else each in old):
            lessens.add(each)
    return Change(frozenset(touched), frozenset(lessens), frozenset(moved))


def telling(before: Compiled, change: Change) -> Telling:
    """Return what the version that a person accepted wants done about ``change``."""
    rules = {ChangeRule(each.name): each for each in before.all(s.ChangeClause)}
    less = rules.get(ChangeRule.LESS_RIGHTS) if change.lessens else None
    loud = [
        rules[rule]
        for rule in (ChangeRule.PROMINENT, ChangeRule.LESS_RIGHTS)
        if rule in rules and (less is not None if rule is ChangeRule.LESS_RIGHTS else _major(before, change))
    ]
    quiet = (ChangeRule.PUBLISH, ChangeRule.ARCHIVE, ChangeRule.REVISION)
    said = [rules[each] for each in quiet if each in rules]
    asks = less is not None and less.needs is not None
    goes_on = ChangeRule.CONTINUED_USE in rules and not asks
    if goes_on:
        said.append(rules[ChangeRule.CONTINUED_USE])
    return Telling(
        places=rules[ChangeRule.PUBLISH].by if ChangeRule.PUBLISH in rules else (),
        channels=_once(channel for rule in loud for channel in rule.by),
        shown_at=_once(occasion for rule in loud for occasion in rule.shown_at),
        asks=asks,
        goes_on=goes_on,
        archive=ChangeRule.ARCHIVE in rules,
        revised=ChangeRule.REVISION in rules,
        clauses=frozenset(each.id for each in (*loud, *said)),
    )


def _sooner(old: c.Clause | None, new: c.Clause | None) -> bool:
    """Return whether a right is answered sooner than before, and nothing else of it differs."""
    if not isinstance(old, c.RightClause) or not isinstance(new, c.RightClause):
        return False
    if old.deadline_days is None or new.deadline_days is None:  # its time stands elsewhere, or nowhere
        return False
    return new.deadline_days < old.deadline_days and replace(new, deadline_days=old.deadline_days) == old


def _major(before: Compiled, change: Change) -> bool:
    return answers.major(before, sorted(change.touched))


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _said(clauses: Iterable[c.Clause]) -> Mapping[ClauseId, c.Clause]:
    """Return clauses by address, without where they stand in a file and why they are there."""
    return {each.id: replace(each, **_PLACE) for each in clauses}
