"""The decision: one ask, one standing, one policy version, yes or no and why. Pure; never raises.

Means what `spec/gate.py` says, from tables instead of loops. Does not read, write, or look at a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troth.gate.rows import ROWS, Row
from troth.gate.stands import Stands, Unfit, look
from troth.policy.cases import ABROAD, BEYOND, Listed, Missing, Unlisted, judge
from troth.policy.clauses import Clause, ItemClause, Scope, SwitchClause
from troth.policy.compiled import Compiled, FunctionTable
from troth.terms import (
    ActKind,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Beyond,
    ClauseId,
    Decision,
    Deny,
    Dropped,
    ItemName,
    PolicyName,
    Reason,
    Role,
    Standing,
    Verb,
)

SKEW = timedelta(seconds=120)
"""How far a device's clock may run ahead."""
_WITHOUT_ACCOUNT = frozenset({Role.APPLICANT, Role.CALLER})
"""People with a standing of their own and nothing to accept: they must have asked for the function."""
_ALONE = frozenset({Role.HOLDER, *_WITHOUT_ACCOUNT})
"""People for whom nobody else acts."""
_CONTROLLER = frozenset({ActorKind.STAFF, ActorKind.SERVICE})
_OWN_VERBS = frozenset({Verb.COLLECT, Verb.USE, Verb.FORGET})


def decide(compiled: Compiled, standing: Standing | None, ask: Ask) -> Decision:
    """Answer ``ask`` under the one version ``compiled``; ``standing`` None: nobody known.

    An error while deciding is a no: `Deny` with `Reason.ERROR`.
    """
    try:
        return _decide(compiled, standing, ask)
    except Exception:  # noqa: BLE001  # whatever went wrong, the answer is no
        return _no(Reason.ERROR)


def accepted_version(standing: Standing | None, policy: PolicyName, at: datetime) -> int | None:
    """Return the version of ``policy`` that was accepted last by ``at``, ended since or not."""
    acts = standing.acts if standing else ()
    ours = (act for act in reversed(acts) if act.kind is ActKind.ACCEPTED and act.policy == policy)
    return next((act.version for act in ours if act.at <= at), None)


def _no(reason: Reason, because: Iterable[Clause] = (), effect: str | None = None) -> Deny:
    return Deny(reason, frozenset([clause.id for clause in because]), effect)


@dataclass(slots=True)
class _Case:
    """An ask in the middle of being answered; ``yes`` collects the clauses that were consulted and agreed."""

    compiled: Compiled
    known: bool
    account: bool
    in_person: bool
    ask: Ask
    stands: Stands
    table: FunctionTable
    basis: Basis
    row: Row
    then: datetime
    ground: str | None
    beyond: Beyond | None
    yes: list[ClauseId]
    passed: set[ItemName] = field(default_factory=set[ItemName])
    dropped: list[Dropped] = field(default_factory=list[Dropped])


def _decide(compiled: Compiled, standing: Standing | None, ask: Ask) -> Decision:
    stands = _fit(compiled, standing, ask)
    if ask.policy != compiled.policy.name:
        return _no(Reason.UNKNOWN_POLICY)
    table = compiled.functions.get(ask.function)
    if table is None:
        return _no(Reason.UNKNOWN_FUNCTION)
    basis = ask.basis or table.clause.basis
    reference = ask.reference
    case = _Case(
        compiled=compiled,
        known=standing is not None,
        account=ask.role not in _WITHOUT_ACCOUNT,
        in_person=ask.actor.kind is ActorKind.SUBJECT and ask.actor.id == str(ask.subject),
        ask=ask,
        stands=stands,
        table=table,
        basis=basis,
        row=ROWS[basis][ask.verb],
        then=min(ask.measured or ask.at, ask.at),
        ground=reference.ground if reference is not None and reference.document.strip() else None,
        beyond=_beyond(ask),
        yes=[table.clause.id],
    )
    for check in _ORDER:
        denied = check(case)
        if denied is not None:
            return denied
    passed = frozenset(case.passed)
    return Allow(passed, frozenset(case.dropped), frozenset(case.yes), passed & table.unkept)


