"""What the gate means for the items of an ask, for what the function needs, and for where they go.

An item that nothing declares, that the person did not choose, or whose value does not have its form, is
dropped; the others go on.
"""

from __future__ import annotations

from spec import standing as stands
from spec.acceptance import language
from spec.case import CONSENTS, Answer, Case, no
from spec.table import Check
from troth.policy import clauses as says
from troth.terms import Basis, Dropped, ItemName, Reason, Verb


def sort(case: Case) -> tuple[frozenset[ItemName], frozenset[Dropped]]:
    """Return the items that pass and those that are dropped, each on its own account."""
    passed: set[ItemName] = set()
    dropped: set[Dropped] = set()
    for item in case.ask.items:
        declared = [c for c in case.those(says.ItemClause) if c.item == item]
        if not declared:
            dropped.add(Dropped(item, Reason.ITEM_UNDECLARED, None))
        elif case.needs(Check.ITEM_CHOICE) and not _chosen(case, declared[0]):
            dropped.add(Dropped(item, Reason.ITEM_NOT_CHOSEN, declared[0].id))
        elif item in case.ask.unfit:
            dropped.add(Dropped(item, Reason.ITEM_MALFORMED, declared[0].id))
        else:
            passed.add(item)
    return frozenset(passed), frozenset(dropped)


def _chosen(case: Case, clause: says.ItemClause) -> bool:
    """Return whether agreement is enough for an item, or else the choice or consent it needs is there."""
    if clause.basis in {Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT}:
        return False
    if clause.permission is not None and not _granted(case, clause.permission):
        return False
    if clause.need is not says.Need.OPTIONAL and clause.basis not in CONSENTS:
        return True
    where = (case.policy.name, case.ask.function, clause.item)
    separate = clause.basis is Basis.SEPARATE_CONSENT
    return case.held(stands.choice(case.acts, where, separate=separate).since)


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
    passed, _ = sort(case)
    missing = [
        c
        for c in case.those(says.ItemClause)
        if c.need is says.Need.REQUIRED
        and c.item not in passed
        and not case.held(stands.supply(case.acts, name, function, (None, c.item)))
    ]
    if missing:
        cost = case.those(says.RefusalClause)
        effect = cost[0].effect if cost else None
        handed_in_unfit = [c for c in missing if c.item in case.ask.items & case.ask.unfit]
        reason = Reason.ITEM_MALFORMED if handed_in_unfit else Reason.REQUIRED_ITEM_MISSING
        return no(reason, [*missing, *cost], effect)
    return [*needs]


def something_left(case: Case) -> Answer:
    """Check that at least one item passes."""
    passed, dropped = sort(case)
    clauses = case.those(says.ItemClause)
    if passed:
        return [c for c in clauses if c.item in passed]
    for reason in (Reason.ITEM_NOT_CHOSEN, Reason.ITEM_MALFORMED):
        items = {d.item for d in dropped if d.reason is reason}
        if items:
            return no(reason, [c for c in clauses if c.item in items])
    return no(Reason.ITEM_UNDECLARED)


def recipient_listed(case: Case) -> Answer:
    """Check that this recipient may receive all that passed, for this purpose.

    What goes only for people who were shown one language goes for nobody else.
    """
    if case.ask.verb is not Verb.SHARE:
        return []
    passed, _ = sort(case)
    named = [c for c in case.those(says.RecipientClause) if c.recipient == case.ask.recipient]
    fits = [c for c in named if c.purpose == case.ask.purpose and passed <= c.items]
    agreement = case.those(says.AcceptanceClause)
    shown_first = any(c.shown_first for c in agreement) or not agreement
    shown = language(case.acts, case.policy, shown_first=shown_first)
    fits = [c for c in fits if all(c.only_if_shown.get(item, shown) == shown for item in passed)]
    return [*fits] or no(Reason.RECIPIENT_UNLISTED, named)


def region_allowed(case: Case) -> Answer:
    """Check that data lies where the policy says, if it says so."""
    regions = case.those(says.StoredInClause) if case.needs(Check.REGION) else []
    here = [c for c in regions if c.region == case.ask.region]
    if regions and not here:
        return no(Reason.REGION_FORBIDDEN, regions)
    return [*here]
