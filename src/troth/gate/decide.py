"""The decision: one ask, one standing, one policy version, yes or no and why. Pure; never raises.

Means what `spec/gate.py` says, from tables instead of loops. Does not read, write, or look at a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troth.gate.rows import ROWS, Row
from troth.gate.stands import Stands, Unfit, look
from troth.policy.clauses import PERMISSION, Clause, ItemClause, Need, Scope, Starts
from troth.policy.compiled import Compiled, FunctionTable
from troth.terms import (
    ActKind,
    ActorKind,
    Allow,
    Ask,
    Basis,
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
_CONSENTS = frozenset({Basis.CONSENT, Basis.SEPARATE_CONSENT})
_BEYOND = frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT})
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
    ask: Ask
    stands: Stands
    table: FunctionTable
    basis: Basis
    row: Row
    then: datetime
    ground: str | None
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
        ask=ask,
        stands=stands,
        table=table,
        basis=basis,
        row=ROWS[basis][ask.verb],
        then=min(ask.measured or ask.at, ask.at),
        ground=reference.ground if reference is not None and reference.document.strip() else None,
        yes=[table.clause.id],
    )
    for check in _ORDER:
        denied = check(case)
        if denied is not None:
            return denied
    return Allow(frozenset(case.passed), frozenset(case.dropped), frozenset(case.yes))


def _fit(compiled: Compiled, standing: Standing | None, ask: Ask) -> Stands:
    """Return what the standing amounts to. Raises `Unfit`."""
    if any(moment.utcoffset() is None for moment in (ask.at, ask.measured or ask.at)):
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
    audience, adult = case.compiled.audience, case.stands.adult
    if not case.row.standing or audience is None:
        return None
    if not adult.at(case.then):
        found_minor = adult.since is None and adult.ended is not None
        return _no(Reason.UNDERAGE if found_minor else Reason.AGE_UNKNOWN, [audience])
    case.yes.append(audience.id)
    return None


def _acceptance(case: _Case) -> Deny | None:
    clause, accepted = case.compiled.acceptance, case.stands.accepted
    if not case.row.standing:
        return None
    if not accepted.at(case.then):
        ended = accepted.since is None and accepted.ended is ActKind.ENDED
        return _no(Reason.ACCEPTANCE_ENDED if ended else Reason.NOT_ACCEPTED, [clause])
    case.yes.append(clause.id)
    return None


def _purpose(case: _Case) -> Deny | None:
    if not case.row.purpose:
        return None
    ask, clause = case.ask, case.table.purposes.get(case.ask.purpose)
    if clause is None:
        return _no(Reason.PURPOSE_UNDECLARED)
    if ask.actor.kind not in clause.by:
        return _no(Reason.ACTOR_FORBIDDEN, [clause])
    # "By the subject" means: by this one. Others may act for a child, a guest, an invitee.
    if ask.role is Role.HOLDER and ask.actor.kind is ActorKind.SUBJECT and not _in_person(ask):
        return _no(Reason.ACTOR_FORBIDDEN, [clause])
    if ask.verb not in clause.verbs or (clause.only_on and case.basis not in clause.only_on):
        return _no(Reason.PURPOSE_UNDECLARED, [clause])
    case.yes.append(clause.id)
    return None


def _in_person(ask: Ask) -> bool:
    return ask.actor.kind is ActorKind.SUBJECT and ask.actor.id == str(ask.subject)


def _basis(case: _Case) -> Deny | None:
    row, ask = case.row, case.ask
    if row.own_basis and case.basis is not case.table.clause.basis:
        return _no(Reason.BASIS_UNLISTED)
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
    return None if _in_person(ask) else _no(Reason.ACTOR_FORBIDDEN)


def _choice(case: _Case) -> Deny | None:
    clause = case.table.clause
    if not case.row.choice:
        return None
    if clause.starts is not Starts.WHEN_CHOSEN and case.basis not in _CONSENTS:
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
        over = case.table.switches
        if ask.verb is Verb.USE and ask.device is None:  # a device's switch stops its stream, not this
            over = tuple(clause for clause in over if clause.scope is not Scope.DEVICE)
        off = [clause for clause in over if not case.stands.on(clause, ask.device, case.then)]
        if off:
            return _no(Reason.SWITCHED_OFF, off)
        case.yes.extend([clause.id for clause in over])
    if ask.measured is not None and ask.measured - ask.at > SKEW:
        return _no(Reason.MEASURED_IN_FUTURE)
    return None


def _items(case: _Case) -> Deny | None:
    """Sort the items, each on its own account; never a denial by itself."""
    declared = case.table.items
    for item in case.ask.items:
        clause = declared.get(item)
        if clause is None:
            case.dropped.append(Dropped(item, Reason.ITEM_UNDECLARED, None))
        elif case.row.item_choice and not _chosen(case, clause):
            case.dropped.append(Dropped(item, Reason.ITEM_NOT_CHOSEN, clause.id))
        elif item in case.ask.unfit:
            case.dropped.append(Dropped(item, Reason.ITEM_MALFORMED, clause.id))
        else:
            case.passed.add(item)
            case.yes.append(clause.id)


def _chosen(case: _Case, clause: ItemClause) -> bool:
    if clause.basis in _BEYOND:  # such an item passes only an ask on such a basis
        return False
    if clause.permission is not None:
        need = PERMISSION + clause.permission
        if not case.stands.supplied(case.then, clause.function, need=need):
            return False
    if clause.need is not Need.OPTIONAL and clause.basis not in _CONSENTS:
        return True
    separate = clause.basis is Basis.SEPARATE_CONSENT
    return case.stands.chosen(clause.function, clause.item, separate=separate).at(case.then)


def _needs(case: _Case) -> Deny | None:
    table, function, stands, then = case.table, case.ask.function, case.stands, case.then
    if case.row.needs and table.needs:
        needs = table.needs.values()
        unmet = [clause for clause in needs if not stands.supplied(then, function, need=clause.need)]
        if unmet:
            return _no(Reason.NEED_MISSING, unmet)
        case.yes.extend([clause.id for clause in needs])
    if case.row.required:
        missing = [
            table.items[item]
            for item in table.required
            if item not in case.passed and not stands.supplied(then, function, item=item)
        ]
        if missing:
            handed_in = case.ask.items & case.ask.unfit
            unfit = any(clause.item in handed_in for clause in missing)
            reason = Reason.ITEM_MALFORMED if unfit else Reason.REQUIRED_ITEM_MISSING
            return _no(reason, [*missing, table.refusal], table.refusal.effect)
    return None


def _something_left(case: _Case) -> Deny | None:
    if case.passed:
        return None
    for reason in (Reason.ITEM_NOT_CHOSEN, Reason.ITEM_MALFORMED):
        clauses = [drop.clause for drop in case.dropped if drop.reason is reason and drop.clause is not None]
        if clauses:
            return Deny(reason, frozenset(clauses))
    return _no(Reason.ITEM_UNDECLARED)


def _recipient(case: _Case) -> Deny | None:
    ask = case.ask
    if ask.verb is not Verb.SHARE:
        return None
    clause = case.table.recipients.get(ask.recipient or "")
    if clause is None:
        return _no(Reason.RECIPIENT_UNLISTED)
    shown, only = case.stands.language, clause.only_if_shown
    unshown = only and any(only.get(item, shown) != shown for item in case.passed)
    if clause.purpose != ask.purpose or not case.passed <= clause.items or unshown:
        return _no(Reason.RECIPIENT_UNLISTED, [clause])
    case.yes.append(clause.id)
    return None


def _region(case: _Case) -> Deny | None:
    regions = case.compiled.regions
    if not case.row.region or not regions:
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
    _acceptance,
    _purpose,
    _basis,
    _own_right,
    _choice,
    _switches,
    _items,
    _needs,
    _something_left,
    _recipient,
    _region,
)
"""The first check that fails gives the reason. Forbids come before all that permits."""
