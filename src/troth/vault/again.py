"""Deleting once more what the log says was deleted, in a database that a backup brought back.

The log is the yes, as the roll is for an erasure: takes no permit, and hands nothing out. What was corrected
goes too, since its new value is lost and the old one is known to be wrong: a reading, and a document for each
function that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from troth.db import Tx
from troth.terms import SubjectId
from troth.vault import closing, deletions, documents, edits, keys
from troth.vault.keyring import Keyring
from troth.vault.pieces import Gone
from troth.vault.sql import QUERIES


async def delete(tx: Tx, keyring: Keyring, subject: SubjectId, gone: Gone, now: datetime) -> None:
    """Delete what ``gone`` names of ``subject``, as far as it is there. Holds the subject's row."""
    function, piece = f"{gone.policy}/{gone.function}", gone.piece
    await keys.hold(tx, subject)
    if gone.whole:
        await closing.close(tx, subject, function, now)
    elif piece.reading is not None:
        await edits.delete_named(tx, keyring, (subject, function), piece, now=now)
    elif piece.record is not None:
        await deletions.note(tx, now)
        await documents.let_go_of(tx, subject, function, piece.record)
    elif piece.media is not None:
        await deletions.note(tx, now)
        where = {"subject": subject, "function": function, "record": piece.media}
        await tx.run(QUERIES["forget_media"], where)


@dataclass(frozen=True, slots=True)
class Outdated:
    """Which function held a document that was corrected since, and of which item."""

    function: str
    item: str


async def delete_outdated(
    tx: Tx, subject: SubjectId, record: UUID, version: int, now: datetime
) -> tuple[Outdated, ...]:
    """Delete a document older than ``version``; return who held it. What a law holds stays. Holds the row."""
    await keys.hold(tx, subject)
    params = {"subject": subject, "record": record, "version": version}
    held = tuple(await tx.rows(Outdated, QUERIES["outdated"], params))
    if held:
        await deletions.note(tx, now)
        await tx.run(QUERIES["drop_record_wraps"], {"subject": subject, "record": record})
        await documents.drop_unwrapped(tx, subject)
    return held
