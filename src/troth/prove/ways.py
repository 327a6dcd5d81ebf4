"""How a function of a policy is used: whether it is chosen first, who collects for it, what passes freely.

Read from the compiled tables only; what is done with it is `world`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import PERMISSION, ItemClause, Need, PurposeClause, Starts
from troth.terms import ActorKind, Basis, Purpose, Verb

if TYPE_CHECKING:
    from troth.policy.compiled import FunctionTable

_CONSENTS = frozenset({Basis.CONSENT, Basis.SEPARATE_CONSENT})


def chosen(table: FunctionTable) -> bool:
    """Return whether a function runs only once it was chosen."""
    return table.clause.starts is Starts.WHEN_CHOSEN or table.clause.basis in _CONSENTS


def handler(clause: PurposeClause, verb: Verb) -> ActorKind | None:
    """Return who of the maker does this for a purpose: a service, else staff in person, else nobody."""
    if verb not in clause.verbs:
        return None
    return next((by for by in (ActorKind.SERVICE, ActorKind.STAFF) if by in clause.by), None)


def purpose_for(table: FunctionTable, verb: Verb, actor: ActorKind) -> Purpose | None:
    """Return the first purpose for which such an actor may do this, on the function's own basis."""
    return next(
        (
            purpose
            for purpose, clause in table.purposes.items()
            if verb in clause.verbs and actor in clause.by and not clause.only_on
        ),
        None,
    )


def free(clause: ItemClause) -> bool:
    """Return whether an item passes without a choice of its own."""
    return clause.need is not Need.OPTIONAL and clause.basis is None


def permissions(table: FunctionTable) -> list[str]:
    """Return what the person's phone or device must permit for its items, as needs."""
    return sorted({PERMISSION + each.permission for each in table.items.values() if each.permission})
