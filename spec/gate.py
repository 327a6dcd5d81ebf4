"""What the gate means: plain loops over the clauses of one policy version, to be read from top to bottom.

Says yes or no to one ask, and which clauses decided. Does not store the answer and does not act on it.
A permission must be found among the clauses; silence is a no. Each sentence below has a test of its name.

# INVARIANT: no rule no access.
# INVARIANT: a forbid beats any permit.
# INVARIANT: the order of clauses never matters.
# INVARIANT: adding a forbid never opens.
# INVARIANT: withdrawing never opens.
# INVARIANT: refusing costs what is stated and nothing else.
# INVARIANT: after cancellation only what is held is reached, and only for its ground.
# INVARIANT: nothing is made public by others without separate consent, a duty, an exemption or a case.
# INVARIANT: beyond the function only a listed case opens and only with its facts.
# INVARIANT: an item is about whom its clause says.
# INVARIANT: what is done under one policy opens nothing under another.
# INVARIANT: an error while deciding denies.
# INVARIANT: what was not allowed when measured is refused.
# INVARIANT: dropping is per item.
# INVARIANT: what is used and not kept is never stored.
# INVARIANT: what does not have its form is never admitted.
# INVARIANT: the explanation names exactly the deciding clauses.
"""

from __future__ import annotations

from spec import agreement, items
from spec.case import Answer, Case, no
from spec.table import WITHOUT_ACCOUNT, Check
from troth.policy import clauses as says
from troth.terms import ActorKind, Allow, Ask, Basis, Decision, Deny, Reason, Role, Standing, Verb


def decide(policy: says.Policy, standing: Standing | None, ask: Ask) -> Decision:
    """Answer ``ask`` under the one version ``policy``: the first check that fails gives the reason."""
    try:
        case = Case(policy, standing, ask)
        yes: list[says.Clause] = []
        for check in ORDER:
            answer = check(case)
            if isinstance(answer, Deny):
                return answer
            yes += answer
        admitted, dropped = items.sort(case)
        because = frozenset(clause.id for clause in yes)
        return Allow(admitted, dropped, because, items.unkept(case, admitted))
    except Exception:  # noqa: BLE001  # whatever went wrong, the answer is no
        return no(Reason.ERROR)


def function_exists(case: Case) -> Answer:
    """Check that the function stands in this version of the policy asked about."""
    if not case.well_formed:
        return no(Reason.ERROR)
    if case.ask.policy != case.policy.name:
        return no(Reason.UNKNOWN_POLICY)
    found = case.those(says.FunctionClause)
    return [*found] or no(Reason.UNKNOWN_FUNCTION)


def not_forbidden(case: Case) -> Answer:
    """Check that no prohibition speaks against the ask: before any permission, on every basis."""
    never = [c for c in case.those(says.NeverAboutClause) if c.role is case.ask.role]
    if never:
        return no(Reason.ROLE_FORBIDDEN, never)
    shut = [c for c in case.those(says.ClosedClause) if c.item in case.ask.items]
    shut = [c for c in shut if case.ask.verb in c.verbs and case.ground not in c.unless]
    if shut and case.ask.actor.kind in {ActorKind.STAFF, ActorKind.SERVICE}:
        return no(Reason.CLOSED_TO_CONTROLLER, shut)
    return []


def purpose_declared(case: Case) -> Answer:
    """Check that the function states the purpose, and for it this kind of actor and this verb."""
    if not case.needs(Check.PURPOSE):
        return []
    ask = case.ask
    if case.beyond:  # the case says what for; only the maker and its services act in one
        return [] if ask.actor.kind in {ActorKind.STAFF, ActorKind.SERVICE} else no(Reason.ACTOR_FORBIDDEN)
    stated = [c for c in case.those(says.PurposeClause) if c.purpose == ask.purpose]
    if not stated:
        return no(Reason.PURPOSE_UNDECLARED)
    theirs = [c for c in stated if ask.actor.kind in c.by]
    if not theirs or (ask.actor.kind is ActorKind.SUBJECT and not may_act(case)):
        return no(Reason.ACTOR_FORBIDDEN, stated)
    fits = [c for c in theirs if ask.verb in c.verbs and (not c.only_on or case.basis in c.only_on)]
    return [*fits] or no(Reason.PURPOSE_UNDECLARED, theirs)


def in_person(case: Case) -> bool:
    """Whether the one who asks is the one asked about."""
    return case.ask.actor.kind is ActorKind.SUBJECT and case.ask.actor.id == str(case.ask.subject)


def may_act(case: Case) -> bool:
    """Whether a person may act: for themselves, for a child with a guardian's consent, for others' guests."""
    alone = {Role.HOLDER, *WITHOUT_ACCOUNT}
    if in_person(case):
        return True
    if case.ask.role is Role.CHILD:
        return case.held(agreement.guardian_consents(case).since)
    return case.ask.role not in alone


def basis_holds(case: Case) -> Answer:
    """Check that the basis is the function's own, or a listed one with its reference attached."""
    ask, clauses = case.ask, list[says.Clause]()
    if case.needs(Check.OWN_BASIS) and case.basis is not case.function.basis:
        return no(Reason.BASIS_UNLISTED)
    makes_public = ask.verb is Verb.DISCLOSE and not in_person(case) and not case.beyond
    if case.needs(Check.OWN_BASIS) and makes_public and case.basis is not Basis.SEPARATE_CONSENT:
        return no(Reason.BASIS_UNLISTED, [case.function])
    if case.needs(Check.GROUND):
        if case.ground is None:
            return no(Reason.REFERENCE_MISSING)
        kind = says.DutyClause if case.basis is Basis.LEGAL_DUTY else says.ExemptClause
        clauses += [c for c in case.those(kind) if (c.verb, c.ground) == (ask.verb, case.ground)]
        if not clauses:
            return no(Reason.BASIS_UNLISTED)
    if case.needs(Check.IN_PERSON):
        if ask.verb not in {Verb.COLLECT, Verb.USE, Verb.FORGET}:
            return no(Reason.BASIS_UNLISTED)
        if ask.actor.kind is ActorKind.STAFF and case.ground is None:
            return no(Reason.REFERENCE_MISSING)
        if ask.actor.kind is not ActorKind.STAFF and not in_person(case):
            return no(Reason.ACTOR_FORBIDDEN)
    return clauses


ORDER = (
    function_exists,
    not_forbidden,
    agreement.person_stands,
    agreement.old_enough,
    agreement.accepted,
    purpose_declared,
    basis_holds,
    agreement.not_lost,
    agreement.function_chosen,
    agreement.switched_on,
    items.needs_met,
    items.something_left,
    items.recipient_listed,
    items.region_allowed,
)
