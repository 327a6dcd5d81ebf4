"""Whose standing changed, until a link to the devices has heard of it.

The word that goes out after a commit may be lost; this is what is true. A change stays untold until a link
says that it has dealt with it, so a broker that was away, or a process that died between its commit and its
word, delays the telling and loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from troth.db import Tx
from troth.ledger.sql import QUERIES
from troth.terms import SubjectId

_MOST = 256


@dataclass(frozen=True, slots=True)
class Change:
    """A standing that is another than before, and its generation."""

    subject: SubjectId
    generation: UUID


async def latest(tx: Tx, subject: SubjectId) -> Change | None:
    """Return the change of ``subject`` that was committed last, told or not; None: no such subject."""
    return await tx.row(Change, QUERIES["latest"], {"subject": subject})


async def untold(tx: Tx) -> Sequence[Change]:
    """Return some changes that were not told; none while another transaction is at it."""
    if not await tx.value(QUERIES["one_teller"]):
        return ()
    return await tx.rows(Change, QUERIES["untold"], {"most": _MOST})


async def told(tx: Tx, changes: Sequence[Change]) -> None:
    """Note that ``changes`` were told. One that came meanwhile has another generation and stays untold."""
    await tx.run(
        QUERIES["told"],
        {
            "subjects": [change.subject for change in changes],
            "generations": [change.generation for change in changes],
        },
    )
