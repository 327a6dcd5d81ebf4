"""Who got what of one person: read from the ledger's entries about them. No value is opened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troth import ledger
from troth.ledger import EntryKind

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import EntryId, SubjectId

_LATELY = 100
_GIVEN = frozenset({EntryKind.SHARED, EntryKind.DISCLOSED})


@dataclass(frozen=True, slots=True)
class Given:
    """One time that something was given away: to whom (None: to everybody), which items, in which case."""

    at: datetime
    entry: EntryId
    kind: str
    function: str | None
    recipient: str | None
    case: str | None
    items: tuple[str, ...]


async def about(tx: Tx, subject: SubjectId) -> Sequence[Given]:
    """Return it all, the newest first."""
    found = await ledger.about(tx, subject, _GIVEN)
    return tuple(_read(each) for each in reversed(found))


@dataclass(frozen=True, slots=True)
class HandedOn:
    """The same as the office sees it: about whom, by opaque id; None: they were erased since."""

    given: Given
    policy: str
    subject: SubjectId | None


async def lately(tx: Tx) -> Sequence[HandedOn]:
    """Return the newest of all, of whomever."""
    found = await ledger.given_lately(tx, _LATELY)
    return tuple(
        HandedOn(_read(entry), str(json.loads(entry.body).get("policy", "")), subject)
        for entry, subject in found
    )


def _read(entry: ledger.Entry) -> Given:
    body: dict[str, Any] = json.loads(entry.body)
    said: dict[str, Any] = body.get("details", {})
    items = sorted(str(value) for key, value in said.items() if key.startswith("what_"))
    return Given(
        entry.at, entry.entry, entry.kind.value, body.get("function"), said.get("recipient"),
        said.get("case"), tuple(items),
    )  # fmt: skip
