"""Which versions of a policy bind a person, and what they come to together.

A person is bound by the version they accepted last. Going on after a newer one was shown binds them to that
as well, where the accepted one says so; a choice made under an older text stays bound to it. Where several
bind, all must say yes. So a later version widens nothing unless it is accepted, and its functions are chosen.

# INVARIANT: a version that was not accepted opens nothing.
# INVARIANT: going on never widens what was accepted.
# INVARIANT: a choice never stretches beyond the text it was made under.
# INVARIANT: what any version that binds uses and does not keep is not kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import spec.gate
from spec.case import no
from spec.items import nothing_left
from spec.standing import heard
from troth.policy.clauses import Policy
from troth.policy.statements import ChangeClause
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


def answer(policies: Mapping[int, Policy], standing: Standing | None, ask: Ask) -> Decision:
    """Answer ``ask`` under every version that binds the person; ``policies`` are those of one name."""
    try:
        return _answer(policies, standing, ask)
    except Exception:  # noqa: BLE001  # whatever went wrong, the answer is no
        return no(Reason.ERROR)


def _answer(policies: Mapping[int, Policy], standing: Standing | None, ask: Ask) -> Decision:
    ours = [act for act in (standing.acts if standing else ()) if act.policy == ask.policy]
    acts = heard(ours, ask.at)
    accepted = [act.version for act in acts if act.kind is ActKind.ACCEPTED]
    first = accepted[-1] if accepted else None
    if first is None:
        return spec.gate.decide(policies[max(policies)], standing, ask)
    binding = [first, *went_on(policies, acts, first)]
    binding += sorted(made_under(acts, ask, None) - {*binding})

    def under(version: int) -> Decision:
        return spec.gate.decide(policies[version], restated(standing, ask, first, version), ask)

    together = strictest([under(version) for version in binding])
    if not isinstance(together, Allow):
        return together
    older = {item: made_under(acts, ask, item) - {*binding} for item in together.items}
    stretched, unkept = set[ItemName](), set(together.unkept)
    for version in sorted({version for versions in older.values() for version in versions}):
        then = under(version)
        passed = then.items if isinstance(then, Allow) else frozenset[ItemName]()
        chosen = {item for item in together.items if version in older[item]}
        stretched |= chosen - passed
        unkept |= {item for item in chosen if isinstance(then, Allow) and item in then.unkept}
    clauses = {c.item: c.id for c in spec.gate.Case(policies[first], standing, ask).items}
    drops = [Dropped(item, Reason.ITEM_NOT_CHOSEN, clauses[item]) for item in stretched]
    return left(together.items - stretched, [*together.dropped, *drops], together.because, unkept)


def went_on(policies: Mapping[int, Policy], acts: Sequence[Act], first: int) -> list[int]:
    """Return the versions that the person went on under, each shown before, since they accepted last."""
    if not any(isinstance(c, ChangeClause) and c.name == "continued_use" for c in policies[first].clauses):
        return []
    shown: set[tuple[int | None, str | None, str | None]] = set()
    found: list[int] = []
    for act in acts:
        text = (act.version, act.language, act.text_hash)
        if act.kind is ActKind.SHOWN:
            shown.add(text)
        if act.kind is ActKind.ACCEPTED:
            found = []
        new = act.kind is ActKind.CONTINUED and act.version not in {None, first, *found}
        if new and act.version is not None and text in shown:
            found.append(act.version)
    return found


def made_under(acts: Sequence[Act], ask: Ask, item: ItemName | None) -> set[int]:
    """Return under which versions the choice of the function, or of an item of it, was made last.

    The last one, and the last that was separate: which of them counts is not asked here.
    """
    chosen = [a for a in acts if a.kind is ActKind.CHOSEN and (a.function, a.item) == (ask.function, item)]
    last = [*chosen[-1:], *[a for a in chosen if a.separate][-1:]]
    return {act.version for act in last if act.version is not None}


def restated(standing: Standing | None, ask: Ask, accepted: int, version: int) -> Standing | None:
    """Return the standing as if another version had been accepted instead."""
    if standing is None:
        return None
    acts = [
        replace(act, version=version) if act.policy == ask.policy and act.version == accepted else act
        for act in standing.acts
    ]
    return replace(standing, acts=tuple(acts))


def strictest(decisions: Sequence[Decision]) -> Decision:
    """Return what several decisions come to: the first no, or what all of them let pass."""
    for decision in decisions:
        if isinstance(decision, Deny):
            return decision
    yes = [decision for decision in decisions if isinstance(decision, Allow)]
    items = frozenset[ItemName].intersection(*[each.items for each in yes])
    because = frozenset[ClauseId]().union(*[each.because for each in yes])
    unkept = frozenset[ItemName]().union(*[each.unkept for each in yes])
    return left(items, [drop for each in yes for drop in each.dropped], because, unkept)


def left(
    items: frozenset[ItemName],
    drops: Iterable[Dropped],
    because: Collection[ClauseId],
    unkept: Collection[ItemName],
) -> Decision:
    """Return a yes for these items, or a no if none is left; of several drops of one item one counts."""
    first: dict[ItemName, Dropped] = {}
    for drop in drops:
        first.setdefault(drop.item, drop)
    if items:
        return Allow(items, frozenset(first.values()), frozenset(because), items & frozenset(unkept))
    return nothing_left(first.values())
