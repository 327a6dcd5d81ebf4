"""Which facts are on record when something is to be given away, and where each of them comes from.

A condition has one source, so that nobody can state what is not theirs to state: what only the person can
give comes from their acts, what is about the receiver from the register, what can be worked out is worked
out; the rest is shown by a paper of this occasion. Pure; whether the facts are enough says the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from troth.policy.statement_words import Condition
from troth.terms import ActKind, ItemName, PolicyName

if TYPE_CHECKING:
    from troth.terms import Standing

ALLOWED = "receiver:"
"""How an act names a receiver and a purpose: as a need that its person supplies, or takes back."""


class Source(StrEnum):
    """Where a fact comes from."""

    PERSON = "person"  # they said so themselves, of this receiver and this purpose
    RECEIVER = "receiver"  # a paper on the register, as long as it is in force
    WORKED_OUT = "worked_out"  # by this module
    OCCASION = "occasion"  # a paper attached to this very act


_FROM: Mapping[Source, tuple[Condition, ...]] = {
    Source.PERSON: (
        Condition.CONSENT,
        Condition.SEPARATE_CONSENT,
        Condition.REQUEST,
        Condition.OWN_CHOICE,
        Condition.AUTHORISATION_OF_RECEIVER,
    ),
    Source.RECEIVER: (
        Condition.AGREEMENT,
        Condition.CONFIDENTIALITY,
        Condition.SECURITY_MEASURES,
        Condition.INSTRUCTIONS,
        Condition.MONITORED,
        Condition.IN_SCOPE,
        Condition.RECEIVER_BOUND,
        Condition.NATIONAL_RULES,
        Condition.ON_SITE_VERIFICATION,
        Condition.ASSESSMENT,
        Condition.SAFEGUARD,
    ),
    Source.WORKED_OUT: (
        Condition.REGISTERED,
        Condition.NECESSARY_ONLY,
        Condition.STATED_PURPOSE,
        Condition.LOGGED,
    ),
}
SOURCES: Mapping[Condition, Source] = MappingProxyType(
    dict.fromkeys(Condition, Source.OCCASION)
    | {each: source for source, found in _FROM.items() for each in found}
)
"""A condition that nobody thought of is shown by a paper."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver, under one policy: of which kind, for which purpose and items, and its papers in force."""

    policy: PolicyName
    receiver: str
    kind: str
    purpose: str
    items: list[ItemName]
    papers: list[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be given away: to whom, under which policy, for what, and the papers of the occasion."""

    policy: PolicyName
    receiver: str
    purpose: str
    items: Collection[ItemName]
    papers: Collection[str]


def facts(wanted: Wanted, receiver: Receiver | None, standing: Standing | None) -> frozenset[str]:
    """Return every condition that is on record; ``receiver`` None: nobody of that name is registered."""
    found = {each for each in Condition if SOURCES[each] is Source.OCCASION and each in wanted.papers}
    found.add(Condition.LOGGED)  # what goes out commits together with its entry, or does not go
    if receiver is not None:
        found |= {each for each in Condition if SOURCES[each] is Source.RECEIVER and each in receiver.papers}
        found.add(Condition.REGISTERED)
        if wanted.purpose == receiver.purpose:
            found.add(Condition.STATED_PURPOSE)
        if set(wanted.items) <= set(receiver.items):
            found.add(Condition.NECESSARY_ONLY)
    return frozenset(each.value for each in found | _said(wanted, standing))


def allowing(receiver: str, purpose: str) -> str:
    """Return how an act names a receiver and what it may have something for."""
    return f"{ALLOWED}{receiver}/{purpose}"


def _said(wanted: Wanted, standing: Standing | None) -> set[Condition]:
    """Return what the person said of this receiver and purpose last, unless they took it back."""
    need = allowing(wanted.receiver, wanted.purpose)
    theirs = [each for each in (standing.acts if standing else ()) if each.need == need]
    theirs = [each for each in theirs if each.policy == wanted.policy]
    if not theirs or theirs[-1].kind is not ActKind.SUPPLIED:
        return set()
    said = {each for each in Condition if SOURCES[each] is Source.PERSON}
    return said if theirs[-1].separate else said - {Condition.SEPARATE_CONSENT}
