"""Text to a tree of nodes, each with its position. Knows YAML; knows nothing of policies.

Nothing is constructed: a scalar stays the characters that were written (so it matters little that libyaml
calls itself a parser of YAML 1.1: "on" and "no" are words here). The tree is built from the parser's
events without recursion, so that neither depth nor aliases can cost more than the text is long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from troth.policy.clauses import Position
from troth.policy.problems import PolicyRejected, Problem, excerpt, problem

MOST_BYTES = 1_000_000
DEEPEST = 24
LONGEST_LINE = 4000
MOST_PROBLEMS = 200

_UNREADABLE = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
    "|\r(?!\n)"
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text. ``plain`` is False where it was quoted or written as a block."""

    text: str
    plain: bool
    at: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order written; keys are unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    at: Position


Node = Scalar | Sequence | Mapping


def decode(data: bytes, file: str) -> str:
    """Turn bytes into text, or refuse: UTF-8 without a mark, at most a million bytes."""
    if len(data) > MOST_BYTES:
        raise PolicyRejected([_too_long(len(data), file)])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        at = _position(before, len(before), file)
        raise PolicyRejected(
            [problem(at, "", f"byte 0x{data[error.start]:02x} is not UTF-8", "the file in UTF-8")]
        ) from None


def parse(text: str, file: str) -> Node:
    """Turn text into a tree. Raises `PolicyRejected` and nothing else, whatever the text."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise PolicyRejected([_too_long(size, file)])
    if odd := _unreadable(text, file):
        raise PolicyRejected(odd)
    grower = _Grower(file)
    try:
        for event in _events(text):
            grower.take(event)
    except PolicyRejected:
        raise
    except MarkedYAMLError as error:
        raise PolicyRejected([_from_parser(error, file)]) from None
    except Exception as error:  # noqa: BLE001 - a parser's own fault is a refused text, never half a policy
        at = Position(file, 1, 1)
        what = f"the text cannot be read as YAML ({type(error).__name__})"
        raise PolicyRejected([problem(at, "", what, "plain YAML 1.2")]) from None
    return grower.tree()


def plain(text: str, file: str) -> Any:
    """Read a text of our own into dicts, lists and what was written. Raises `PolicyRejected`."""
    return _plain(parse(text, file))


def _plain(node: Node) -> Any:
    match node:
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return [_plain(each) for each in items]
        case Mapping(entries=entries):
            return {key.text: _plain(value) for key, value in entries}


def _events(text: str) -> Iterator[Event]:
    """Return the events of libyaml: a parser in Python took most of the time of a start."""
    untyped: Any = yaml
    return iter(untyped.parse(text, Loader=untyped.CBaseLoader))


def _too_long(size: int, file: str) -> Problem:
    what = f"the file has {size} bytes; at most {MOST_BYTES} are read"
    return problem(Position(file, 1, 1), "", what, "a shorter policy, or several policies")


def _unreadable(text: str, file: str) -> list[Problem]:
    found: list[Problem] = []
    for match in _UNREADABLE.finditer(text):
        character = match.group()
        at = _position(text, match.start(), file)
        if character == "\t":
            found.append(problem(at, "", "a tab", "spaces"))
        elif character == "\r":
            found.append(problem(at, "", "a carriage return without a line feed", "line feeds"))
        else:
            what = f"the invisible character U+{ord(character):04X}"
            found.append(problem(at, "", what, "visible characters only"))
        if len(found) == 20:  # noqa: PLR2004 - enough to see what kind of file this is
            break
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            what = f"a line of {len(line)} characters; at most {LONGEST_LINE} are read"
            found.append(problem(Position(file, number, 1), "", what, "several lines"))
            break
    return found


def _position(text: str, offset: int, file: str) -> Position:
    start = text.rfind("\n", 0, offset) + 1
    return Position(file, text.count("\n", 0, offset) + 1, offset - start + 1)


def _from_parser(error: MarkedYAMLError, file: str) -> Problem:
    raised = cast("Any", error)
    mark = raised.problem_mark or raised.context_mark
    at = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
    said = " ".join(part for part in (raised.context, raised.problem) if part)
    return problem(at, "", f"broken YAML: {' '.join(said.split())[:200]}", "well-formed YAML 1.2")


class _Grower:
    """Takes the parser's events one by one and grows the tree."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[tuple[Position, list[Node], bool]] = []
        self._root: Node | None = None
        self._documents = 0
        self._problems: list[Problem] = []

    def take(self, event: Event) -> None:
        """Grow by one event; refuse at once what must not be read any further."""
        at = self._at(event)
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(at, "a second document", "one policy per file, without '---'")
        elif isinstance(event, AliasEvent):
            self._refuse(at, f"the alias {excerpt('*' + str(cast('Any', event).anchor))}", "the value itself")
        elif isinstance(event, NodeEvent):
            self._node(event, at)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._close()

    def tree(self) -> Node:
        """Return the whole tree."""
        if self._root is None:
            self._refuse(Position(self._file, 1, 1), "the file is empty", "a policy")
        if self._problems:
            raise PolicyRejected(self._problems)
        return self._root

    def _node(self, event: NodeEvent, at: Position) -> None:
        given = cast("Any", event)
        if given.anchor is not None:
            self._refuse(at, f"the anchor {excerpt('&' + str(given.anchor))}", "each value where it belongs")
        if given.tag is not None:
            self._refuse(at, f"the tag {excerpt(str(given.tag))}", "the plain value, without a tag")
        if isinstance(event, ScalarEvent):
            text = str(given.value)
            if escaped := _UNREADABLE.search(text):
                what = f"the invisible character U+{ord(escaped.group()):04X}, by an escape"
                self._note(at, what, "visible characters only")
            self._put(Scalar(text, not given.style, at))
            return
        if len(self._open) == DEEPEST:
            self._refuse(at, f"more than {DEEPEST} levels inside each other", "a flatter text")
        self._open.append((at, [], isinstance(event, MappingStartEvent)))

    def _close(self) -> None:
        at, children, is_mapping = self._open.pop()
        self._put(self._mapping(at, children) if is_mapping else Sequence(tuple(children), at))

    def _put(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self._root = node

    def _mapping(self, at: Position, children: list[Node]) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Position] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._note(key.at, "a list or mapping as a key", "a word as the key")
            elif (first := seen.get(key.text)) is not None:
                what = f"the key {excerpt(key.text)} is here twice (first in line {first.line})"
                self._note(key.at, what, "it once")
            else:
                seen[key.text] = key.at
                entries.append((key, value))
        return Mapping(tuple(entries), at)

    def _at(self, event: Event) -> Position:
        mark = cast("Any", event).start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _note(self, at: Position, what: str, instead: str) -> None:
        self._problems.append(problem(at, "", what, instead))
        if len(self._problems) == MOST_PROBLEMS:
            raise PolicyRejected(self._problems)

    def _refuse(self, at: Position, what: str, instead: str) -> NoReturn:
        raise PolicyRejected([*self._problems, problem(at, "", what, instead)])
