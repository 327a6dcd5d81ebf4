"""What the gate asks of the person: did they agree, choose, and leave the switches on?"""

from __future__ import annotations

from datetime import timedelta

from spec import ages
from spec import standing as stands
from spec.acceptance import acceptance
from spec.case import Answer, Case, no
from spec.table import Check
from troth.policy import clauses as says
from troth.terms import ActKind, Basis, Reason

SKEW = timedelta(seconds=120)


def person_stands(case: Case) -> Answer:
    """Check that the person is here, has not cancelled, is of age and accepted this version."""
    cancel = [c for c in case.those(says.RightClause) if c.right == "cancel"]
    agreement = case.those(says.AcceptanceClause)
    if case.needs(Check.HERE) and case.standing is None:
        return no(Reason.CANCELLED, cancel)
    if case.needs(Check.STANDING) and case.standing is None:
        return no(Reason.NOT_ACCEPTED, agreement)
    if case.needs(Check.STANDING) and stands.cancelled(case.acts):
        return no(Reason.CANCELLED, cancel)
    return []


def old_enough(case: Case) -> Answer:
    """Check that the person is old enough for an account, and old enough to speak for themselves.

    Nobody without an account is asked their age; but who was found to be a minor is one.
    """
    audience, guardian = case.those(says.AudienceClause), ages.guardian_rules(case.policy)
    if not case.needs(Check.STANDING):
        return []
    for c in audience:
        declared = ages.declared(case.acts, case.policy, c.minimum_age)
        found_minor = declared.since is None and declared.closed_by is not None
        if case.without_account and found_minor:
            return no(Reason.UNDERAGE, audience)
        if not case.without_account and not case.held(declared.since):
            return no(Reason.UNDERAGE if found_minor else Reason.AGE_UNKNOWN, audience)
    if case.without_account:
        return []
    for c in guardian:
        if case.held(ages.declared(case.acts, case.policy, ages.own_age(c)).since):
            continue
        if not case.held(guardian_consents(case).since):
            over = ages.came_of_age(case.guardian, case.ask.at) is not None
            return no(Reason.RENEWAL_DUE if over else Reason.GUARDIAN_MISSING, guardian)
    return [*audience, *guardian]


def guardian_consents(case: Case) -> stands.Stands:
    """How the consent of a guardian stands."""
    return ages.guarded(case.acts, case.policy, case.guardian, case.ask.at)


def accepted(case: Case) -> Answer:
    """Check that the person accepted this version."""
    agreement = case.those(says.AcceptanceClause)
    if not case.needs(Check.ACCEPTED):
        return []
    given = acceptance(case.acts, case.policy, shown_first=case.shown_first)
    if not case.held(given.since):
        last = given.closed_by if given.since is None else None
        ended = last is not None and last.kind is ActKind.ENDED
        return no(Reason.ACCEPTANCE_ENDED if ended else Reason.NOT_ACCEPTED, agreement)
    return [*agreement]


def not_lost(case: Case) -> Answer:
    """Check that no function was withdrawn with which this one is lost."""
    if not case.needs(Check.CHOICE):
        return []
    ours = case.ask.function
    lost: list[says.RefusalClause] = []
    for c in case.policy.clauses:
        if not isinstance(c, says.RefusalClause) or c.function == ours or ours not in c.also:
            continue
        functions = [f for f in case.policy.clauses if isinstance(f, says.FunctionClause)]
        theirs = [f for f in functions if f.function == c.function and case.waits(f)]
        if theirs:
            chosen = case.chosen(c.function, separate=theirs[0].basis is Basis.SEPARATE_CONSENT)
            last = chosen.closed_by if chosen.since is None else None
            if last is not None and last.kind is ActKind.WITHDRAWN:
                lost.append(c)
    return no(Reason.WITHDRAWN, lost, min(lost, key=lambda c: c.id).effect) if lost else []


def function_chosen(case: Case) -> Answer:
    """Check that a function which waits to be chosen, or rests on consent, was chosen and still is.

    People without an account choose whatever they ask for.
    """
    if not case.needs(Check.CHOICE) or not (case.waits(case.function) or case.without_account):
        return []
    chosen = case.chosen(case.ask.function, separate=case.basis is Basis.SEPARATE_CONSENT)
    if case.held(chosen.since):
        return []
    withdrawn = chosen.since is None and chosen.closed_by is not None
    cost = case.those(says.RefusalClause)
    reason = Reason.WITHDRAWN if withdrawn else Reason.NOT_CHOSEN
    return no(reason, [case.function, *cost], cost[0].effect if cost else None)


def switched_on(case: Case) -> Answer:
    """Check that every switch was on when it was measured and is on now; the future is refused."""
    over = [c for c in case.switches if not c.items]
    off = [c for c in over if not case.is_on(c)]
    if off:
        return no(Reason.SWITCHED_OFF, off)
    if case.ask.measured and case.ask.measured - case.ask.at > SKEW:
        return no(Reason.MEASURED_IN_FUTURE)
    return [*over]
