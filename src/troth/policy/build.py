"""From what was read to clauses: each with its address and the position where it stands.

Runs only on a text without problems, so nothing can be missing here. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from troth.policy import grammar as g
from troth.policy.clauses import (
    AcceptanceClause,
    AttestedClause,
    AudienceClause,
    Clause,
    DutyClause,
    ExemptClause,
    Position,
    RetentionClause,
    RightClause,
    StoredInClause,
    SwitchClause,
)
from troth.policy.kinds import Got
from troth.policy.records import Fields
from troth.policy.words import Language, Mod, Moment
from troth.terms import ClauseId, FunctionName, ItemName, Region, SwitchName


class Common(TypedDict):
    """The part that every clause has."""

    id: ClauseId
    at: Position
    promises: tuple[str, ...]
    stated: str | None
    decided_by: str | None
    mod: str
    strength: str | None
    lang: str | None
    waive: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Address:
    """A place in the policy that clauses have: the policy's name, then one step after another."""

    path: str

    def __truediv__(self, step: str) -> Address:
        """Go one step down."""
        return Address(f"{self.path}/{step}")

    def common(self, fields: Fields, at: Position, mod: Mod = Mod.MUST) -> Common:
        """Take from a record what every clause has."""
        decided_by = fields.get(g.DECIDED_BY)
        return Common(
            id=ClauseId(self.path),
            at=at,
            promises=tuple(each.value for each in fields.get(g.PROMISES) or ()),
            stated=fields.get(g.STATED),
            decided_by=", ".join(each.value for each in decided_by) if decided_by else None,
            mod=(fields.get(g.MOD) or mod).value,
            strength=word(fields.get(g.STRENGTH)),
            lang=word(fields.get(g.LANG)),
            waive={rule: reason.value for rule, reason in (fields.get(g.WAIVE) or {}).items()},
        )


def word(word: object) -> str | None:
    """Return a word as plain text, or None where there is none."""
    return None if word is None else str(word)


def words(got: Iterable[Got[StrEnum]] | None) -> tuple[str, ...]:
    """Return the words of a list, in the order in which they were written."""
    return tuple(each.value.value for each in got or ())


def sayings(fields: Fields | None) -> dict[str, str]:
    """Return a text in the languages it was written in."""
    if fields is None:
        return {}
    said = ((language, fields.get(each)) for language, each in g.SAYINGS.items())
    return {Language(language).value: text for language, text in said if text is not None}


def whole_policy(policy: Fields, name: str) -> Iterator[Clause]:
    """Yield the clauses that belong to no function."""
    top = Address(name)
    for place in policy.get(g.STORED_IN) or ():
        region = Region(place.value.need(g.STORED_REGION))
        here = top / "stored_in" / region
        yield StoredInClause(**here.common(place.value, place.at), region=region)
    if acceptance := policy.got(g.ACCEPTANCE):
        here = top / "acceptance"
        yield AcceptanceClause(
            **here.common(acceptance.value, acceptance.at), shown_first=acceptance.value.need(g.SHOWN_FIRST)
        )
    if audience := policy.got(g.AUDIENCE):
        here = top / "audience"
        yield AudienceClause(
            **here.common(audience.value, audience.at),
            minimum_age=audience.value.need(g.MINIMUM_AGE),
            found_minor=audience.value.need(g.FOUND_MINOR).value,
        )
    for key, switch in (policy.get(g.SWITCHES) or {}).items():
        yield _switch(top / "switches" / key, key, switch)
    for kept in policy.get(g.RETENTION) or ():
        yield _retention(top, kept)
    yield from _grounds(policy, top)
    for key, right in (policy.get(g.RIGHTS) or {}).items():
        yield _right(top / "rights" / key, key, right)
    for key, attested in (policy.get(g.ATTESTED) or {}).items():
        here = top / "attested" / key
        evidence = sayings(attested.value.need(g.EVIDENCE))
        yield AttestedClause(**here.common(attested.value, attested.at), topic=key, attested=evidence)


def _switch(here: Address, key: str, switch: Got[Fields]) -> SwitchClause:
    return SwitchClause(
        **here.common(switch.value, switch.at),
        switch=SwitchName(key),
        functions=frozenset(FunctionName(each.value) for each in switch.value.need(g.SWITCH_FUNCTIONS)),
        default_on=switch.value.need(g.SWITCH_DEFAULT),
        scope=switch.value.need(g.SWITCH_SCOPE),
        items=frozenset(ItemName(each.value) for each in switch.value.get(g.SWITCH_ITEMS) or ()),
        verbs=frozenset(each.value for each in switch.value.get(g.SWITCH_VERBS) or ()),
        title=sayings(switch.value.need(g.TITLE)),
    )


def _retention(top: Address, kept: Got[Fields]) -> RetentionClause:
    after = kept.value.need(g.AFTER).value
    return RetentionClause(
        **(top / "retention" / after).common(kept.value, kept.at),
        after=after,
        then=kept.value.need(g.THEN).value,
        keep=kept.value.get(g.KEEP),
    )


def _right(here: Address, key: str, right: Got[Fields]) -> RightClause:
    return RightClause(
        **here.common(right.value, right.at),
        right=key,
        by=tuple(each.value.value for each in right.value.need(g.BY)),
        deadline_days=right.value.get(g.WITHIN),
        irreversible=right.value.get(g.IRREVERSIBLE) or False,
        counted_from=(right.value.get(g.FROM) or Moment.RECEIVED).value,
        path=sayings(right.value.get(g.PATH)),
        parts=words(right.value.get(g.PARTS)),
        ways=words(right.value.get(g.WAYS)),
        effects=words(right.value.get(g.EFFECTS)),
        proofs=words(right.value.get(g.PROOFS)),
        opens=words(right.value.get(g.OPENS)),
        locked=tuple(each.value for each in right.value.get(g.LOCKED) or ()),
    )


def _grounds(policy: Fields, top: Address) -> Iterator[Clause]:
    for section, kind in ((g.EXEMPT, ExemptClause), (g.DUTIES, DutyClause)):
        for verb, grounds in (policy.get(section) or {}).items():
            for each in grounds.value:
                ground = each.value.need(g.GROUND_NAME).value
                here = top / section.key / verb / ground
                yield kind(**here.common(each.value, each.at), verb=g.VERBS[verb], ground=ground)
