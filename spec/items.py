"""What the gate means for the items of an ask, for what the function needs, and for where they go.

An item that nothing declares, that the person did not choose, or whose value does not have its form, is
dropped; the others go on.
"""

from __future__ import annotations

from collections.abc import Collection

from spec import beyond
from spec import standing as stands
from spec.acceptance import language
from spec.case import ABROAD, CONSENTS, Answer, Case, no
from spec.table import Check
from troth.policy import clauses as says
from troth.terms import Basis, Deny, Dropped, FunctionName, ItemName, Reason, Verb


def sort(case: Case) -> tuple[frozenset[ItemName], frozenset[Dropped]]:
    """Return the items that pass and those that are dropped, each on its own account."""
    passed: set[ItemName] = set()
    dropped: set[Dropped] = set()
    for item in case.ask.items:
        declared = [c for c in case.items if c.item == item]
        if not declared:
            dropped.add(Dropped(item, Reason.ITEM_UNDECLARED, None))
        elif _gone(case) and not _held_for(case, item):
            closed = [c for c in case.those(says.HoldClause) if c.item == item]
            dropped.add(Dropped(item, Reason.CANCELLED, [*closed, *declared][0].id))
        elif case.needs(Check.ITEM_CHOICE) and not _chosen(case, declared[0]):
            dropped.add(Dropped(item, Reason.ITEM_NOT_CHOSEN, declared[0].id))
        elif off := [c.id for c in stops(case, item) if not case.is_on(c)]:
            dropped.add(Dropped(item, Reason.SWITCHED_OFF, min(off)))
        elif item in case.ask.unfit:
            dropped.add(Dropped(item, Reason.ITEM_MALFORMED, declared[0].id))
        else:
            passed.add(item)
    return frozenset(passed), frozenset(dropped)


def stops(case: Case, item: ItemName) -> list[says.SwitchClause]:
    """Return the switches that stop just this item, whatever else they stop."""
    return [c for c in case.switches if item in c.items]


def unkept(case: Case, admitted: frozenset[ItemName]) -> frozenset[ItemName]:
    """Return which of these items the function may use and not keep, on whatever basis and for whatever."""
    return frozenset(c.item for c in case.items if c.keep is says.Keep.NONE and c.item in admitted)


def _gone(case: Case) -> bool:
    """Return whether only what is held is left: the person cancelled, or nobody is known.

    Of nobody known something may still be collected, where a listed ground says so.
    """
    left = stands.cancelled(case.acts) or (case.standing is None and case.ask.verb is not Verb.COLLECT)
    return case.needs(Check.HELD) and left


def _held_for(case: Case, item: ItemName) -> list[says.HoldClause]:
    """Return the clauses that hold an item for the ground of this ask."""
    return [c for c in case.those(says.HoldClause) if c.item == item and case.ground in c.opens_for]


def _chosen(case: Case, clause: says.ItemClause) -> bool:
    """Return whether agreement is enough for an item, or else the choice or consent it needs is there."""
    if clause.basis in {Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT}:
        return False
    if clause.permission is not None and not _granted(case, clause.permission):
        return False
    if clause.only_while is not None and not _runs(case, clause.only_while):
        return False
    if clause.need is not says.Need.OPTIONAL and clause.basis not in CONSENTS:
        return True
    separate = clause.basis is Basis.SEPARATE_CONSENT
    return case.held(case.chosen(case.ask.function, clause.item, separate=separate).since)


def _leans_on(case: Case, passed: frozenset[ItemName]) -> list[says.FunctionClause]:
    """Return the functions that items which pass come along with."""
    if not case.needs(Check.ITEM_CHOICE):
        return []
    along = [c.only_while for c in case.items if c.item in passed and c.only_while is not None]
    return [function for name in along for function in _named(case, name)]


def _named(case: Case, name: FunctionName) -> list[says.FunctionClause]:
    """Return the clause of another function, if the policy has it."""
    return [c for c in case.policy.clauses if isinstance(c, says.FunctionClause) and c.function == name]


def _runs(case: Case, name: FunctionName) -> bool:
    """Return whether another function runs: it comes with the acceptance, or was chosen."""
    functions = _named(case, name)
    if not functions or not case.waits(functions[0]):
        return bool(functions)
    separate = functions[0].basis is Basis.SEPARATE_CONSENT
    return case.held(case.chosen(name, separate=separate).since)


def _granted(case: Case, permission: str) -> bool:
    """Return whether the phone grants a permission: to this function, or to all."""
    need = (says.PERMISSION + permission, None)
    return case.held(stands.supply(case.acts, case.policy.name, case.ask.function, need))


