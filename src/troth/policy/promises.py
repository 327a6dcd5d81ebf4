"""Which promise of the published text is carried by which clause, and how far each is kept.

A promise is *expressed* when a typed clause carries it, *enforced* when taking that clause away or turning it
round changes something (`mutation` says so), *attested* when only evidence on paper can show it. What is
*proven* is shown on a running system and handed in. Reads no files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from troth.policy.clauses import Clause, Policy
from troth.policy.enforcement import Seen, enforcement
from troth.policy.mutation import Missed, examine, survivors
from troth.policy.probes_gate import Decide
from troth.terms import ClauseId

Watch = Callable[[Iterator[Missed]], Iterator[Missed]]
"""What may look on while a policy is examined, such as a bar that shows how far it is."""


class NotKept(StrEnum):
    """Why a promise is not enforced by its clauses."""

    NOT_WRITTEN = "not_written"  # there is no policy yet that could carry it
    NO_CLAUSE = "no_clause"
    ATTESTED = "attested"
    KEPT_IN_CODE = "kept_in_code"  # whatever the policy says; only a proof can show it
    NOTHING_CHANGES = "nothing_changes"  # the clause could be dropped and nobody would notice
    NOTHING_KEEPS_IT = "nothing_keeps_it"  # not yet


_UNSEEN = {
    Seen.NOWHERE: NotKept.NOTHING_KEEPS_IT,
    Seen.CODE: NotKept.KEPT_IN_CODE,
}
"""What no question to a policy could show, the worst first."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise: the clauses that carry it, and why it is not enforced (None: it is)."""

    promise: str
    clauses: tuple[Clause, ...]
    reason: NotKept | None

    @property
    def expressed(self) -> bool:
        """Whether a clause carries it."""
        return bool(self.clauses)


def carried(policy: Policy) -> Mapping[str, tuple[Clause, ...]]:
    """Return the clauses that carry each promise, in the order of the policy."""
    found: defaultdict[str, list[Clause]] = defaultdict(list)
    for clause in policy.clauses:
        for promise in clause.promises:
            found[promise].append(clause)
    return {promise: tuple(clauses) for promise, clauses in found.items()}


def decided(policy: Policy) -> Mapping[str, tuple[Clause, ...]]:
    """Return the clauses that each contradiction, gap or law decided."""
    found: defaultdict[str, list[Clause]] = defaultdict(list)
    for clause in policy.clauses:
        for what in (clause.decided_by or "").split(", "):
            if what:
                found[what].append(clause)
    return {what: tuple(clauses) for what, clauses in found.items()}


def kept(policy: Policy, promises: Iterable[str], survives: Collection[ClauseId]) -> tuple[Kept, ...]:
    """Return how far each promise is kept; ``survives`` are the clauses that nobody would miss."""
    by = carried(policy)
    return tuple(Kept(each, by.get(each, ()), _reason(by.get(each, ()), survives)) for each in promises)


def tally(kept_by: Iterable[Kept], proven: Collection[str] = ()) -> dict[str, object]:
    """Return the row of one policy as `troth promises --json` prints it."""
    rows = tuple(kept_by)
    reasons = Counter(str(each.reason) for each in rows if each.reason is not None)
    return {
        "promises": len(rows),
        "expressed": sum(each.expressed for each in rows),
        "enforced": sum(each.reason is None for each in rows),
        "proven": sum(each.expressed and each.promise in proven for each in rows),
        "attested": reasons.get(NotKept.ATTESTED, 0),
        "not_kept": {why: n for why, n in sorted(reasons.items()) if why != NotKept.ATTESTED},
    }


def total(rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Add rows up."""
    reasons: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping):
                reasons.update(cast("Mapping[str, int]", value))
            elif isinstance(value, int):
                sums[key] += value
    return {**sums, "not_kept": dict(sorted(reasons.items()))}


def report(policies: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return all that `troth promises --json` prints."""
    return {"policies": dict(policies), "total": total(policies.values())}


def measured(
    policy: Policy, decide: Decide, listed: Iterable[str] | None = None, watch: Watch = iter
) -> tuple[Kept, ...]:
    """Examine a policy and return how far each promise is kept; ``watch`` sees the examination go by.

    ``listed`` are all promises of the text. Without it only those that the clauses carry are measured, and
    one without a clause cannot show.
    """
    survives = survivors(watch(examine(policy, decide, keys=False)))
    return kept(policy, carried(policy) if listed is None else listed, survives)


def unwritten(listed: Iterable[str]) -> tuple[Kept, ...]:
    """Return how far the promises of a text are kept for which there is no policy yet."""
    return tuple(Kept(each, (), NotKept.NOT_WRITTEN) for each in listed)


def _reason(clauses: tuple[Clause, ...], survives: Collection[ClauseId]) -> NotKept | None:
    if not clauses:
        return NotKept.NO_CLAUSE
    told = {each.id: kept.seen for each in clauses if (kept := enforcement(each)) is not None}
    if not told:
        return NotKept.ATTESTED
    live = [each for each, seen in told.items() if seen not in _UNSEEN]
    if any(each not in survives for each in live):
        return None
    if live:
        return NotKept.NOTHING_CHANGES
    return next(why for seen, why in _UNSEEN.items() if seen in told.values())
