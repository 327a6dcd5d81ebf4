"""Deleting what a function holds of a subject, all or one item: keys first, then rows; and noting when.

Deletes; opens nothing, so it takes no permit. Whether the time has come is said by whoever calls: a permit to
forget, or a due row.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from troth.db import Tx
from troth.policy.keeping import Fate
from troth.terms import ItemName, SubjectId
from troth.vault import deletions, documents, edits, lookup
from troth.vault.keyring import Keyring
from troth.vault.sql import QUERIES

EVERYTHING = UUID(int=0)
"""Stands for all that a function holds, where a due row could name one record."""
_ITEMS = UUID("5ba2bd29-9b4d-4ec3-a5b3-8e0a8e4d2f55")


def whole(item: ItemName | None) -> UUID:
    """Return what stands for all of one item that a function holds, or for everything, in a due row."""
    return EVERYTHING if item is None else uuid5(_ITEMS, item)


async def close(tx: Tx, subject: SubjectId, function: str, now: datetime) -> None:
    """Delete all that ``function`` holds of a subject. The caller holds the row; a law's hold stays."""
    params = {"subject": subject, "function": function}
    await deletions.note(tx, now)
    for query in ("drop_keys", "drop_wraps", "drop_tags", "drop_blocks", "close_media", "settle_function"):
        await tx.run(QUERIES[query], params)
    await documents.drop_unwrapped(tx, subject)


async def close_item(
    tx: Tx, keyring: Keyring, of: tuple[SubjectId, str], item: ItemName, now: datetime
) -> None:
    """Delete all that a function holds of one item, and nothing else of it. The caller holds the row.

    Readings share their blocks with those of other items: the blocks are sealed anew without them, and the
    key that opened them is owed an end.
    """
    subject, function = of
    params = {"subject": subject, "function": function, "item": item}
    await tx.run(QUERIES["drop_wrap"], params)
    await documents.drop_unwrapped(tx, subject)
    await lookup.drop(tx, subject, QUERIES["drop_tags_of"], params, now)
    await tx.run(QUERIES["close_media_of"], params)
    await edits.without(tx, keyring, subject, function, item, now=now)


async def owe(tx: Tx, subject: SubjectId, function: str, record: UUID, fate: Fate) -> None:
    """Note when one document is over: counted from its last version."""
    await tx.run(QUERIES["owe_record"], _due(subject, function, fate) | {"record": record})


async def owe_whole(
    tx: Tx,
    of: tuple[SubjectId, str],
    fate: Fate,
    item: ItemName | None = None,
    *,
    presumed: bool = False,
) -> None:
    """Note when everything that a function holds is over, or all of one item: the earliest end stands.

    What is only ``presumed`` to be over, `not_over` takes back.
    """
    row = _due(*of, fate) | {"record": whole(item), "item": item, "presumed": presumed}
    await tx.run(QUERIES["owe_whole"], row)


async def not_over(tx: Tx, subject: SubjectId, function: str, item: ItemName | None = None) -> None:
    """Note that what was presumed to be over is not."""
    params = {"subject": subject, "function": function, "record": whole(item)}
    await tx.run(QUERIES["not_over"], params)


def _due(subject: SubjectId, function: str, fate: Fate) -> dict[str, object]:
    return {"subject": subject, "function": function, "at": fate.at, "outcome": fate.then.value}