def _beyond(ask: Ask) -> Beyond | None:
    """Return the listed case that is claimed, where data is given away; anything else has none."""
    claimed = ask.beyond
    return claimed if claimed is not None and claimed.act in BEYOND.get(ask.verb, ()) else None


def _fit(compiled: Compiled, standing: Standing | None, ask: Ask) -> Stands:
    """Return what the standing amounts to. Raises `Unfit`."""
    if ask.at.utcoffset() is None or (ask.measured or ask.at).utcoffset() is None:
        raise Unfit
    if standing is not None and standing.subject != ask.subject:
        raise Unfit
    return look(compiled, standing, ask.at)


def _forbidden(case: _Case) -> Deny | None:
    ask, table = case.ask, case.table
    never = table.never_about.get(ask.role)
    if never is not None:
        return _no(Reason.ROLE_FORBIDDEN, [never])
    if table.closed and ask.actor.kind in _CONTROLLER:
        shut = [
            clause
            for item, clause in table.closed.items()
            if item in ask.items and ask.verb in clause.verbs and case.ground not in clause.unless
        ]
        if shut:
            return _no(Reason.CLOSED_TO_CONTROLLER, shut)
    return None


def _person(case: _Case) -> Deny | None:
    if case.row.here and not case.known:
        return _cancelled(case.compiled)
    if case.row.standing:
        if not case.known:
            return _no(Reason.NOT_ACCEPTED, [case.compiled.acceptance])
        if case.stands.cancelled:
            return _cancelled(case.compiled)
    return None


def _cancelled(compiled: Compiled) -> Deny:
    right = compiled.rights.get("cancel")
    return _no(Reason.CANCELLED, [] if right is None else [right])


def _age(case: _Case) -> Deny | None:
    """Old enough for an account; nobody without one is asked, but who was found to be a minor is one."""
    audience, adult = case.compiled.audience, case.stands.adult
    if not case.row.standing or audience is None:
        return None
    found_minor = adult.since is None and adult.ended is not None
    if not case.account:
        return _no(Reason.UNDERAGE, [audience]) if found_minor else None
    if not adult.at(case.then):
        return _no(Reason.UNDERAGE if found_minor else Reason.AGE_UNKNOWN, [audience])
    case.yes.append(audience.id)
    return None


def _guardian(case: _Case) -> Deny | None:
    """Old enough to speak for oneself, or with a guardian's consent."""
    clause, stands = case.compiled.guardian, case.stands
    if not case.row.standing or clause is None or not case.account:
        return None
    if not stands.grown.at(case.then) and not stands.guardian.held.at(case.then):
        over = stands.guardian.over is not None
        return _no(Reason.RENEWAL_DUE if over else Reason.GUARDIAN_MISSING, [clause])
    case.yes.append(clause.id)
    return None


def _acceptance(case: _Case) -> Deny | None:
    clause, accepted = case.compiled.acceptance, case.stands.accepted
    if not case.row.accepted or not case.account:
        return None
    if not accepted.at(case.then):
        ended = accepted.since is None and accepted.ended is ActKind.ENDED
        return _no(Reason.ACCEPTANCE_ENDED if ended else Reason.NOT_ACCEPTED, [clause])
    case.yes.append(clause.id)
    return None


def _purpose(case: _Case) -> Deny | None:
    if not case.row.purpose:
        return None
    if case.beyond is not None:  # the case says what for; only the maker and its services act in one
        return None if case.ask.actor.kind in _CONTROLLER else _no(Reason.ACTOR_FORBIDDEN)
    return _stated(case)


