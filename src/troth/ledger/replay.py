"""Going through a ledger again, entry by entry and head by head, wherever it comes from.

The rules of a log that nobody bent: every head is signed by the key of its size and is the root of what came
before it; no entry is dated long before a head that does not cover it, nor long after the one that does; a
key is handed over in the log. Pure: reads no database and no clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from troth.ledger import tree
from troth.ledger.checkpoint import Head
from troth.ledger.entries import EntryKind, stamp
from troth.ledger.keys import Keys
from troth.ledger.signing import NotGenuine

LAG = timedelta(minutes=15)
"""Between what an entry says of its time and its number lie a transaction and clocks that differ; no more."""
GIVEN = "the head given"
_REWRITTEN = "the entries below it are not those that were signed: the log was rewritten"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the ledger is not what was signed, and what is wrong there."""

    where: str
    why: str


class Damage(Exception):
    """found while reading; becomes a `Broken`"""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.broken = Broken(where, why)


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry's text says of itself."""

    entry: str
    at: datetime
    kind: str
    details: Mapping[str, object]


class Replay:
    """One pass, in order. Begins with nothing, or after the head ``start`` with the ``peaks`` of its tree."""

    def __init__(
        self, keys: Keys, given: Head | None = None, *, start: Head | None = None, peaks: Sequence[bytes] = ()
    ) -> None:
        self._keys = keys
        self._given = given
        self._frontier = tree.Frontier(start.size if start else 0, peaks)
        self._last = start
        self._latest: tuple[datetime, int] | None = None  # the latest time since the last head, and its leaf
        self._named: dict[object, int] = {}  # keys that entries name as the next, by when they do
        self._whole = start is None
        self.heads = 0

    @property
    def size(self) -> int:
        """How many entries there are so far."""
        return self._frontier.size

    def root(self) -> bytes:
        """Return the root over them."""
        return self._frontier.root()

    def entry(self, where: str, body: bytes) -> tuple[Said, list[tuple[tree.Node, bytes]]]:
        """Take the next entry; return what it says and the nodes that it completes. Raises `Damage`."""
        number = self.size
        said = _said(where, body)
        self._time(where, number, said.at)
        made = self._frontier.add(tree.leaf_hash(body))
        if said.kind == EntryKind.KEY_ROTATED.value and "key" in said.details:
            self._named.setdefault(said.details["key"], self.size)
        if self._given and self._given.size == self.size:
            same(GIVEN, self._given.root, self.root())
        return said, made

    def head(self, signed: str) -> Head:
        """Take the head over all entries so far. Raises `Damage`."""
        try:
            head = self._keys.head(signed)
        except NotGenuine as exc:
            raise Damage(f"head {self.size}", str(exc)) from exc
        where = f"head {head.size}"
        if head.size != self.size or (self._last and head.size == self._last.size):
            raise Damage(where, "a head over no entry")
        same(where, head.root, self.root())
        if self._last and head.at < self._last.at:
            raise Damage(where, f"it was signed before head {self._last.size}, which is shorter")
        if self._latest and self._latest[0] > head.at + LAG:
            said, leaf = self._latest
            raise Damage(f"leaf {leaf}", f"dated {stamp(said)}, after the head that covers it")
        self._last, self._latest = head, None
        self.heads += 1
        return head

    def end(self) -> None:
        """Say that nothing follows. Raises `Damage`."""
        if self.size != (self._last.size if self._last else 0):
            raise Damage(f"leaf {self.size - 1}", "no signed head covers it")
        if self._given and self._given.size > self.size:
            lost = f"it covers {self._given.size} entries, but the log has {self.size}: the rest was dropped"
            raise Damage(GIVEN, lost)
        for reign in self._keys.reigns[1:] if self._whole else ():
            named = self._named.get(reign.key.raw.hex())
            if reign.since <= self.size and (named is None or named > reign.since):
                raise Damage(f"leaf {reign.since - 1}", "the key changed here, but no entry before says so")

    def _time(self, where: str, number: int, at: datetime) -> None:
        """Check that the entry was not put in later than it says."""
        bounds = [self._last] if self._last else []
        if self._given and number >= self._given.size:
            bounds.append(self._given)
        for head in bounds:
            if at < head.at - LAG:
                missing = f"it says {stamp(at)}, but was not there when head {head.size} was signed"
                raise Damage(where, f"back-dated: {missing}")
        if self._latest is None or at > self._latest[0]:
            self._latest = (at, number)


def given_head(signed: str | None, keys: Keys) -> Head | None:
    """Read a head that someone kept; raise `Damage` when it is not one of this ledger."""
    try:
        return keys.head(signed) if signed is not None else None
    except NotGenuine as exc:
        raise Damage(GIVEN, str(exc)) from exc


def same(where: str, signed: bytes, computed: bytes) -> None:
    """Raise `Damage` unless the two roots are one."""
    if signed != computed:
        raise Damage(where, _REWRITTEN)


def _said(where: str, body: bytes) -> Said:
    try:
        said = cast("dict[str, Any]", json.loads(body))
        at = datetime.fromisoformat(said["at"])
        found = Said(said["entry"], at, said["kind"], cast("dict[str, object]", said.get("details", {})))
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise Damage(where, "its text is not an entry") from exc
    if at.tzinfo is None:
        raise Damage(where, "its text is not an entry")
    return found
