"""Forms of values: which fields a value has and what each may hold, from `forms.yaml`.

A form is closed. A field that it does not name makes the value unfit, so that nothing undeclared rides along
in a declared item. Decides about form only: whether the item may be taken at all is the gate's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import cast

from troth.policy import nodes
from troth.policy.columns import by_field
from troth.policy.kinds import Choice, Got, Kind, ListOf, MapOf, Pattern, Place, Text
from troth.policy.problems import PolicyRejected, Problem
from troth.policy.records import Field, Fields, Record
from troth.policy.shapes import NEEDS, TAKES, Check, Is, Shape

MOST_DEVICES = 10_000
_DEVICE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value does not fit: a field of the form (never a sender's word), and what belongs there."""

    field: str
    instead: str

    def __str__(self) -> str:
        return f"{self.field}: write {self.instead}" if self.field else self.instead


_NO_MAP = Misfit("", "write the value as a map of fields")
_UNKNOWN = Misfit("", "leave out the fields that the form does not have")
_MANY = 4
"""From how many values on it pays to look at them by field."""
_TEXT = frozenset({str})
_TOO_MANY = Misfit("", f"write at most {MOST_DEVICES} devices")


@dataclass(frozen=True)
class Form:
    """The form of a value: fields that must and may be there, and entries for devices, each under its id."""

    name: str
    must: Mapping[str, Shape]
    may: Mapping[str, Shape]
    by_device: Shape | None = None
    _checks: Mapping[str, Check] = field(init=False, repr=False, compare=False)
    _needed: frozenset[str] = field(init=False, repr=False, compare=False)
    _each: Check | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks = {name: shape.check() for name, shape in {**self.must, **self.may}.items()}
        object.__setattr__(self, "_checks", checks)
        object.__setattr__(self, "_needed", frozenset(self.must))
        object.__setattr__(self, "_each", None if self.by_device is None else self.by_device.check())

    def misfit(self, value: object) -> Misfit | None:
        """Return what is wrong with ``value``, or None: it fits. Never raises."""
        if type(value) is not dict and not isinstance(value, Mapping):
            return _NO_MAP
        parts, checks = cast("Mapping[object, object]", value), self._checks
        for name, part in parts.items():
            check = checks.get(name) if type(name) is str else None
            if check is None:
                wrong = self._misfit_of_device(name, part)
                if wrong is not None:
                    return wrong
            elif not check(part):
                return Misfit(str(name), self._shape(str(name)).says())
        if not parts.keys() >= self._needed:
            missing = next(name for name in self.must if name not in parts)
            return Misfit(missing, self.must[missing].says())
        return _TOO_MANY if len(parts) > MOST_DEVICES else None

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether `misfit` finds nothing in ``values``; quick where all have the same fields."""
        found, checks = by_field(values) if len(values) >= _MANY else None, self._checks
        if found is None or not found.keys() <= checks.keys():
            return not any(map(self.misfit, values))
        return found.keys() >= self._needed and all(_all(checks[name], found[name]) for name in found)

    def _misfit_of_device(self, name: object, part: object) -> Misfit | None:
        if self._each is None or self.by_device is None:
            return _UNKNOWN
        if type(name) is not str or not _DEVICE.fullmatch(name):
            return _UNKNOWN
        return None if self._each(part) else Misfit("each device", self.by_device.says())

    def _shape(self, name: str) -> Shape:
        return self.must[name] if name in self.must else self.may[name]


def _all(check: Check, column: Sequence[object]) -> bool:
    """Return whether every part passes. Of texts, which repeat, each is looked at once."""
    return all(map(check, {*column} if _TEXT.issuperset(map(type, column)) else column))


NAME: Kind[str] = Pattern("a name of small letters, digits and _", r"[a-z][a-z0-9_]{0,63}")
_NUMBER: Kind[str] = Pattern("a whole number", r"-?(0|[1-9][0-9]{0,17})")
_WORD: Kind[str] = Pattern("a word", r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,63}")
_IS = Field("is", Choice(Is), "the kind of shape", must=True)
_MOST = Field("most", _NUMBER, "characters, entries or the largest number")
_LEAST = Field("least", _NUMBER, "the smallest number")
_LIKE = Field("like", Text(200), "a pattern that the whole text has")
_OF = Field("of", NAME, "the shape of each entry")
_UNIT = Field("unit", Text(20), "the unit of the number")
_CLOSED = Field("words", ListOf(_WORD), "the words there are")
_SHAPE = Record("a shape", (_IS, _MOST, _LEAST, _LIKE, _OF, _UNIT, _CLOSED))
_MUST = Field("must", MapOf(NAME, NAME), "fields that must be there, each with its shape")
_MAY = Field("may", MapOf(NAME, NAME), "fields that may be there")
_BY_DEVICE = Field("by_device", NAME, "the shape of the entry of each device")
_FORM = Record("a form", (_MUST, _MAY, _BY_DEVICE))
_SHAPES = Field("shapes", MapOf(NAME, _SHAPE), "what fields may hold", must=True)
_FORMS = Field("forms", MapOf(NAME, _FORM), "what fields values have", must=True)
_FILE = Record("a file of forms", (_SHAPES, _FORMS))


def read(text: str, file: str) -> Mapping[str, Form]:
    """Read forms; raises `PolicyRejected`. A shape is told before the lists of it."""
    problems: list[Problem] = []
    place = Place("forms", problems)
    fields = _FILE.read(nodes.parse(text, file), place)
    if fields is None or problems:
        raise PolicyRejected(problems)
    shapes: dict[str, Shape] = {}
    for name, got in fields.need(_SHAPES).items():
        shape = _shape(got, shapes, place.below("shapes").below(name))
        if shape is not None:
            shapes[name] = shape
    forms = {
        name: _form(name, got.value, shapes, place.below("forms").below(name))
        for name, got in fields.need(_FORMS).items()
    }
    if problems:
        raise PolicyRejected(problems)
    return MappingProxyType(forms)


def _shape(got: Got[Fields], known: Mapping[str, Shape], place: Place) -> Shape | None:
    fields = got.value
    kind, said = fields.need(_IS), set(fields.plain()) - {"is"}
    needs = NEEDS.get(kind, frozenset[str]())
    if not needs <= said <= TAKES.get(kind, needs):
        place.report(
            got.at, f"a shape of kind {kind.value}", f"exactly its bounds: {', '.join(sorted(needs))}"
        )
        return None
    most, least, of, words = fields.get(_MOST), fields.get(_LEAST), fields.get(_OF), fields.get(_CLOSED)
    if of is not None and of not in known:
        place.report(got.at, f"the shape {of}", "the name of a shape told before")
        return None
    return Shape(
        kind=kind,
        most=None if most is None else int(most),
        least=None if least is None else int(least),
        like=_pattern(fields, place),
        words=tuple(each.value for each in words or ()),
        of=None if of is None else known[of],
        unit=fields.get(_UNIT),
    )


def _pattern(fields: Fields, place: Place) -> str | None:
    got = fields.got(_LIKE)
    if got is None:
        return None
    try:
        re.compile(got.value)
    except re.error:
        place.report(got.at, "a pattern that cannot be read", "a regular expression")
        return None
    return got.value


def _form(name: str, fields: Fields, shapes: Mapping[str, Shape], place: Place) -> Form:
    def shaped(named: Mapping[str, Got[str]] | None) -> Mapping[str, Shape]:
        found: dict[str, Shape] = {}
        for each, got in (named or {}).items():
            if got.value in shapes:
                found[each] = shapes[got.value]
            else:
                place.report(got.at, f"the shape {got.value}", "the name of a shape")
        return MappingProxyType(found)

    must, may, by_device = shaped(fields.get(_MUST)), shaped(fields.get(_MAY)), fields.got(_BY_DEVICE)
    each = None if by_device is None else shapes.get(by_device.value)
    if not (must or may or by_device) or must.keys() & may.keys():
        place.report(fields.at, "this form", "fields, each once, or by_device")
    if by_device is not None and each is None:
        place.report(by_device.at, f"the shape {by_device.value}", "the name of a shape")
    return Form(name, must, may, each)


FORMS: Mapping[str, Form] = read(
    (resources.files("troth.policy") / "forms.yaml").read_text(encoding="utf-8"), "forms.yaml"
)
