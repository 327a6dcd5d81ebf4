"""The grammar as a JSON Schema, so that editors complete and check a policy while it is written.

It says what the loader says of shape and words, from the same tables; whether the parts fit is for `check`.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, cast

from troth.policy import grammar
from troth.policy.kinds import (
    LONGEST_LIST,
    Choice,
    Day,
    Days,
    Kind,
    Known,
    ListOf,
    MapOf,
    Pattern,
    Periods,
    Text,
    Truth,
    Whole,
)
from troth.policy.records import Record

Tree = dict[str, object]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> str:
    """Return the schema as text."""
    told = _Teller()
    root = told.record(grammar.POLICY)
    whole = {"$schema": DIALECT, "title": "A Troth policy", **root, "$defs": told.defs}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


class _Teller:
    """Collects records under their names, so that each is told once."""

    def __init__(self) -> None:
        self.defs: dict[str, Tree] = {}
        self._names: dict[int, str] = {}

    def of(self, kind: Kind[Any]) -> Tree:
        """Return the schema of a kind of value."""
        match kind:
            case Record():
                return self._named(kind)
            case ListOf():
                of = self.of(cast("ListOf[object]", kind).of)
                many: Tree = {"type": "array", "items": of, "minItems": 1, "maxItems": LONGEST_LIST}
                return {"anyOf": [of, many]} if kind.or_one else many
            case MapOf():
                mapped = cast("MapOf[object]", kind)
                return {
                    "type": "object",
                    "propertyNames": self.of(mapped.keys),
                    "additionalProperties": self.of(mapped.of),
                }
            case _:
                return _value(kind)

    def record(self, kind: Record) -> Tree:
        """Return the schema of a mapping of known keys."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                each.key: {**self.of(each.kind), "description": each.says} for each in kind.fields
            },
            "required": [each.key for each in kind.fields if each.must],
        }

    def _named(self, kind: Record) -> Tree:
        if id(kind) not in self._names:
            name = kind.name.split(" ", 1)[-1].replace(" ", "_").replace("'", "")
            taken = sum(each.rstrip("0123456789") == name for each in self.defs)
            name = f"{name}{taken + 1}" if taken else name
            self._names[id(kind)] = name
            self.defs[name] = {}
            whole = self.record(kind)
            self.defs[name] = {"anyOf": [self.of(kind.head.kind), whole]} if kind.head else whole
        return {"$ref": f"#/$defs/{self._names[id(kind)]}"}


def _value(kind: Kind[Any]) -> Tree:  # noqa: PLR0911 - one for each kind
    match kind:
        case Choice():
            return {"enum": sorted(word.value for word in cast("Choice[StrEnum]", kind).known)}
        case Known():
            return {"enum": sorted(kind.words)}
        case Pattern():
            return {"type": "string", "pattern": f"^(?:{kind.form})$"}
        case Text():
            return {"type": "string", "minLength": 1, "maxLength": kind.longest}
        case Whole():
            return {"type": "integer", "minimum": kind.least, "maximum": kind.most}
        case Truth():
            # YAML 1.1 readers of editors take on and off for truth values as well.
            return {"enum": [True, False] if kind.yes == "true" else [kind.yes, kind.no, True, False]}
        case Day():
            return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        case Days():
            return {"type": "string", "pattern": "^[1-9][0-9]{0,4} days?$"}
        case Periods():
            return {"type": "string", "pattern": "^[1-9][0-9]{0,4} (?:hour|day|working day|month|year)s?$"}
        case _:
            raise TypeError(type(kind).__name__)
