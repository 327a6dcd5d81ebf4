"""Who is old enough, and for whom a guardian speaks.

Ages are those of the policy: an account from this age on; a guardian's consent below, or up to and with, that
age. Nobody's birth date is known here, only what was declared, found, and verified.

# INVARIANT: below an age and up to an age are told apart.
# INVARIANT: a guardian who was not verified consents to nothing.
# INVARIANT: a guardian's consent without an end is none.
# INVARIANT: what was agreed to for a child ends when the child comes of age.
# INVARIANT: being found a minor counts for every policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from spec.standing import Stands, unbroken
from troth.policy import clauses as says
from troth.policy.statements import MinorClause
from troth.terms import Act, ActKind


def guardian_rules(policy: says.Policy) -> list[MinorClause]:
    """Return the clauses that ask for a guardian's consent, and say for whom."""
    rules = [c for c in policy.clauses if isinstance(c, MinorClause) and c.name == "parental_consent"]
    return [c for c in rules if c.age is not None]


def own_age(rule: MinorClause) -> int:
    """Return the age from which on nobody speaks for a person."""
    return (rule.age or 0) + (1 if rule.inclusive else 0)


def declared(acts: Sequence[Act], policy: says.Policy, years: int) -> Stands:
    """Age is declared per policy; being found a minor is a fact for all of them. The later act wins."""
    return unbroken(
        acts,
        opens=lambda act: (
            act.kind is ActKind.DECLARED_ADULT
            and act.policy == policy.name
            and (act.age is None or act.age >= years)
        ),
        closes=lambda act: act.kind is ActKind.FOUND_MINOR,
    )


def consents(acts: Sequence[Act], policy: says.Policy, *, shown_first: bool) -> list[Act]:
    """Return the consents of a guardian that count: verified first, to this very text, with an end."""
    if not guardian_rules(policy):
        return []
    verified, shown, given = False, set[tuple[int | None, str | None, str | None]](), list[Act]()
    for act in acts:
        if act.policy != policy.name:
            continue
        text = (act.version, act.language, act.text_hash)
        verified = verified or act.kind is ActKind.GUARDIAN_VERIFIED
        if act.kind is ActKind.SHOWN:
            shown.add(text)
        fits = act.kind is ActKind.GUARDIAN_CONSENTED and act.version == policy.version
        if fits and verified and act.until is not None and (text in shown or not shown_first):
            given.append(act)
    return given


def guarded(acts: Sequence[Act], policy: says.Policy, given: Sequence[Act], now: datetime) -> Stands:
    """Return since when a guardian's consent has held; of several ends, the first ends it."""
    stands = unbroken(
        [act for act in acts if act.policy == policy.name],
        opens=lambda act: act in given,
        closes=lambda act: act.kind is ActKind.GUARDIAN_WITHDREW,
    )
    over = any(act.until is not None and act.until <= now for act in given)
    return Stands(None, stands.closed_by) if over else stands


def came_of_age(given: Sequence[Act], now: datetime) -> datetime | None:
    """Return when someone for whom a guardian spoke came of age, if they have."""
    return max((act.until for act in given if act.until is not None and act.until <= now), default=None)


def still_theirs(acts: Sequence[Act], policy: says.Policy, grown: datetime | None) -> list[Act]:
    """Return the acts without what was agreed to for a child who has come of age since."""
    agreeing = {ActKind.ACCEPTED, ActKind.CHOSEN}
    return [
        act
        for act in acts
        if grown is None or act.at >= grown or act.kind not in agreeing or act.policy != policy.name
    ]
