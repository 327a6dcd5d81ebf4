"""Two versions of a policy side by side, clause by clause, and what the step from one to the other asks for.

What differs is compared here; what that touches, whether it may take rights away and what is owed for it, say
`changes` and the clauses of the older version, which people agreed to. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from troth.policy import clauses as c
from troth.policy.changes import Change, Telling, compare, telling, touches
from troth.policy.compiled import Compiled
from troth.policy.explained import Said, kind_of, own_fields, told
from troth.policy.statement_words import Touched
from troth.policy.statements import MajorChangeClause
from troth.policy.words import Language
from troth.terms import ClauseId, FunctionName, TrothError


class NotTwoVersions(TrothError):
    """these are not two versions of one policy: compare files with the same name, the older one first"""


class How(StrEnum):
    """How a clause differs."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


class Consequence(StrEnum):
    """What a maker owes for a step to the next version, the least first."""

    NOTHING = "nothing"
    NOTICE = "notice"
    CONSENT = "explicit_consent"


@dataclass(frozen=True, slots=True)
class Different:
    """One clause that is not the same in both. ``fields`` are the keys that differ, before and after."""

    clause: ClauseId
    how: How
    kind: str
    touches: Touched | None
    lessens: bool
    fields: Mapping[str, tuple[object, object]]
    before: Said
    after: Said


@dataclass(frozen=True, slots=True)
class Difference:
    """A whole comparison.

    ``major_by``: the clauses of the older version that call this a major change. ``told``: what that version
    wants done for everybody under it. ``chosen_again``: functions that people chose and that would take more
    now; whoever chose one goes on as before until choosing again.
    """

    before: Compiled
    after: Compiled
    clauses: tuple[Different, ...]
    change: Change
    told: Telling
    major_by: tuple[ClauseId, ...]
    chosen_again: Mapping[FunctionName, tuple[ClauseId, ...]]

    @property
    def consequence(self) -> Consequence:
        """What is owed at the least to somebody."""
        if self.told.asks or self.chosen_again:
            return Consequence.CONSENT
        owed = self.told.channels or self.told.shown_at or self.major_by  # told, by whatever way
        return Consequence.NOTICE if owed else Consequence.NOTHING


def difference(before: Compiled, after: Compiled) -> Difference:
    """Compare two versions. Raises `NotTwoVersions`."""
    old, new = before.policy, after.policy
    if old.name != new.name:
        raise NotTwoVersions(f"{old.name} and {new.name}: {_WHY}")
    if old.version > new.version:
        raise NotTwoVersions(f"version {old.version} and version {new.version}: {_WHY}")
    change = compare(before, after)
    said = told(before), told(after)
    touched = sorted(change.touched)
    major = (before.one(MajorChangeClause, each) for each in touched)
    return Difference(
        before,
        after,
        tuple(_different(each, before, after, change, said) for each in sorted(change.clauses)),
        change,
        telling(before, change),
        tuple(each.id for each in major if each is not None),
        _chosen_again(before, after, change),
    )


_WHY = NotTwoVersions.__doc__
_NOTHING: Said = dict.fromkeys(Language, ())


def _different(
    address: ClauseId,
    before: Compiled,
    after: Compiled,
    change: Change,
    said: tuple[Mapping[ClauseId, Said], Mapping[ClauseId, Said]],
) -> Different:
    old, new = before.clauses.get(address), after.clauses.get(address)
    one = new or before.clauses[address]
    was: Mapping[str, object] = own_fields(old) if old else {}
    now: Mapping[str, object] = own_fields(new) if new else {}
    return Different(
        address,
        How.NEW if old is None else How.GONE if new is None else How.CHANGED,
        kind_of(one),
        touches(one),
        address in change.lessens,
        {key: (was.get(key), now.get(key)) for key in (*was, *now) if was.get(key) != now.get(key)},
        said[0].get(address, _NOTHING),
        said[1].get(address, _NOTHING),
    )


def _chosen_again(
    before: Compiled, after: Compiled, change: Change
) -> Mapping[FunctionName, tuple[ClauseId, ...]]:
    """Return the functions that were there to be chosen, with what they would take beyond that choice."""
    found: dict[FunctionName, list[ClauseId]] = {}
    for address in sorted(change.lessens):
        function = cast("FunctionName | None", getattr(after.clauses.get(address), "function", None))
        table = before.functions.get(function) if function else None
        if table is not None and table.clause.starts is c.Starts.WHEN_CHOSEN:
            found.setdefault(table.clause.function, []).append(address)
    return {function: tuple(clauses) for function, clauses in found.items()}
