"""The receipts that a person may have: for what they agreed to, chose, took back and switched.

Says in words how it was agreed and how it is taken back; the proof itself is the ledger's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from troth import ledger
from troth.ledger import Entry, EntryKind
from troth.ledger.receipts import receipt
from troth.terms import EntryId, FunctionName, SwitchName

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.ledger.signing import Signer
    from troth.terms import SubjectId

_SHOWN = "form: the text was shown, a box that was empty before was ticked"
_CHOSEN = "own choice, signed in"
_RIGHT = "the person's own right"
_DESK = "privacy page, or the contacts in the policy: "

PAPERS: Mapping[EntryKind, tuple[str, str]] = {
    EntryKind.ACCEPTED: (_SHOWN, _DESK + "end my agreement, or cancel my account"),
    EntryKind.CONTINUED: (
        "went on after this text was shown",
        _DESK + "end my agreement, or cancel my account",
    ),
    EntryKind.ENDED: (_CHOSEN, "it has ended; to go on, agree again"),
    EntryKind.CHOSEN: (_CHOSEN, _DESK + "withdraw this choice"),
    EntryKind.WITHDRAWN: (_CHOSEN, "it is withdrawn; to go on, choose again"),
    EntryKind.SWITCHED: (_CHOSEN, _DESK + "put the switch back"),
    EntryKind.DELETED: (_RIGHT, "what was deleted does not come back"),
    EntryKind.CORRECTED: (_RIGHT, "correct it once more"),
    EntryKind.CANCELLED: (_CHOSEN, "a cancellation cannot be taken back"),
}
"""What there are receipts for: how it was agreed to, and how it is taken back."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One receipt and what it is about: a function, a switch or, with neither, the policy as a whole."""

    entry: EntryId
    kind: EntryKind
    at: datetime
    receipt: str = field(repr=False)
    function: FunctionName | None = None
    switch: SwitchName | None = None
    on: bool | None = None
    """How a switch was put."""


async def paper(tx: Tx, signer: Signer, subject: SubjectId, entry: EntryId, kind: EntryKind) -> str:
    """Return the receipt of one entry about ``subject``; raises `NoReceipt`."""
    method, how = PAPERS[kind]
    return await receipt(tx, signer, subject, entry, method=method, how_to_withdraw=how)


async def papers(tx: Tx, signer: Signer, subject: SubjectId) -> tuple[Paper, ...]:
    """Return every receipt of ``subject``, by time; none for who was erased."""
    about = await ledger.about(tx, subject, PAPERS)
    return tuple([_paper(one, await paper(tx, signer, subject, one.entry, one.kind)) for one in about])


def _paper(entry: Entry, signed: str) -> Paper:
    said = cast("dict[str, Any]", json.loads(entry.body))
    details = said.get("details", {})
    function, switch, state = said.get("function"), details.get("switch"), details.get("state")
    return Paper(
        entry.entry,
        entry.kind,
        entry.at,
        signed,
        FunctionName(function) if function else None,
        SwitchName(switch) if switch else None,
        state == "on" if state else None,
    )
