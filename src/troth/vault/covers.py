"""Whether a permit covers what is asked of the vault. The gate decided; this only holds it to its word."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from troth.gate import genuine
from troth.terms import ActorKind, Basis, ItemName, Permit, Verb
from troth.vault.errors import NotCovered, NotKept

READING = frozenset({Verb.USE, Verb.SHARE, Verb.DISCLOSE})
STORING = frozenset({Verb.COLLECT})
FORGETTING = frozenset({Verb.FORGET})
OWN_COPY = frozenset({Verb.USE})


def demand(permit: Permit, now: datetime, verbs: frozenset[Verb], items: Iterable[ItemName] = ()) -> None:
    """Raise unless ``permit`` is genuine, in force, of one of ``verbs`` and names every one of ``items``.

    Subject and function are always taken from the permit, so there is nothing to compare them with.
    """
    genuine(permit, now)
    if permit.ask.verb not in verbs:
        raise NotCovered(f"the permit is for {permit.ask.verb.value}; {NotCovered.__doc__}")
    if not permit.allow.items.issuperset(items):
        raise NotCovered


def demand_storing(permit: Permit, now: datetime, items: AbstractSet[ItemName]) -> None:
    """Raise unless ``permit`` lets every one of ``items`` be stored."""
    demand(permit, now, STORING, items)
    demand_kept(permit, items)


def demand_kept(permit: Permit, items: Iterable[ItemName]) -> None:
    """Raise if any of ``items`` may be used and not kept, as the gate said."""
    if not permit.allow.unkept.isdisjoint(items):
        raise NotKept


def demand_own_right(permit: Permit, now: datetime, verbs: frozenset[Verb]) -> None:
    """Raise unless ``permit`` rests on the subject's own right: the only one that spans all functions."""
    demand(permit, now, verbs)
    ask = permit.ask
    if ask.basis is not Basis.OWN_RIGHT:
        raise NotCovered(f"only the subject's own right opens everything; {NotCovered.__doc__}")
    in_person = ask.actor.kind is ActorKind.SUBJECT and ask.actor.id == str(ask.subject)
    if not in_person and ask.reference is None:
        raise NotCovered(f"someone acts for the subject without a reference; {NotCovered.__doc__}")


def demand_whole(permit: Permit, now: datetime) -> None:
    """Raise unless ``permit`` may forget a whole subject: their own right, or a legal duty with reference."""
    if permit.ask.basis is Basis.LEGAL_DUTY and permit.ask.reference is not None:
        demand(permit, now, FORGETTING)
    else:
        demand_own_right(permit, now, FORGETTING)


def demand_duty(permit: Permit, now: datetime) -> None:
    """Raise unless ``permit`` rests on a legal duty and names its document: what opens a held record."""
    demand(permit, now, READING)
    if permit.ask.basis is not Basis.LEGAL_DUTY or permit.ask.reference is None:
        raise NotCovered(f"a held record opens for a legal duty, with its reference; {NotCovered.__doc__}")