def _stated(case: _Case) -> Deny | None:
    ask, clause = case.ask, case.table.purposes.get(case.ask.purpose)
    if clause is None:
        return _no(Reason.PURPOSE_UNDECLARED)
    if ask.actor.kind not in clause.by:
        return _no(Reason.ACTOR_FORBIDDEN, [clause])
    if ask.actor.kind is ActorKind.SUBJECT and not case.in_person and not _may_act(case):
        return _no(Reason.ACTOR_FORBIDDEN, [clause])
    if ask.verb not in clause.verbs or (clause.only_on and case.basis not in clause.only_on):
        return _no(Reason.PURPOSE_UNDECLARED, [clause])
    case.yes.append(clause.id)
    return None


def _may_act(case: _Case) -> bool:
    """Return whether another person may act: for a child with consent, for guests of an account."""
    if case.ask.role is Role.CHILD:
        return case.stands.guardian.held.at(case.then)
    return case.ask.role not in _ALONE


def _basis(case: _Case) -> Deny | None:
    row, ask = case.row, case.ask
    if row.own_basis:
        if case.basis is not case.table.clause.basis:
            return _no(Reason.BASIS_UNLISTED)
        made_public = ask.verb is Verb.DISCLOSE and not case.in_person and case.beyond is None
        if made_public and case.basis is not Basis.SEPARATE_CONSENT:
            return _no(Reason.BASIS_UNLISTED, [case.table.clause])
    if row.ground:
        if case.ground is None:
            return _no(Reason.REFERENCE_MISSING)
        listed = case.compiled.duties if case.basis is Basis.LEGAL_DUTY else case.compiled.exempt
        clause = listed.get((ask.verb, case.ground))
        if clause is None:
            return _no(Reason.BASIS_UNLISTED)
        case.yes.append(clause.id)
    return None


def _own_right(case: _Case) -> Deny | None:
    ask = case.ask
    if not case.row.in_person:
        return None
    if ask.verb not in _OWN_VERBS:
        return _no(Reason.BASIS_UNLISTED)
    if ask.actor.kind is ActorKind.STAFF:
        return _no(Reason.REFERENCE_MISSING) if case.ground is None else None
    return None if case.in_person else _no(Reason.ACTOR_FORBIDDEN)


def _lost(case: _Case) -> Deny | None:
    """Lost with another function that was withdrawn."""
    if not case.row.choice or not case.table.lost_with:
        return None
    lost = case.stands.lost(case.table)
    if not lost:
        return None
    effects = {clause.id: clause.effect for clause in case.table.lost_with}
    return Deny(Reason.WITHDRAWN, frozenset(lost), effects[lost[0]])


def _choice(case: _Case) -> Deny | None:
    clause = case.table.clause
    if not case.row.choice or not (case.table.waits or not case.account):
        return None
    separate = case.basis is Basis.SEPARATE_CONSENT
    chosen = case.stands.chosen(case.ask.function, None, separate=separate)
    if chosen.at(case.then):
        return None
    withdrawn = chosen.since is None and chosen.ended is not None
    refusal = case.table.refusal
    return _no(Reason.WITHDRAWN if withdrawn else Reason.NOT_CHOSEN, [clause, refusal], refusal.effect)


def _switches(case: _Case) -> Deny | None:
    ask = case.ask
    if case.row.switches and case.table.switches:
        over = _over(case, case.table.switches)
        off = [clause for clause in over if not case.stands.on(clause, ask.device, case.then)]
        if off:
            return _no(Reason.SWITCHED_OFF, off)
        case.yes.extend([clause.id for clause in over])
    if ask.measured is not None and ask.measured - ask.at > SKEW:
        return _no(Reason.MEASURED_IN_FUTURE)
    return None


def _over(case: _Case, switches: Iterable[SwitchClause]) -> tuple[SwitchClause, ...]:
    """Return the switches that speak about what is asked."""
    ask = case.ask
    streams = ask.verb is not Verb.USE or ask.device is not None  # a device's switch stops its stream only
    return tuple(
        clause
        for clause in switches
        if (not clause.verbs or ask.verb in clause.verbs) and (streams or clause.scope is not Scope.DEVICE)
    )


