"""A statement told in one language: the label, and what its keys say, from the table of sections.

Words only. Which statements are told, and in which order, is for `text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from troth.policy.grammar_common import COMMON, SAID
from troth.policy.kinds import Choice, Kind, Known, ListOf
from troth.policy.period import Period
from troth.policy.phrases import JOINT, PHRASES, SEPARATOR
from troth.policy.records import Field
from troth.policy.statement_grammar import BY_TYPE, Section, attribute
from troth.policy.statement_words import Office
from troth.policy.statements import CaseClause, ContactClause, ScopeClause, Statement
from troth.policy.vocabulary import VOCABULARY
from troth.policy.words import Language
from troth.terms import FunctionName, ItemName

_OF_FUNCTIONS = frozenset({"functions", "linked"})
_NONE: Mapping[FunctionName, str] = MappingProxyType({})


def label(clause: Statement, language: Language) -> str:
    """Return what the line is about, in either language: a closed name, a title, what the section holds."""
    phrases = PHRASES[language]
    if isinstance(clause, ContactClause):
        return phrases[f"contacts.{clause.name}"]
    if isinstance(clause, CaseClause):
        act, name = phrases[f"act.{clause.act}"], phrases.get(f"case.{clause.name}")
        return phrases["names.case"].format(act=act, name=name) if name else act
    key = BY_TYPE[type(clause)].key
    own = phrases.get(f"{key}.{clause.name}") or _title(clause, language)
    return own or phrases.get(f"name.{key}") or phrases["statement"]


def told(clause: Statement, language: Language, titles: Mapping[FunctionName, str] = _NONE) -> str:
    """Return what the statement's keys say, joined; empty when its name says it all.

    ``titles`` are those of the functions that it may name.
    """
    if isinstance(clause, ContactClause):
        desk = () if clause.reaches is None else (word(Office, clause.reaches, language),)
        return JOINT[language].join((clause.value, *desk))
    section = BY_TYPE[type(clause)]
    labelled = f"{section.key}.{clause.name}" not in PHRASES[language] and _title(clause, language)
    said = (
        _key(section, each, _titled(each, getattr(clause, attribute(each)), titles), language)
        for each in _own(section)
        if not (labelled and each.key == "title") and not _better_said(clause, each)
    )
    return JOINT[language].join(each for each in said if each)


def _better_said(clause: Statement, each: Field[Any]) -> bool:
    """Tell whether another key of the statement says this one in words of each language."""
    return isinstance(clause, ScopeClause) and each.key == "products" and bool(clause.called)


def _titled(each: Field[Any], value: object, titles: Mapping[FunctionName, str]) -> object:
    if each.key not in _OF_FUNCTIONS or not value:
        return value
    return tuple(titles.get(name, name) for name in cast("tuple[FunctionName, ...]", value))


def _own(section: Section) -> Iterable[Field[Any]]:
    return (each for each in section.record.fields if each not in COMMON and each.key != "name")


def _key(section: Section, each: Field[Any], value: object, language: Language) -> str:
    if value is None or value in ((), {}):
        return ""
    phrases = PHRASES[language]
    if own := phrases.get(f"key.{each.key}.{value}"):  # a word that says it all
        return own
    phrase = phrases.get(f"{section.key}.key.{each.key}") or phrases[f"key.{each.key}"]
    return phrase.format(value=worded(each.kind, value, language))


def worded(kind: Kind[Any], value: object, language: Language) -> str:  # noqa: PLR0911 - one for each kind
    """Return a value of a kind in words."""
    phrases = PHRASES[language]
    match kind, value:
        case ListOf(), tuple():
            of = cast("ListOf[object]", kind).of
            entries = cast("tuple[object, ...]", value)
            return SEPARATOR[language].join(worded(of, each, language) for each in entries)
        case Choice(), _:
            words = cast("Choice[StrEnum]", kind).words
            return word(words, str(value), language)
        case Known(), _:
            return VOCABULARY[ItemName(str(value))].label[language]
        case _, bool():
            return phrases["truth.yes" if value else "truth.no"]
        case _, Period():
            return phrases[f"unit.{value.unit}"].format(value=value.value)
        case _, Mapping() if kind is SAID:
            said = cast("Mapping[str, str]", value)
            return said.get(language) or next(iter(said.values()))
        case _:
            return str(value)


def word(words: type[StrEnum], value: str, language: Language) -> str:
    """Return a closed word in words."""
    return PHRASES[language][f"{words.__name__.lower()}.{value}"]


def _title(clause: Statement, language: Language) -> str:
    """Return the words that the policy itself gives a statement, in this language if it has them."""
    said = cast("Mapping[str, str] | None", getattr(clause, "title", None)) or {}
    return said.get(language) or next(iter(said.values()), "")
