"""The keys of each type of clause, for `printed`: the way back from `build`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from troth.policy.clauses import (
    AcceptanceClause,
    AttestedClause,
    AudienceClause,
    Clause,
    ClosedClause,
    DutyClause,
    ExemptClause,
    FunctionClause,
    HoldClause,
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
from troth.policy.grammar_common import COMMON
from troth.policy.period import Period
from troth.policy.statement_grammar import BY_TYPE, attribute
from troth.policy.statements import ContactClause, Statement
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
                "choice": clause.choice,
                "constraints": list(clause.constraints),
            }
        case ItemClause():
            return {
                "item": clause.item,
                "basis": None if clause.basis is None else clause.basis.value,
                "keep": None if clause.keep is Keep.STORED else clause.keep.value,
                "permission": clause.permission,
                "about": None if clause.about is None else clause.about.value,
                "only_while": clause.only_while,
            }
        case NeedClause():
            return {"need": clause.need}
        case PurposeClause():
            return {
                "title": dict(clause.title),
                "by": _words(clause.by),
                "verbs": _words(clause.verbs),
                "serves": clause.serves,
                "only_on": _words(clause.only_on),
            }
        case RefusalClause():
            return {"effect": clause.effect, "also": _words(clause.also)}
        case NeverAboutClause():
            return {"role": clause.role.value}
        case ClosedClause():
            return {"verbs": _words(clause.verbs), "unless": _words(clause.unless)}
        case HoldClause():
            return {"grounds": _words(clause.opens_for)}
        case RecipientClause():
            return {
                "items": _words(clause.items),
                "purpose": clause.purpose,
                "kind": clause.kind,
                "title": dict(clause.title) or None,
                "scope": dict(clause.scope) or None,
                "link": clause.link,
                "only_if_shown": dict(clause.only_if_shown) or None,
                "own_devices": clause.own_devices or None,
            }
        case SwitchClause():
            return {
                "title": dict(clause.title),
                "functions": _words(clause.functions),
                "items": _words(clause.items),
                "verbs": _words(clause.verbs),
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
            return {
                "after": clause.after,
                "then": clause.then,
                "keep": clause.keep and Plain(str(clause.keep)),
            }
        case RightClause():
            return {
                "by": list(clause.by),
                "within": _days(clause.deadline_days),
                "from": None if clause.counted_from == Moment.RECEIVED else clause.counted_from,
                "irreversible": clause.irreversible or None,
                "path": dict(clause.path) or None,
                "parts": list(clause.parts),
                "ways": list(clause.ways),
                "effects": list(clause.effects),
                "proofs": list(clause.proofs),
                "opens": list(clause.opens),
                "locked": list(clause.locked),
            }
        case AttestedClause():
            return {"evidence": dict(clause.attested or {})}
        case Statement():
            return _statement(clause)
        case _:
            raise TypeError(type(clause).__name__)


def _statement(clause: Statement) -> dict[str, object]:
    """Take the keys from the section that made the clause; `printed` leaves out what is absent."""
    if isinstance(clause, ContactClause):
        return {"value": clause.value, "reaches": clause.reaches}
    section = BY_TYPE[type(clause)]
    own = [each for each in section.record.fields if each not in COMMON]
    return {each.key: _plain(getattr(clause, attribute(each))) for each in own}


def _plain(value: object) -> object:
    given: Any = value
    match value:
        case Period():
            return Plain(value)
        case tuple():
            return list(cast("tuple[object, ...]", given))
        case Mapping():
            return dict(cast("Mapping[str, str]", given)) or None
        case _:
            return value


def _words(words: Iterable[str]) -> list[str]:
    return sorted(str(word) for word in words)


def _days(days: int | None) -> Plain | None:
    return None if days is None else Plain(f"{days} days")
