"""One clause explained: what it tells people, what it is made of, what keeps it and which clauses lean on it.

Values only; reads nothing, prints nothing. Which clauses decided an ask, says the gate.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar, cast

from troth.policy import clauses as c
from troth.policy import statements as s
from troth.policy.clauses import Clause
from troth.policy.compiled import Compiled
from troth.policy.enforcement import Enforcement, enforcement
from troth.policy.phrases import PHRASES
from troth.policy.text import in_language, notice
from troth.policy.words import Language
from troth.terms import ClauseId

A = TypeVar("A", bound=Clause)
B = TypeVar("B", bound=Clause)
Said = Mapping[Language, tuple[str, ...]]
_EVERY_CLAUSE = {each.name for each in fields(Clause)}


@dataclass(frozen=True, slots=True)
class Leans:
    """Another clause that leans on the one explained, and how."""

    clause: ClauseId
    how: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A clause with all there is to know of it. ``enforced`` None: only evidence on paper can show it."""

    clause: Clause
    kind: str
    says: Said
    fields: Mapping[str, object]
    enforced: Enforcement | None
    leaning: tuple[Leans, ...]


def explain(compiled: Compiled, clause: Clause) -> Explained:
    """Explain one clause of a policy."""
    return Explained(
        clause=clause,
        kind=kind_of(clause),
        says=told(compiled)[clause.id],
        fields=own_fields(clause),
        enforced=enforcement(clause),
        leaning=tuple(
            Leans(other.id, how)
            for other in compiled.clauses.values()
            if other is not clause and (how := _leans(other, clause)) is not None
        ),
    )


def kind_of(clause: Clause) -> str:
    """Return what kind of clause this is, in one word."""
    return type(clause).__name__.removesuffix("Clause").lower()


def own_fields(clause: Clause) -> Mapping[str, object]:
    """Return the keys that a clause says something in, as plain values."""
    return {key: value for key, value in _own(clause) if value not in (None, "", [], {})}


def told(compiled: Compiled) -> Mapping[ClauseId, Said]:
    """Return what people are told of each clause, by language; empty where the notice has no line for it."""
    found: defaultdict[ClauseId, dict[Language, tuple[str, ...]]] = defaultdict(dict)
    for language in Language:
        lines: defaultdict[ClauseId, list[str]] = defaultdict(list)
        for section in notice(compiled, language).sections:
            if section.clause is not None:
                lines[section.clause].append(section.heading)
            for line in section.lines:
                if line.clause is not None:
                    lines[line.clause].append(line.whole)
        for clause in compiled.clauses.values():
            if isinstance(clause, c.AttestedClause):
                evidence = in_language(clause.attested or {}, language)
                lines[clause.id] = [PHRASES[language]["attested"].format(evidence=evidence)]
            elif isinstance(clause, c.AcceptanceClause):
                lines[clause.id] = [PHRASES[language]["acceptance"]]
            found[clause.id][language] = tuple(lines[clause.id])
    return found


def nearest(compiled: Compiled, address: str) -> tuple[str, ...]:
    """Return the addresses most likely meant: those beneath ``address``, else those spelt most like it."""
    known = [*compiled.clauses]
    beneath = sorted(each for each in known if each.startswith(f"{address.rstrip('/')}/"))
    if beneath:
        return tuple(beneath)
    last = [each for each in known if each.rpartition("/")[2] == address.rpartition("/")[2]]
    close = difflib.get_close_matches(address[:200], known, n=3, cutoff=0.6)
    return tuple(dict.fromkeys([*close, *last[:3]]))


def _own(clause: Clause) -> Iterator[tuple[str, object]]:
    for each in fields(clause):
        if each.name not in _EVERY_CLAUSE:
            yield each.name, _plain(getattr(clause, each.name))


def _plain(value: object) -> object:
    match value:
        case bool() | int() | None:
            return value
        case StrEnum():
            return value.value
        case Mapping():
            return {str(key): _plain(each) for key, each in cast("Mapping[object, object]", value).items()}
        case frozenset():
            return sorted(str(each) for each in cast("Collection[object]", value))
        case tuple():
            return [_plain(each) for each in cast("Collection[object]", value)]
        case _:
            return str(value)


def _leans(other: Clause, on: Clause) -> str | None:
    return next((tie.how for tie in _TIES if tie.holds(on, other)), None)


@dataclass(frozen=True, slots=True)
class _Tie:
    holds: Callable[[Clause, Clause], bool]
    how: str


def _tie(of: type[A], by: type[B], holds: Callable[[A, B], bool], how: str) -> _Tie:
    return _Tie(lambda on, other: isinstance(on, of) and isinstance(other, by) and holds(on, other), how)


def _named(clause: Clause, key: str) -> Collection[str]:
    return cast("Collection[str]", getattr(clause, key, ()) or ())


_TIES = (
    _tie(c.FunctionClause, c.SwitchClause, lambda a, b: a.function in b.functions, "switches it off and on"),
    _tie(c.FunctionClause, c.RefusalClause, lambda a, b: a.function in b.also, "costs it, too, when refused"),
    _tie(c.FunctionClause, s.RepurposeClause, lambda a, b: a.function in b.linked, "counts it as linked"),
    _tie(c.FunctionClause, s.DefinitionClause, lambda a, b: a.function in b.functions, "has it in its term"),
    _tie(
        c.FunctionClause,
        Clause,
        lambda a, b: getattr(b, "function", None) == a.function,
        "is part of the function",
    ),
    _tie(
        c.ItemClause,
        c.RecipientClause,
        lambda a, b: a.function == b.function and a.item in b.items,
        "gives the item on",
    ),
    _tie(
        c.ItemClause,
        c.ClosedClause,
        lambda a, b: (a.function, a.item) == (b.function, b.item),
        "closes the item to the controller",
    ),
    _tie(c.ItemClause, s.DefinitionClause, lambda a, b: a.item in b.items, "has the item in its term"),
    _tie(
        c.PurposeClause,
        c.RecipientClause,
        lambda a, b: (a.function, a.purpose) == (b.function, b.purpose),
        "gives items on for this purpose",
    ),
    _tie(s.PermissionClause, c.ItemClause, lambda a, b: a.name == b.permission, "comes through it alone"),
    _tie(s.AimClause, c.PurposeClause, lambda a, b: a.name == b.serves, "serves the aim"),
    _tie(c.RightClause, s.DeadlineClause, lambda a, b: a.right in b.of, "limits the time to answer"),
    _tie(c.RightClause, c.RightClause, lambda a, b: a.right in b.opens, "opens the right"),
    _tie(c.RightClause, s.RequestClause, lambda a, b: a.right in b.rights, "holds for its requests"),
    _tie(s.ContactClause, Clause, lambda a, b: a.name in _named(b, "by"), "goes this way"),
    _tie(c.DutyClause, c.ClosedClause, lambda a, b: a.ground in b.unless, "opens on this ground"),
    _tie(c.ExemptClause, c.ClosedClause, lambda a, b: a.ground in b.unless, "opens on this ground"),
    *(
        _tie(kind, c.FunctionClause, lambda _, __: True, "runs only where this is met")
        for kind in (c.AcceptanceClause, c.AudienceClause, c.StoredInClause)
    ),
)
"""How one clause leans on another; the first tie that holds says it."""
