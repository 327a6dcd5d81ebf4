"""The ledger as lines of text: entries in order, each run of them under the head that covers it.

One form for the tail that is kept outside the database and for an export that an auditor takes home. A line
is whole or nothing, so that one torn by a crash is passed over. Believes nothing; `replay` judges.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from troth.ledger.keys import Keys, Reign
from troth.ledger.signing import NotGenuine, PublicKey

FORM = "troth-ledger/v1"


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries from leaf ``first`` on, as their texts, and the signed head over all up to the last of them."""

    first: int
    bodies: tuple[bytes, ...]
    head: str

    @property
    def size(self) -> int:
        """How many leaves there are with it."""
        return self.first + len(self.bodies)

    def line(self) -> str:
        """Return it as one line, with its end."""
        said = {"first": self.first, "head": self.head, "entries": [body.decode() for body in self.bodies]}
        return json.dumps(said, ensure_ascii=True, separators=(",", ":")) + "\n"


@dataclass(frozen=True, slots=True)
class Heading:
    """What an export begins with: the ledger's keys and how much follows."""

    reigns: tuple[Reign, ...]
    size: int

    def line(self) -> str:
        """Return it as one line, with its end."""
        keys = [
            {"key": str(reign.key), "since": reign.since, "handover": reign.handover} for reign in self.reigns
        ]
        return json.dumps({"form": FORM, "size": self.size, "keys": keys}) + "\n"

    def keys(self, trusted: PublicKey) -> Keys:
        """Return the keys that follow from the one that is trusted; raise `NotGenuine`."""
        return Keys.chain(trusted, self.reigns)


def batch(line: str) -> Batch | None:
    """Return the batch that ``line`` holds, or None: torn, or something else."""
    try:
        said = cast("dict[str, Any]", json.loads(line))
        bodies = tuple(str(body).encode() for body in cast("list[object]", said["entries"]))
        return Batch(int(said["first"]), bodies, str(said["head"]))
    except (ValueError, TypeError, KeyError):
        return None


def heading(line: str) -> Heading:
    """Return what an export begins with; raise `NotGenuine` when it is none."""
    try:
        said = cast("dict[str, Any]", json.loads(line))
        if said["form"] != FORM:
            raise NotGenuine(f"not an export of a ledger in the form {FORM}")
        listed = cast("list[dict[str, Any]]", said["keys"])
        reigns = [Reign(PublicKey.parse(str(k["key"])), int(k["since"]), str(k["handover"])) for k in listed]
        return Heading(tuple(reigns), int(said["size"]))
    except (ValueError, TypeError, KeyError) as exc:
        raise NotGenuine("not an export of a ledger: make one with troth ledger export") from exc


def batches(lines: Iterable[str]) -> Iterator[Batch]:
    """Yield the whole batches among ``lines``."""
    for line in lines:
        found = batch(line)
        if found is not None:
            yield found
