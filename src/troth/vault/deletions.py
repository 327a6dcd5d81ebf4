"""Deletions that wait for the end of an epoch: until then a deleted key lies where PostgreSQL keeps old rows.

Remembers when, not whose or what; of keys that have yet to be deleted, because they seal more than what went,
which. Whether it is time to end the epoch is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from troth.db import Tx
from troth.terms import SubjectId
from troth.vault.sql import QUERIES


async def note(tx: Tx, at: datetime) -> None:
    """Note that keys were deleted at ``at``."""
    await tx.run(QUERIES["note_deletion"], {"at": at})


async def owe(tx: Tx, subject: SubjectId, ending: Iterable[UUID], now: datetime) -> None:
    """Note that these keys have to end (`troth.vault.rekeying`). The caller holds the subject's row."""
    for key in ending:
        await tx.run(QUERIES["owe_rekey"], {"subject": subject, "key": key, "at": now})


async def waiting(tx: Tx, before: datetime) -> Sequence[int]:
    """Return every deletion that waits, when the oldest has done so since ``before``; else none."""
    found: Sequence[int] | None = await tx.value(QUERIES["deletions_waiting"], {"before": before})
    return found or ()


async def out_of_reach(tx: Tx, deletions: Sequence[int]) -> None:
    """Forget ``deletions``: an epoch that began after them has taken the place of theirs."""
    await tx.run(QUERIES["deletions_done"], {"ids": list(deletions)})