def _items(case: _Case) -> Deny | None:
    """Sort the items, each on its own account; never a denial by itself."""
    ask, takes = case.ask, case.table.takes[case.ask.role]
    declared = ask.items & takes.keys()
    case.dropped += [Dropped(item, Reason.ITEM_UNDECLARED, None) for item in ask.items - declared]
    declared = _held(case, declared, takes) if case.row.held and _gone(case) else declared
    agreed = _agreed(case, declared) if case.row.item_choice else declared
    if agreed != declared:
        left = declared - agreed
        case.dropped += [Dropped(item, Reason.ITEM_NOT_CHOSEN, takes[item].id) for item in left]
    if case.row.switches and case.table.stops:
        agreed = _left_on(case, agreed)
    if ask.unfit:
        unfit = agreed & ask.unfit
        case.dropped += [Dropped(item, Reason.ITEM_MALFORMED, takes[item].id) for item in unfit]
        agreed = agreed - unfit
    case.passed |= agreed
    case.yes += [takes[item].id for item in agreed]
    if case.row.item_choice:
        case.yes += [along for item, along in case.table.along.items() if item in agreed]


def _left_on(case: _Case, agreed: AbstractSet[ItemName]) -> AbstractSet[ItemName]:
    """Return the items that no switch stops, each by itself."""
    on = set[ItemName]()
    for item in agreed:
        over = _over(case, case.table.stops.get(item, ()))
        off = [clause.id for clause in over if not case.stands.on(clause, case.ask.device, case.then)]
        if off:
            case.dropped.append(Dropped(item, Reason.SWITCHED_OFF, min(off)))
        else:
            on.add(item)
            if item not in case.ask.unfit:
                case.yes += [clause.id for clause in over]
    return on


def _agreed(case: _Case, declared: AbstractSet[ItemName]) -> AbstractSet[ItemName]:
    """Return those that agreement is enough for, or that have the choice or consent they need."""
    agreed = case.stands.agreed(case.table, case.ask.role)
    if agreed.latest <= case.then:
        return declared & agreed.items
    return {item for item in declared & agreed.items if agreed.since[item] <= case.then}


def _gone(case: _Case) -> bool:
    """Only what is held is left of someone who cancelled, or of nobody known, except to collect anew."""
    return case.stands.cancelled or (not case.known and case.ask.verb is not Verb.COLLECT)


def _held(
    case: _Case, declared: AbstractSet[ItemName], takes: Mapping[ItemName, ItemClause]
) -> AbstractSet[ItemName]:
    """Return the items that are held for the ground of this ask."""
    holds, kept = case.table.holds, set[ItemName]()
    for item in declared:
        hold = holds.get(item)
        if hold is not None and case.ground in hold.opens_for:
            kept.add(item)
            if item not in case.ask.unfit:
                case.yes.append(hold.id)
        else:
            case.dropped.append(Dropped(item, Reason.CANCELLED, (hold or takes[item]).id))
    return kept


def _needs(case: _Case) -> Deny | None:
    table, function, stands, then = case.table, case.ask.function, case.stands, case.then
    if case.row.needs and table.needs:
        needs = table.needs.values()
        unmet = [clause for clause in needs if not stands.supplied(then, function, need=clause.need)]
        if unmet:
            return _no(Reason.NEED_MISSING, unmet)
        case.yes.extend([clause.id for clause in needs])
    if case.row.required:
        takes = table.takes[case.ask.role]
        missing = [
            takes[item]
            for item in table.required - case.passed
            if item in takes and not stands.supplied(then, function, item=item)
        ]
        missing += _none_of(case, table.either & takes.keys())
        if missing:
            handed_in = case.ask.items & case.ask.unfit
            unfit = any(clause.item in handed_in for clause in missing)
            reason = Reason.ITEM_MALFORMED if unfit else Reason.REQUIRED_ITEM_MISSING
            lacks = {clause.item for clause in missing}
            off = _off(drop for drop in case.dropped if drop.item in lacks)
            because = off.union([clause.id for clause in missing], [table.refusal.id])
            return Deny(reason, because, table.refusal.effect)
    return None


