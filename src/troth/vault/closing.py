"""Deleting what a function holds of a subject: keys first, then rows; and noting when that is to happen.

Deletes; opens nothing, so it takes no permit. Whether the time has come is said by whoever calls: a permit to
forget, or a due row.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from troth.db import Tx
from troth.policy.keeping import Fate
from troth.terms import SubjectId
from troth.vault import deletions, documents
from troth.vault.sql import QUERIES

EVERYTHING = UUID(int=0)
"""Stands for all that a function holds, where a due row could name one record."""


async def close(tx: Tx, subject: SubjectId, function: str, now: datetime) -> None:
    """Delete all that ``function`` holds of a subject. The caller holds the row; a law's hold stays."""
    params = {"subject": subject, "function": function}
    await deletions.note(tx, now)
    for query in ("drop_keys", "drop_wraps", "drop_tags", "drop_blocks", "close_media", "settle_function"):
        await tx.run(QUERIES[query], params)
    await documents.drop_unwrapped(tx, subject)


async def owe(tx: Tx, subject: SubjectId, function: str, record: UUID, fate: Fate) -> None:
    """Note when something is over: one document, by its last version; or everything, by the earliest end."""
    await tx.run(
        QUERIES["owe_everything" if record == EVERYTHING else "owe_record"],
        {
            "subject": subject,
            "function": function,
            "record": record,
            "at": fate.at,
            "outcome": fate.then.value,
        },
    )
