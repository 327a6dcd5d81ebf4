"""What is put before a person, as values: sections of labelled lines, each with its clause.

Its text is canonical: the same policy in the same language gives the same characters, and the hash of them is
what an acceptance names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from troth.policy.words import Language
from troth.terms import ClauseId, PolicyName


@dataclass(frozen=True, slots=True)
class Line:
    """One statement; ``label`` says of what kind, empty where the text says it all.

    No clause: the policy's own head says so.
    """

    label: str
    text: str
    clause: ClauseId | None

    @property
    def whole(self) -> str:
        """The statement in one piece."""
        return f"{self.label}: {self.text}" if self.label else self.text


@dataclass(frozen=True, slots=True)
class Section:
    """One part; ``kind`` is ``function`` for a function, else the name of the part."""

    kind: str
    heading: str
    clause: ClauseId | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A whole notice in one language. ``strong`` are the clauses whose lines stand out."""

    policy: PolicyName
    version: int
    language: Language
    title: str
    opening: str
    sections: tuple[Section, ...]
    strong: frozenset[ClauseId] = frozenset()

    @property
    def text(self) -> str:
        """The canonical plain text."""
        written = [self.title, self.opening]
        for section in self.sections:
            written += ["", f"# {section.heading}{_address(section.clause)}"]
            written += [f"- {self._said(line)}{_address(line.clause)}" for line in section.lines]
        return "\n".join(written) + "\n"

    @property
    def text_hash(self) -> str:
        """SHA-256 of the canonical text in UTF-8, in hex."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def _said(self, line: Line) -> str:
        if line.clause not in self.strong:
            return line.whole
        return f"**{line.label}**: {line.text}" if line.label else f"**{line.text}**"


def _address(clause: ClauseId | None) -> str:
    return "" if clause is None else f" [{clause}]"
