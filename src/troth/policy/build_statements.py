"""The statements of a policy, from what was read, by the table of sections; knows no section by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, cast

from troth.policy import grammar as g
from troth.policy.build import Address, sayings, word
from troth.policy.clauses import Clause
from troth.policy.kinds import Got
from troth.policy.records import Fields
from troth.policy.statement_grammar import (
    CONTACTS,
    CONTROLLER_CLAUSE,
    REACHES,
    SECTIONS,
    How,
    Section,
    attribute,
)
from troth.policy.statements import ContactClause


def statements(policy: Fields, name: str) -> Iterator[Clause]:
    """Yield every statement, in the order of the sections."""
    top = Address(name)
    yield from _controller(policy, top)
    for section in SECTIONS:
        got = policy.got(g.STATEMENTS[section.key])
        if got is not None:
            yield from _section(section, top / section.key, got)


def _controller(policy: Fields, top: Address) -> Iterator[Clause]:
    got = policy.got(g.CONTROLLER)
    if got is None:
        return
    here = top / CONTROLLER_CLAUSE.key
    yield _clause(CONTROLLER_CLAUSE, here, "", got)
    for each in g.CONTROLLER_FIELDS:
        contact = got.value.got(each) if each.key in CONTACTS else None
        if contact is not None:
            fields = cast("Fields", contact.value)
            common = (here / each.key).common(fields, contact.at)
            reaches = word(fields.get(REACHES))
            yield ContactClause(**common, name=each.key, value=_value(fields), reaches=reaches)


def _value(fields: Fields) -> str:
    (value,) = (value for key, value in fields.plain().items() if key == "value")
    return str(value)


def _section(section: Section, here: Address, got: Got[Any]) -> Iterator[Clause]:
    match section.how:
        case How.ONE:
            yield _clause(section, here, "", got)
        case How.NAMED:
            for name, each in cast("Mapping[str, Got[Fields]]", got.value).items():
                yield _clause(section, here / name, name, each)
        case How.LISTED:
            for each in cast("Iterable[Got[Fields]]", got.value):
                name = str(each.value.plain()["name"])
                yield _clause(section, here / name, name, each)
        case How.NESTED:
            for act, cases in cast("Mapping[str, Got[Mapping[str, Got[Fields]]]]", got.value).items():
                for name, each in cases.value.items():
                    yield _clause(section, here / act / name, name, each, act=act)


def _clause(section: Section, here: Address, name: str, got: Got[Fields], **more: str) -> Clause:
    found = {
        attribute(each): plain(got.value.get(each))
        for each in section.record.fields
        if each not in g.COMMON and each.key != "name" and got.value.get(each) is not None
    }
    makes: Any = section.makes
    return makes(**here.common(got.value, got.at, section.mod), name=name, **found, **more)


def plain(value: object) -> object:
    """Return what was read without positions: words as text, lists as tuples, texts as mappings."""
    given: Any = value
    match value:
        case Fields():
            return sayings(value)
        case StrEnum():
            return value.value
        case tuple():
            return tuple(plain(each.value) for each in cast("tuple[Got[object], ...]", given))
        case _:
            return value
