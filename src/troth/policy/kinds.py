"""The kinds of value that a policy may hold, and how each is read from a node, strictly.

A kind reads a node into a typed value, or reports what is wrong and answers None. It knows nothing of
policies; `grammar` says which kinds stand where.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from troth.policy import nodes
from troth.policy.clauses import Position
from troth.policy.nodes import Node
from troth.policy.period import Period, Unit
from troth.policy.problems import PolicyRejected, Problem, excerpt, problem, unknown

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
C = TypeVar("C", bound=StrEnum)


LONGEST_LIST = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the policy we are, and where problems go."""

    clause: str
    problems: list[Problem]

    def below(self, key: str) -> Place:
        """Go one step down."""
        return Place(f"{self.clause}/{key}" if self.clause else key, self.problems)

    def report(self, at: Position, what: str, instead: str) -> None:
        """Note one problem here; a text with very many is given up."""
        self.problems.append(problem(at, self.clause, what, instead))
        if len(self.problems) == nodes.MOST_PROBLEMS:
            raise PolicyRejected(self.problems)


@dataclass(frozen=True, slots=True)
class Got(Generic[T_co]):
    """A value as it was read, with the position of its key (or of itself, in a list)."""

    value: T_co
    at: Position


class Kind(ABC, Generic[T_co]):
    """A kind of value."""

    @abstractmethod
    def shape(self) -> str:
        """Say in a few words what to write: ``a date such as 2020-03-03``."""

    @abstractmethod
    def read(self, node: Node, place: Place) -> T_co | None:
        """Read a node, or report and answer None."""

    def refuse(self, node: Node, place: Place) -> None:
        """Report that this node is not of this kind."""
        place.report(node.at, f"{_seen(node)} does not fit here", self.shape())

    def step(self, node: Node) -> str | None:  # noqa: ARG002 - for the kinds that have names
        """Return the name under which a list's entry of this kind is addressed, if it has one."""
        return None


def _seen(node: Node) -> str:
    match node:
        case nodes.Scalar(text=""):
            return "nothing"
        case nodes.Scalar(text=text, plain=plain):
            return excerpt(text) if plain else f"the quoted text {excerpt(text)}"
        case nodes.Sequence():
            return "a list"
        case _:
            return "a mapping"


@dataclass(frozen=True)
class Pattern(Kind[str]):
    """One word of a given form."""

    what: str
    form: str

    def shape(self) -> str:
        """Say what to write."""
        return self.what

    def read(self, node: Node, place: Place) -> str | None:
        """Accept a scalar whose whole text has the form."""
        if isinstance(node, nodes.Scalar) and re.fullmatch(self.form, node.text):
            return node.text
        return self.refuse(node, place)


@dataclass(frozen=True)
class Text(Kind[str]):
    """A sentence for people: not empty, at most so many characters, in one line."""

    longest: int = 600

    def shape(self) -> str:
        """Say what to write."""
        return f"a text of 1 to {self.longest} characters"

    def read(self, node: Node, place: Place) -> str | None:
        """Accept any scalar that says something; white space is folded."""
        if isinstance(node, nodes.Scalar):
            text = " ".join(node.text.split())
            if 0 < len(text) <= self.longest:
                return text
        return self.refuse(node, place)


@dataclass(frozen=True)
class Whole(Kind[int]):
    """A whole number between two bounds, unquoted."""

    least: int
    most: int

    def shape(self) -> str:
        """Say what to write."""
        return f"a whole number from {self.least} to {self.most}"

    def read(self, node: Node, place: Place) -> int | None:
        """Accept plain decimal digits."""
        if isinstance(node, nodes.Scalar) and node.plain and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.text):
            number = int(node.text)
            if self.least <= number <= self.most:
                return number
        return self.refuse(node, place)


@dataclass(frozen=True)
class Truth(Kind[bool]):
    """True or false; in the words given (``on`` and ``off`` for a switch)."""

    yes: str = "true"
    no: str = "false"

    def shape(self) -> str:
        """Say what to write."""
        return f"'{self.yes}' or '{self.no}'"

    def read(self, node: Node, place: Place) -> bool | None:
        """Accept exactly one of the two words, unquoted."""
        if isinstance(node, nodes.Scalar) and node.plain and node.text in {self.yes, self.no}:
            return node.text == self.yes
        return self.refuse(node, place)


@dataclass(frozen=True)
class Day(Kind[date]):
    """A calendar date."""

    def shape(self) -> str:
        """Say what to write."""
        return "a date such as 2020-03-03"

    def read(self, node: Node, place: Place) -> date | None:
        """Accept year-month-day of a day that exists."""
        if isinstance(node, nodes.Scalar) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", node.text):
            try:
                return date.fromisoformat(node.text)
            except ValueError:
                place.report(node.at, f"{excerpt(node.text)} is no day of the calendar", self.shape())
                return None
        return self.refuse(node, place)


