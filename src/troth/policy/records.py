"""Mappings with named fields: which keys may stand in one, which must, and what they hold.

A record reads a node into `Fields`, typed by the very objects that describe the keys, so that the grammar is
said once: the loader, the reference page and an editor's schema all come from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from troth.policy import nodes
from troth.policy.clauses import Position
from troth.policy.kinds import Got, Kind, Place
from troth.policy.nodes import Node
from troth.policy.problems import unknown

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Field(Generic[T]):
    """One key of a record: what it holds, what it says, whether it must be there."""

    key: str
    kind: Kind[T]
    says: str
    must: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """What was read from one record."""

    at: Position
    _found: Mapping[str, Got[object]] = field(repr=False)

    def got(self, wanted: Field[T]) -> Got[T] | None:
        """Return the value with its position, or None where the key is absent."""
        return cast("Got[T] | None", self._found.get(wanted.key))

    def get(self, wanted: Field[T]) -> T | None:
        """Return the value, or None where the key is absent."""
        got = self.got(wanted)
        return None if got is None else got.value

    def need(self, wanted: Field[T]) -> T:
        """Return the value of a key that must be there (the record saw to it)."""
        return cast("T", self._found[wanted.key].value)

    def __eq__(self, other: object) -> bool:
        """Two records are the same when they say the same, wherever they stand."""
        return isinstance(other, Fields) and self.plain() == other.plain()

    __hash__ = None  # type: ignore[assignment]

    def plain(self) -> dict[str, object]:
        """Return what was read, by key, without positions."""
        return {key: got.value for key, got in self._found.items()}


@dataclass(frozen=True, eq=False)
class Record(Kind[Fields]):
    """A mapping of known keys. With a ``head``, a lone word stands for ``{head: word}``.

    ``never`` are keys that a writer might expect here and must not use, with what is wrong and what to write.
    """

    name: str
    fields: tuple[Field[Any], ...]
    head: Field[Any] | None = None
    never: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def shape(self) -> str:
        """Say what to write."""
        keys = ", ".join(each.key for each in self.fields if each.must)
        any_of = ", ".join(each.key for each in self.fields)
        mapping = f"a mapping with {keys}" if keys else f"a mapping with any of {any_of}"
        return mapping if self.head is None else f"{self.head.kind.shape()}, or {mapping}"

    def step(self, node: Node) -> str | None:
        """Return what the first field says: that is what names an entry of a list."""
        if isinstance(node, nodes.Mapping):
            first = self.fields[0].key
            named = (value for key, value in node.entries if key.text == first)
            node = next(named, node)
        return node.text[:64] if isinstance(node, nodes.Scalar) and node.text.isprintable() else None

    def read(self, node: Node, place: Place) -> Fields | None:
        """Read all fields; report unknown, forbidden and missing keys."""
        if self.head is not None and isinstance(node, nodes.Scalar):
            value = self.head.kind.read(node, place)
            return None if value is None else Fields(node.at, {self.head.key: Got(value, node.at)})
        if not isinstance(node, nodes.Mapping):
            return self.refuse(node, place)
        known = {each.key: each for each in self.fields}
        found: dict[str, Got[object]] = {}
        for key, child in node.entries:
            if key.text in self.never:
                place.report(key.at, *self.never[key.text])
            elif key.text not in known:
                place.report(key.at, *unknown("key", key.text, known))
            else:
                value = known[key.text].kind.read(child, place.below(key.text))
                if value is not None:
                    found[key.text] = Got(value, key.at)
        written = {key.text for key, _ in node.entries}
        for each in self.fields:
            if each.must and each.key not in written:
                place.report(
                    node.at, f"{self.name} lacks '{each.key}'", f"'{each.key}:' with {each.kind.shape()}"
                )
        return Fields(node.at, found)
