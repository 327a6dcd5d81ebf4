"""What the gate asks of the person: did they agree, choose, and leave the switches on?"""

from __future__ import annotations

from datetime import timedelta

from spec import standing as stands
from spec.acceptance import acceptance
from spec.case import CONSENTS, Answer, Case, no
from spec.table import Check
from troth.policy import clauses as says
from troth.terms import ActKind, Basis, Reason, Verb

SKEW = timedelta(seconds=120)


def person_stands(case: Case) -> Answer:
    """Check that the person is here, has not cancelled, is of age and accepted this version."""
    agreement, audience = case.those(says.AcceptanceClause), case.those(says.AudienceClause)
    cancel = [c for c in case.those(says.RightClause) if c.right == "cancel"]
    if case.needs(Check.HERE) and case.standing is None:
        return no(Reason.CANCELLED, cancel)
    if not case.needs(Check.STANDING):
        return []
    if case.standing is None:
        return no(Reason.NOT_ACCEPTED, agreement)
    if stands.cancelled(case.acts):
        return no(Reason.CANCELLED, cancel)
    adult = stands.age(case.acts, case.policy.name)
    if audience and not case.held(adult.since):
        found_minor = adult.since is None and adult.closed_by is not None
        return no(Reason.UNDERAGE if found_minor else Reason.AGE_UNKNOWN, audience)
    shown_first = any(c.shown_first for c in agreement) or not agreement
    accepted = acceptance(case.acts, case.policy, shown_first=shown_first)
    if not case.held(accepted.since):
        last = accepted.closed_by if accepted.since is None else None
        ended = last is not None and last.kind is ActKind.ENDED
        return no(Reason.ACCEPTANCE_ENDED if ended else Reason.NOT_ACCEPTED, agreement)
    return [*audience, *agreement]


def function_chosen(case: Case) -> Answer:
    """Check that a function which waits to be chosen, or rests on consent, was chosen and still is."""
    waits = case.function.starts is says.Starts.WHEN_CHOSEN or case.basis in CONSENTS
    if not case.needs(Check.CHOICE) or not waits:
        return []
    where = (case.policy.name, case.ask.function, None)
    chosen = stands.choice(case.acts, where, separate=case.basis is Basis.SEPARATE_CONSENT)
    if case.held(chosen.since):
        return []
    withdrawn = chosen.since is None and chosen.closed_by is not None
    cost = case.those(says.RefusalClause)
    reason = Reason.WITHDRAWN if withdrawn else Reason.NOT_CHOSEN
    return no(reason, [case.function, *cost], cost[0].effect if cost else None)


def switched_on(case: Case) -> Answer:
    """Check that every switch was on when it was measured and is on now; the future is refused."""
    over = [c for c in case.those(says.SwitchClause) if case.ask.function in c.functions]
    if not case.needs(Check.SWITCHES):
        over = []
    if case.ask.verb is Verb.USE and case.ask.device is None:
        # A device's switch stops its stream. To use what was collected before is not the stream.
        over = [c for c in over if c.scope is not says.Scope.DEVICE]
    name, device = case.policy.name, case.ask.device
    off = [c for c in over if not stands.switched_on(case.acts, name, c, device, case.then)]
    if off:
        return no(Reason.SWITCHED_OFF, off)
    if case.ask.measured and case.ask.measured - case.ask.at > SKEW:
        return no(Reason.MEASURED_IN_FUTURE)
    return [*over]
