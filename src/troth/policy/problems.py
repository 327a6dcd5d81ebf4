"""What is wrong with a text, where, and what to write instead.

Values only. Every module of this package that judges a text answers with these.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from troth.policy.clauses import Position
from troth.terms import TrothError

_LONGEST_WORD = 80
_LONGEST_LIST = 48


class Severity(StrEnum):
    """How much a finding weighs: an error stops the policy, a warning wants a decision, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong. ``clause`` is empty where the text is not yet a policy."""

    file: str
    line: int
    column: int
    clause: str
    what: str
    instead: str

    def __str__(self) -> str:
        """Make one line, in the form that editors and terminals turn into a link."""
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.clause or 'file'}: {self.what}; write {self.instead} instead"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says about a policy that loads: ``rule`` names the module and the page that explain it.

    ``waived`` is the reason for which the policy accepts it; None: it does not.
    """

    severity: Severity
    rule: str
    problem: Problem
    waived: str | None = None

    def __str__(self) -> str:
        """Show the problem with its weight and rule, and why it was waived."""
        shown = f"{self.problem} [{self.severity.value} {self.rule}]"
        return shown if self.waived is None else f"{shown} waived: {self.waived}"


class PolicyRejected(TrothError):
    """the policy cannot be used as it is written"""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def problem(at: Position, clause: str, what: str, instead: str) -> Problem:
    """Build a problem from a position."""
    return Problem(at.file, at.line, at.column, clause, what, instead)


def excerpt(text: str, limit: int = 40) -> str:
    """Quote a piece of the text in one short, printable line."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    printable = shown if shown.isprintable() else shown.encode("unicode_escape").decode("ascii")
    return f"'{printable}'"


def unknown(kind: str, word: str, known: Iterable[str]) -> tuple[str, str]:
    """Say that a word is unknown, and what to write: the word most likely meant, else the list."""
    words = sorted(known)
    what = f"unknown {kind} {excerpt(word)}"
    close = difflib.get_close_matches(word[:_LONGEST_WORD], words, n=1, cutoff=0.6)
    if close:
        return f"{what}, did you mean '{close[0]}'?", f"'{close[0]}'"
    if not words:
        return what, "nothing here"
    if len(words) > _LONGEST_LIST:
        return what, f"one of the {len(words)} words of the vocabulary, such as '{words[0]}'"
    return what, f"one of: {', '.join(words)}"
