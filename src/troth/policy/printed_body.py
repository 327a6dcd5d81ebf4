"""The keys of each type of clause, for `printed`: the way back from `build`."""

from __future__ import annotations

from collections.abc import Iterable

from troth.policy.clauses import (
    AcceptanceClause,
    AttestedClause,
    AudienceClause,
    Clause,
    ClosedClause,
    DutyClause,
    ExemptClause,
    FunctionClause,
    ItemClause,
    Keep,
    NeedClause,
    NeverAboutClause,
    PurposeClause,
    RecipientClause,
    RefusalClause,
    RetentionClause,
    RightClause,
    StoredInClause,
    SwitchClause,
)
from troth.policy.words import Moment


class Plain(str):
    """A word that must stand without quotes."""

    __slots__ = ()


def body(clause: Clause) -> dict[str, object]:  # noqa: C901, PLR0911, PLR0912 - one case for each type
    """Return a clause's own keys with their values; None or an empty list where a key is left out."""
    match clause:
        case FunctionClause():
            return {
                "title": dict(clause.title),
                "gives": dict(clause.gives),
                "basis": clause.basis.value,
                "starts": clause.starts.value,
            }
        case ItemClause():
            return {
                "item": clause.item,
                "basis": None if clause.basis is None else clause.basis.value,
                "keep": None if clause.keep is Keep.STORED else clause.keep.value,
            }
        case NeedClause():
            return {"need": clause.need}
        case PurposeClause():
            return {"title": dict(clause.title), "by": _words(clause.by), "verbs": _words(clause.verbs)}
        case RefusalClause():
            return {"effect": clause.effect, "also": _words(clause.also)}
        case NeverAboutClause():
            return {"role": clause.role.value}
        case ClosedClause():
            return {"verbs": _words(clause.verbs), "unless": _words(clause.unless)}
        case RecipientClause():
            return {"items": _words(clause.items), "purpose": clause.purpose}
        case SwitchClause():
            return {
                "title": dict(clause.title),
                "functions": _words(clause.functions),
                "default": Plain("on" if clause.default_on else "off"),
                "scope": clause.scope.value,
            }
        case ExemptClause() | DutyClause():
            return {"ground": clause.ground}
        case StoredInClause():
            return {"region": clause.region}
        case AudienceClause():
            return {"minimum_age": clause.minimum_age, "found_minor": clause.found_minor}
        case AcceptanceClause():
            return {"shown_first": clause.shown_first}
        case RetentionClause():
            return {"after": clause.after, "then": clause.then, "keep": _days(clause.days)}
        case RightClause():
            return {
                "by": list(clause.by),
                "within": _days(clause.deadline_days),
                "from": None if clause.counted_from == Moment.RECEIVED else clause.counted_from,
                "irreversible": clause.irreversible or None,
            }
        case AttestedClause():
            return {"evidence": clause.attested}
        case _:
            raise TypeError(type(clause).__name__)


def _words(words: Iterable[str]) -> list[str]:
    return sorted(str(word) for word in words)


def _days(days: int | None) -> Plain | None:
    return None if days is None else Plain(f"{days} days")
