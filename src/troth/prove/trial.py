"""What a scenario is and what it leaves behind: controls that had to succeed, attempts that had to fail.

A clause is kept when every line of its scenarios held and there was at least one control and one attempt: a
system that refuses everything fails the controls, one that allows everything the attempts. A plain fact (what
the page must say) is a line of its own kind and counted apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.policy.clauses import Clause
from troth.prove.case import Case
from troth.prove.why import Words

if TYPE_CHECKING:
    from troth.prove.world import World


class Kind(StrEnum):
    """What a line of a trial is there for."""

    CONTROL = "control"  # allowed by the clause: it must work
    ATTEMPT = "attempt"  # breaks the promise: it must fail, and leave nothing behind
    FACT = "fact"  # people must be told this


@dataclass(frozen=True, slots=True)
class Tried:
    """One line: what was tried, what was seen from outside, and whether that is what the clause says."""

    kind: Kind
    what: Words
    seen: str
    held: bool


@dataclass(slots=True)
class Trial:
    """Collects the lines of one scenario."""

    lines: list[Tried] = field(default_factory=list[Tried])

    def control(self, en: str, zh: str, seen: str, *, held: bool) -> None:
        """Add something that had to work."""
        self.lines.append(Tried(Kind.CONTROL, Words(en, zh), seen, held))

    def attempt(self, en: str, zh: str, seen: str, *, held: bool) -> None:
        """Add something that had to fail; ``held``: it did."""
        self.lines.append(Tried(Kind.ATTEMPT, Words(en, zh), seen, held))

    def fact(self, en: str, zh: str, seen: str, *, held: bool) -> None:
        """Add something that people had to be told."""
        self.lines.append(Tried(Kind.FACT, Words(en, zh), seen, held))


Act = Callable[["World", Case, Trial], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to try clauses of one type. ``fits`` tells for which of them it makes sense."""

    name: str
    of: type[Clause]
    act: Act
    fits: Callable[[Case], bool]


def always(_case: Case) -> bool:
    """Fit every clause of the type."""
    return True
