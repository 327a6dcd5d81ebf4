"""What a proof says in JSON, and which promises it has proven. Pure; decides no verdict.

A promise is proven when it was kept and broke once what it rests on was taken away; kept alone is not enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from troth.prove.proof import Judged, Outcome, Verdict
from troth.prove.trial import Tried

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.prove.sabotage import Sabotage

_COUNTED = {Verdict.KEPT: "kept", Verdict.FACT: "facts"}


def counts(rows: Sequence[Judged]) -> Mapping[str, int]:
    """Return how many promises have each verdict; plain facts are counted apart from what was kept."""
    found = Counter(each.verdict for each in rows)
    return {_COUNTED.get(verdict, verdict.value): found[verdict] for verdict in Verdict}


def sections(rows: Sequence[Judged], sabotage: Sabotage | None) -> Mapping[str, Mapping[str, int]]:
    """Return the same by section of the text: what a promise's id says after its policy, `fn` or `rights`."""
    found: dict[str, list[Judged]] = {}
    for each in rows:
        found.setdefault(_section(each.promise), []).append(each)
    return {
        name: {
            "promises": len(ours),
            **counts(ours),
            **({"proven": len(proven(ours, sabotage))} if sabotage is not None else {}),
        }
        for name, ours in found.items()
    }


def _section(promise: str) -> str:
    _, _, rest = promise.partition(".")
    return rest.partition(".")[0]


def broken_by(each: Judged, sabotage: Sabotage) -> tuple[str, ...]:
    """Return what broke the trials of a promise, in the order of the trials."""
    return tuple(dict.fromkeys(by for outcome in each.outcomes for by in sabotage.broken_by(outcome)))


def proven(rows: Sequence[Judged], sabotage: Sabotage) -> tuple[str, ...]:
    """Return the promises that were kept and broke under sabotage; plain facts are not counted."""
    return tuple(each.promise for each in rows if each.verdict is Verdict.KEPT and broken_by(each, sabotage))


def as_json(compiled: Compiled, rows: Sequence[Judged], sabotage: Sabotage | None) -> dict[str, Any]:
    """Return what the proof of one policy came to, as plain data."""
    more: dict[str, Any] = {}
    if sabotage is not None:
        shown = proven(rows, sabotage)
        kept = [each.promise for each in rows if each.verdict is Verdict.KEPT]
        more = {
            "proven": len(shown),
            "unproven_by_sabotage": [promise for promise in kept if promise not in set(shown)],
            "collateral_percent": sabotage.collateral_percent,
            "collateral_sample": sabotage.sample,
        }
    return {
        "version": compiled.policy.version,
        "digest": compiled.policy.digest,
        **counts(rows),
        **more,
        "sections": sections(rows, sabotage),
        "promises": [_promise(each, sabotage) for each in rows],
    }


def total(policies: Mapping[str, Mapping[str, Any]], sabotages: Sequence[Sabotage]) -> dict[str, Any]:
    """Return the sums over all policies."""
    names = [*counts(()), *(["proven"] if sabotages else [])]
    sums: dict[str, Any] = {name: sum(each[name] for each in policies.values()) for name in names}
    sums["sections"] = _by_section(each["sections"] for each in policies.values())
    if sabotages:
        others = [blow.broke for each in sabotages for blow in each.blows if not blow.related]
        sums["unproven_by_sabotage"] = sum(len(each["unproven_by_sabotage"]) for each in policies.values())
        sums["collateral_percent"] = round(100 * sum(others) / len(others), 1) if others else 0.0
        sums["collateral_sample"] = len(others)
    return sums


def _by_section(policies: Iterable[Mapping[str, Mapping[str, int]]]) -> Mapping[str, Mapping[str, int]]:
    sums: dict[str, Counter[str]] = {}
    for each in policies:
        for section, figures in each.items():
            sums.setdefault(section, Counter()).update(figures)
    return {section: {**figures} for section, figures in sums.items()}


def _promise(each: Judged, sabotage: Sabotage | None) -> dict[str, Any]:
    more = {"broken_by": broken_by(each, sabotage)} if sabotage is not None else {}
    return {
        "id": each.promise,
        "clause": list(dict.fromkeys(outcome.clause for outcome in each.outcomes)),
        "status": each.verdict.value,
        "why": each.why and str(each.why),
        "evidence": [_outcome(outcome) for outcome in each.outcomes],
        "ms": sum(outcome.ms for outcome in each.outcomes),
        **more,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "clause": outcome.clause,
        "scenario": outcome.scenario,
        "status": outcome.verdict.value,
        "why_not": outcome.why_not and str(outcome.why_not),
        "ms": outcome.ms,
        "lines": [_line(line) for line in outcome.lines],
    }


def _line(line: Tried) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "what": {"en": line.what.en, "zh": line.what.zh},
        "seen": line.seen,
        "held": line.held,
    }
