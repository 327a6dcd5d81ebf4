"""Which versions of a policy bind a person, and what they come to together. Pure; never raises.

Means what `spec/versions.py` says. One version binds almost everybody, and then this is `decide`; several do
where someone went on after a newer text was shown, or has not chosen again since they accepted one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from msgspec import Struct

from troth.gate.decide import accepted_version, decide, nothing_left
from troth.policy.compiled import Compiled
from troth.terms import (
    Act,
    ActKind,
    Allow,
    Ask,
    ClauseId,
    Decision,
    Deny,
    Dropped,
    ItemName,
    Reason,
    Standing,
)

_Text = tuple[int | None, str | None, str | None]
_ERROR = Deny(Reason.ERROR, frozenset())


class Answer(Struct, frozen=True):
    """A decision, and the version that was accepted: the current one if none was, None after an error."""

    decision: Decision
    compiled: Compiled | None


def answer(versions: Mapping[int, Compiled], standing: Standing | None, ask: Ask) -> Answer:
    """Answer ``ask`` under every version that binds the person; ``versions`` are those of one policy.

    An error while deciding is a no.
    """
    try:
        accepted = accepted_version(standing, ask.policy, ask.at)
        compiled = versions[max(versions) if accepted is None else accepted]
        if standing is None or accepted is None or not _others(standing, ask, accepted):
            return Answer(decide(compiled, standing, ask), compiled)
        return Answer(_Bound(versions, standing, ask, accepted).answer(), compiled)
    except Exception:  # noqa: BLE001  # whatever went wrong, the answer is no
        return Answer(_ERROR, None)


def alone(standing: Standing, ask: Ask) -> int | None:
    """Return the version that was accepted, when no other can bind the person: then it alone answers."""
    accepted = accepted_version(standing, ask.policy, ask.at)
    return None if _others(standing, ask, accepted) else accepted


def _others(standing: Standing, ask: Ask, accepted: int | None) -> bool:
    """Return whether anything was done under another version than the accepted one."""
    return any(act.version not in (None, accepted) and act.policy == ask.policy for act in standing.acts)


class _Bound:
    """One ask, and all that the person did under any version of its policy."""

    def __init__(self, versions: Mapping[int, Compiled], standing: Standing, ask: Ask, accepted: int) -> None:
        self._versions = versions
        self._standing = standing
        self._ask = ask
        self._accepted = accepted
        self._acts = [act for act in standing.acts if act.policy == ask.policy and act.at <= ask.at]

    def answer(self) -> Decision:
        whole, items = _chosen(self._acts, self._ask)
        binding = [*dict.fromkeys([self._accepted, *self._went_on(), *sorted(whole)])]
        together = _together([self._under(version) for version in binding])
        if isinstance(together, Deny):
            return together
        return self._within(together, {item: made - {*binding} for item, made in items.items()})

    def _under(self, version: int) -> Decision:
        compiled = self._versions[version]
        if version == self._accepted:
            return decide(compiled, self._standing, self._ask)
        # As if it had been the accepted one; acts under other policies are not read.
        old = self._accepted
        acts = tuple([replace(a, version=version) if a.version == old else a for a in self._standing.acts])
        return decide(compiled, replace(self._standing, acts=acts), self._ask)

    def _went_on(self) -> list[int]:
        if not self._versions[self._accepted].continued_use:
            return []
        shown, found = set[_Text](), list[int]()
        for act in self._acts:
            match act.kind:
                case ActKind.SHOWN:
                    shown.add(_text(act))
                case ActKind.ACCEPTED:
                    found = []
                case ActKind.CONTINUED if act.version is not None and _text(act) in shown:
                    found.append(act.version)
                case _:
                    pass
        return found

    def _within(self, together: Allow, older: Mapping[ItemName, set[int]]) -> Decision:
        """Leave of the items that were chosen under older texts what those let pass, and keep no more."""
        stretched, unkept = set[ItemName](), set(together.unkept)
        for version in {each for item in together.items for each in older.get(item, ())}:
            then = self._under(version)
            made = {item for item in together.items if version in older.get(item, ())}
            stretched |= made - then.items if isinstance(then, Allow) else made
            unkept |= made & then.unkept if isinstance(then, Allow) else set()
        takes = self._versions[self._accepted].functions[self._ask.function].takes[self._ask.role]
        drops = [Dropped(item, Reason.ITEM_NOT_CHOSEN, takes[item].id) for item in stretched]
        return _left(together.items - stretched, [*together.dropped, *drops], together.because, unkept)


def _text(act: Act) -> _Text:
    return act.version, act.language, act.text_hash


def _chosen(acts: Iterable[Act], ask: Ask) -> tuple[set[int], dict[ItemName, set[int]]]:
    """Return under which versions the function, and each item of it, was chosen last.

    The last choice and the last separate one: which of them counts is not asked here.
    """
    last: dict[tuple[ItemName | None, bool], Act] = {}
    for act in acts:
        if act.kind is ActKind.CHOSEN and act.function == ask.function:
            last[act.item, False] = act
            if act.separate:
                last[act.item, True] = act
    whole, items = set[int](), dict[ItemName, set[int]]()
    for (item, _), act in last.items():
        if act.version is not None:
            made = whole if item is None else items.setdefault(item, set())
            made.add(act.version)
    return whole, items


def _together(decisions: Sequence[Decision]) -> Decision:
    """Return the first no, or what all of them let pass."""
    yes: list[Allow] = []
    for decision in decisions:
        if isinstance(decision, Deny):
            return decision
        yes.append(decision)
    items = frozenset[ItemName].intersection(*[each.items for each in yes])
    because = frozenset[ClauseId]().union(*[each.because for each in yes])
    unkept = frozenset[ItemName]().union(*[each.unkept for each in yes])
    return _left(items, [drop for each in yes for drop in each.dropped], because, unkept)


def _left(
    items: frozenset[ItemName],
    drops: Iterable[Dropped],
    because: frozenset[ClauseId],
    unkept: AbstractSet[ItemName],
) -> Decision:
    """Return a yes for these items, or the no if none is left; of several drops of an item one counts."""
    first: dict[ItemName, Dropped] = {}
    for drop in drops:
        first.setdefault(drop.item, drop)
    if not items:
        return nothing_left(first.values())
    return Allow(items, frozenset(first.values()), because, items & unkept)
