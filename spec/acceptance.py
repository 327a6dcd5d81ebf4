"""Which version of the policy a person accepted, since when, and in which language they were shown it.

# INVARIANT: agreeing counts only for the very text that was shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from spec.standing import Stands, unbroken
from troth.policy.clauses import Policy
from troth.terms import Act, ActKind


def acceptance(acts: Sequence[Act], policy: Policy, *, shown_first: bool) -> Stands:
    """Return since when this version is the accepted one, its very text shown before it was accepted."""
    return unbroken(
        _about_acceptance(acts, policy, shown_first=shown_first),
        opens=lambda act: act.kind is ActKind.ACCEPTED and act.version == policy.version,
        closes=lambda act: act.kind is ActKind.ENDED or act.version != policy.version,
    )


def language(acts: Sequence[Act], policy: Policy, *, shown_first: bool) -> str | None:
    """Return the language of this version's text as it was accepted last."""
    about = _about_acceptance(acts, policy, shown_first=shown_first)
    accepted = [a for a in about if a.kind is ActKind.ACCEPTED and a.version == policy.version]
    return accepted[-1].language if accepted else None


def _about_acceptance(acts: Sequence[Act], policy: Policy, *, shown_first: bool) -> list[Act]:
    shown: set[tuple[int | None, str | None, str | None]] = set()
    about: list[Act] = []
    for act in acts:
        text = (act.version, act.language, act.text_hash)
        if act.policy != policy.name:
            continue
        if act.kind is ActKind.SHOWN:
            shown.add(text)
        counts = act.version != policy.version or text in shown or not shown_first
        if act.kind is ActKind.ENDED or (act.kind is ActKind.ACCEPTED and counts):
            about.append(act)
    return about
