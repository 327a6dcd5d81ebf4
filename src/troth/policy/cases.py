"""Whether an act beyond the function is listed, and what is missing. Means what `spec/cases.py` says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from troth.policy.compiled import Compiled
from troth.policy.statement_words import Act
from troth.policy.statements import CaseClause
from troth.terms import ClauseId, Verb

ALWAYS = "always"
ABROAD = Act.ABROAD
BEYOND: Mapping[Verb, frozenset[str]] = MappingProxyType(
    {
        Verb.SHARE: frozenset({Act.SHARE, Act.CALL_SDK, Act.DELEGATE, Act.TRANSFER, Act.ABROAD}),
        Verb.DISCLOSE: frozenset({Act.DISCLOSE}),
    }
)
"""What may be done in a listed case, by the verb that does it; the other acts give nothing away."""


@dataclass(frozen=True, slots=True)
class Listed:
    """All that the case needs is on record; these clauses say so."""

    because: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Missing:
    """The case is listed, and these conditions are not met."""

    conditions: frozenset[str]
    because: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The policy knows no such case for this receiver and these items."""


Answer = Listed | Missing | Unlisted


def judge(
    compiled: Compiled,
    act: str,
    case: str,
    met: Collection[str],
    *,
    receiver: str | None = None,
    items: Collection[str] = (),
) -> Answer:
    """Say whether an act is allowed in a case, given the facts on record."""
    listed = [each for each in compiled.all(CaseClause) if each.act == act and each.name in {case, ALWAYS}]
    own = next((each for each in listed if each.name == case), None)
    if own is None or case == ALWAYS:
        return Unlisted()
    if (own.to and receiver not in own.to) or (own.items and not set(items) <= set(own.items)):
        return Unlisted()
    lacking = frozenset(need for each in listed for need in each.needs if need not in met)
    if lacking:
        return Missing(lacking, frozenset(each.id for each in listed if not lacking.isdisjoint(each.needs)))
    return Listed(frozenset(each.id for each in listed))