def needs_met(case: Case) -> Answer:
    """Check that what the function needs is there, and each required item is in the ask or on file."""
    name, function = case.policy.name, case.ask.function
    needs = case.those(says.NeedClause) if case.needs(Check.NEEDS) else []
    unmet = [c for c in needs if not case.held(stands.supply(case.acts, name, function, (c.need, None)))]
    if unmet:
        return no(Reason.NEED_MISSING, unmet)
    if not case.needs(Check.REQUIRED):
        return [*needs]
    passed, dropped = sort(case)
    lacking = [
        c
        for c in case.items
        if c.item not in passed and not case.held(stands.supply(case.acts, name, function, (None, c.item)))
    ]
    missing = [c for c in lacking if c.need is says.Need.REQUIRED]
    either = [c for c in case.items if c.need is says.Need.EITHER]
    if all(c in lacking for c in either):
        missing += either
    if missing:
        cost = case.those(says.RefusalClause)
        effect = cost[0].effect if cost else None
        handed_in_unfit = [c for c in missing if c.item in case.ask.items & case.ask.unfit]
        reason = Reason.ITEM_MALFORMED if handed_in_unfit else Reason.REQUIRED_ITEM_MISSING
        off = {
            d.clause
            for d in dropped
            if d.reason is Reason.SWITCHED_OFF and d.item in [c.item for c in missing]
        }
        return no(reason, [*missing, *cost, *[c for c in case.switches if c.id in off]], effect)
    on_file = [] if any(c.item in passed for c in either) else [c for c in either if c not in lacking]
    return [*needs, *on_file]


def something_left(case: Case) -> Answer:
    """Check that at least one item passes."""
    passed, dropped = sort(case)
    if passed:
        held = [c for item in passed for c in _held_for(case, item)] if _gone(case) else []
        on = [c for item in passed for c in stops(case, item)]
        return [*[c for c in case.items if c.item in passed], *held, *on, *_leans_on(case, passed)]
    return nothing_left(dropped)


def nothing_left(dropped: Collection[Dropped]) -> Deny:
    """Return the no for an ask of which every item was dropped; the reason closest to the person counts.

    A switch that is off is named as well: put on, it would let its item go on.
    """
    for reason in (Reason.ITEM_NOT_CHOSEN, Reason.SWITCHED_OFF, Reason.CANCELLED, Reason.ITEM_MALFORMED):
        if any(d.reason is reason for d in dropped):
            named = [d.clause for d in dropped if d.reason in {reason, Reason.SWITCHED_OFF}]
            return Deny(reason, frozenset(clause for clause in named if clause is not None))
    return no(Reason.ITEM_UNDECLARED)


def recipient_listed(case: Case) -> Answer:
    """Check that this recipient may receive all that passed, for this purpose.

    What goes only for people who were shown one language goes for nobody else. What is made public goes to
    nobody in particular; if it does, they must be listed too.
    """
    passed, _ = sort(case)
    if case.beyond:
        return beyond.listed(case, case.beyond, passed)
    to_someone = case.ask.verb is Verb.DISCLOSE and case.ask.recipient is not None
    if case.ask.verb is not Verb.SHARE and not to_someone:
        return []
    named = [c for c in case.those(says.RecipientClause) if c.recipient == case.ask.recipient]
    fits = [c for c in named if c.purpose == case.ask.purpose and passed <= c.items]
    shown = language(case.acts, case.policy, shown_first=case.shown_first)
    fits = [c for c in fits if all(c.only_if_shown.get(item, shown) == shown for item in passed)]
    fits = [c for c in fits if not c.own_devices or _supplied(case, c.recipient)]
    return [*fits] or no(Reason.RECIPIENT_UNLISTED, named)


def _supplied(case: Case, recipient: str) -> bool:
    """Return whether the device asked about is one that this recipient supplied."""
    device, need = case.ask.device, (says.SUPPLIER + recipient, None)
    since = stands.supply(case.acts, case.policy.name, case.ask.function, need, device=device)
    return device is not None and case.held(since)


def region_allowed(case: Case) -> Answer:
    """Check that data lies where the policy says, if it says so; a listed case of going abroad says so."""
    if case.beyond and case.beyond.act == ABROAD:
        return []
    regions = case.those(says.StoredInClause) if case.needs(Check.REGION) else []
    here = [c for c in regions if c.region == case.ask.region]
    if regions and not here:
        return no(Reason.REGION_FORBIDDEN, regions)
    return [*here]