@dataclass(frozen=True)
class Days(Kind[int]):
    """A period in days: a value and its unit."""

    def shape(self) -> str:
        """Say what to write."""
        return "a period such as 15 days"

    def read(self, node: Node, place: Place) -> int | None:
        """Accept ``N days``."""
        if isinstance(node, nodes.Scalar):
            found = re.fullmatch(r"([1-9][0-9]{0,4}) days?", node.text)
            if found:
                return int(found[1])
        return self.refuse(node, place)


@dataclass(frozen=True)
class Periods(Kind[Period]):
    """A period with its unit: hours, days, working days, months or years."""

    def shape(self) -> str:
        """Say what to write."""
        return "a period such as 15 days, 30 working days, 72 hours, 2 months or 3 years"

    def read(self, node: Node, place: Place) -> Period | None:
        """Accept ``N unit``."""
        if isinstance(node, nodes.Scalar):
            found = re.fullmatch(r"([1-9][0-9]{0,4}) (hour|day|working day|month|year)s?", node.text)
            if found:
                return Period(int(found[1]), Unit(f"{found[2].replace(' ', '_')}s"))
        return self.refuse(node, place)


@dataclass(frozen=True)
class Choice(Kind[C]):
    """One of the words of a closed list."""

    words: type[C]
    only: frozenset[C] | None = None

    @property
    def known(self) -> frozenset[C]:
        """The words accepted here."""
        return frozenset(self.words) if self.only is None else self.only

    def shape(self) -> str:
        """Say what to write."""
        return f"one of: {', '.join(sorted(self.known))}"

    def read(self, node: Node, place: Place) -> C | None:
        """Accept a word of the list; suggest the nearest otherwise."""
        if not isinstance(node, nodes.Scalar) or not node.text:
            return self.refuse(node, place)
        known = {word.value: word for word in self.known}
        if node.text not in known:
            place.report(node.at, *unknown("word", node.text, known))
            return None
        return known[node.text]


@dataclass(frozen=True)
class Known(Kind[str]):
    """A word of a vocabulary, such as the name of an item."""

    what: str
    words: frozenset[str] = field(repr=False)

    def shape(self) -> str:
        """Say what to write."""
        return f"the name of {self.what}"

    def read(self, node: Node, place: Place) -> str | None:
        """Accept a known word; suggest the nearest otherwise."""
        if not isinstance(node, nodes.Scalar) or not node.text:
            return self.refuse(node, place)
        if node.text not in self.words:
            place.report(
                node.at, *unknown(self.what.removeprefix("an ").removeprefix("a "), node.text, self.words)
            )
            return None
        return node.text


@dataclass(frozen=True)
class ListOf(Kind[tuple[Got[T], ...]], Generic[T]):
    """A list of one kind of value; with ``or_one``, a single value stands for a list of it."""

    of: Kind[T]
    or_one: bool = False

    def shape(self) -> str:
        """Say what to write."""
        return f"a list, each {self.of.shape()}" + (", or one such" if self.or_one else "")

    def read(self, node: Node, place: Place) -> tuple[Got[T], ...] | None:
        """Accept a list without repetitions."""
        if self.or_one and not isinstance(node, nodes.Sequence):
            one = self.of.read(node, place)
            return None if one is None else (Got(one, node.at),)
        if not isinstance(node, nodes.Sequence):
            return self.refuse(node, place)
        if not node.items:
            place.report(node.at, "an empty list", "at least one entry, or leave the key out,")
        if len(node.items) > LONGEST_LIST:
            place.report(node.at, f"a list of {len(node.items)}", f"at most {LONGEST_LIST} entries")
            return None
        found: list[Got[T]] = []
        for item in node.items:
            step = self.of.step(item)
            value = self.of.read(item, place if step is None else place.below(step))
            if value is not None and any(value == earlier.value for earlier in found):
                place.report(item.at, "the same entry twice", "it once")
            elif value is not None:
                found.append(Got(value, item.at))
        return tuple(found)


@dataclass(frozen=True)
class MapOf(Kind[Mapped[str, Got[T]]], Generic[T]):
    """A mapping from names of one kind to values of another."""

    keys: Kind[str]
    of: Kind[T]

    def shape(self) -> str:
        """Say what to write."""
        return f"a mapping from {self.keys.shape()} to {self.of.shape()}"

    def read(self, node: Node, place: Place) -> Mapped[str, Got[T]] | None:
        """Accept a mapping whose keys are all of their kind."""
        if not isinstance(node, nodes.Mapping):
            return self.refuse(node, place)
        found: dict[str, Got[T]] = {}
        for key, child in node.entries:
            name = self.keys.read(key, place)
            value = self.of.read(child, place.below(key.text) if name is not None else place)
            if name is not None and value is not None:
                found[name] = Got(value, key.at)
        return found
