"""Who of the maker's people looked at something of one person, or tried to: read from the ledger about them.

Every decision about staff and their programs is an entry; the system's own letters and workflows are none of
theirs. No value is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troth import ledger
from troth.ledger import EntryKind

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import EntryId, SubjectId

_ANSWERS = {EntryKind.DECISION: True, EntryKind.DENIED: False}
_HIRED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One time that somebody asked to see something: who, what for, on which paper, and what came of it.

    ``who`` is staff or service; ``by`` is their opaque id.
    """

    at: datetime
    entry: EntryId
    who: str
    by: str
    verb: str
    function: str | None
    purpose: str | None
    ground: str | None
    document: str | None
    opened: bool
    reason: str | None


async def about(tx: Tx, subject: SubjectId) -> Sequence[Opening]:
    """Return it all, the newest first."""
    found = [_read(each) for each in await ledger.about(tx, subject, _ANSWERS)]
    return tuple(each for each in reversed(found) if _HIRED.fullmatch(each.by))


def _read(entry: ledger.Entry) -> Opening:
    body: dict[str, Any] = json.loads(entry.body)
    said: dict[str, Any] = body.get("details", {})
    return Opening(
        at=entry.at,
        entry=entry.entry,
        who=str(said.get("actor", "")),
        by=str(said.get("by", "")),
        verb=str(said.get("verb", "")),
        function=body.get("function"),
        purpose=said.get("purpose"),
        ground=said.get("ground"),
        document=said.get("document"),
        opened=_ANSWERS[entry.kind],
        reason=body.get("reason"),
    )