def _none_of(case: _Case, either: AbstractSet[ItemName]) -> list[ItemClause]:
    """Return all of these where not even one is in the ask or on file; those on file bear the yes."""
    if either & case.passed:
        return []
    takes, function = case.table.takes[case.ask.role], case.ask.function
    on_file = [item for item in either if case.stands.supplied(case.then, function, item=item)]
    case.yes += [takes[item].id for item in on_file]
    return [] if on_file else [takes[item] for item in either]


def _something_left(case: _Case) -> Deny | None:
    if case.passed:
        return None
    return nothing_left(case.dropped)


def _off(dropped: Iterable[Dropped]) -> frozenset[ClauseId]:
    """Return the switches for whose sake items were dropped."""
    return frozenset(
        [drop.clause for drop in dropped if drop.reason is Reason.SWITCHED_OFF and drop.clause is not None]
    )


def nothing_left(dropped: Collection[Dropped]) -> Deny:
    """Return the no for an ask of which every item was dropped; the reason closest to the person counts.

    A switch that is off is named as well: put on, it would let its item go on.
    """
    off = _off(dropped)
    for reason in (Reason.ITEM_NOT_CHOSEN, Reason.SWITCHED_OFF, Reason.CANCELLED, Reason.ITEM_MALFORMED):
        clauses = {drop.clause for drop in dropped if drop.reason is reason and drop.clause is not None}
        if clauses:
            return Deny(reason, frozenset(clauses | off))
    return _no(Reason.ITEM_UNDECLARED)


def _recipient(case: _Case) -> Deny | None:
    ask = case.ask
    if case.beyond is not None:
        return _in_a_case(case, case.beyond)
    if ask.verb is not Verb.SHARE and (ask.verb is not Verb.DISCLOSE or ask.recipient is None):
        return None
    clause = case.table.recipients.get(ask.recipient or "")
    if clause is None:
        return _no(Reason.RECIPIENT_UNLISTED)
    shown, only = case.stands.language, clause.only_if_shown
    unshown = only and any(only.get(item, shown) != shown for item in case.passed)
    theirs = not clause.own_devices or case.stands.supplied_by(
        case.then, ask.function, clause.recipient, ask.device
    )
    if not theirs:
        return _no(Reason.RECIPIENT_UNLISTED, [clause])
    if clause.purpose != ask.purpose or not case.passed <= clause.items or unshown:
        return _no(Reason.RECIPIENT_UNLISTED, [clause])
    case.yes.append(clause.id)
    return None


def _in_a_case(case: _Case, claimed: Beyond) -> Deny | None:
    facts, to = claimed.facts, claimed.receiver
    match judge(case.compiled, claimed.act, claimed.case, facts, receiver=to, items=case.passed):
        case Listed(because):
            case.yes.extend(because)
            return None
        case Missing(_, because):
            return Deny(Reason.CONDITION_MISSING, because)
        case Unlisted():
            return _no(Reason.CASE_UNLISTED)


def _region(case: _Case) -> Deny | None:
    regions = case.compiled.regions
    if not case.row.region or not regions:
        return None
    if case.beyond is not None and case.beyond.act == ABROAD:  # judged as that already
        return None
    here = regions.get(case.ask.region)
    if here is None:
        return _no(Reason.REGION_FORBIDDEN, regions.values())
    case.yes.append(here.id)
    return None


_ORDER = (
    _forbidden,
    _person,
    _age,
    _guardian,
    _acceptance,
    _purpose,
    _basis,
    _own_right,
    _lost,
    _choice,
    _switches,
    _items,
    _needs,
    _something_left,
    _recipient,
    _region,
)
"""The first check that fails gives the reason. Forbids come before all that permits."""
