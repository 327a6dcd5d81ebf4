"""Putting entries on record, in the caller's transaction.

An entry stands or falls with what it is evidence of. It gets its number later, from the sequencer, because
only a commit decides that it exists. Decisions that come by the thousand are counted instead.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from troth.db import Tx
from troth.ledger.entries import SALT_BYTES, Entry, EntryKind, NewEntry, body, commitment, new_id
from troth.ledger.sql import QUERIES
from troth.terms import EntryId, FunctionName, PolicyName, SubjectId

Outcome = Literal["allow", "deny"]


async def append(tx: Tx, entry: NewEntry) -> EntryId:
    """Record ``entry``; raise `UnfitEntry` when it says what a log may not.

    The opening of an entry about a subject is stored only while that subject is live.
    """
    made = new_id(entry.at)
    row: dict[str, object] = {"entry": made, "at": entry.at, "kind": entry.kind.value}
    if entry.subject is None:
        tx.later(QUERIES["append"], row | {"body": body(made, entry, None)})
        return made
    salt = secrets.token_bytes(SALT_BYTES)
    text = body(made, entry, commitment(entry.subject, salt))
    tx.later(QUERIES["append_about"], row | {"body": text, "subject": entry.subject, "salt": salt})
    return made


async def about(tx: Tx, subject: SubjectId, kinds: Iterable[EntryKind] | None = None) -> tuple[Entry, ...]:
    """Return every entry about ``subject``, or those of ``kinds``, by time. Empty once they are forgotten."""
    wanted = None if kinds is None else [kind.value for kind in kinds]
    rows = await tx.rows(Text, QUERIES["about"], {"subject": subject, "kinds": wanted})
    return tuple(Entry(row.entry, row.at, EntryKind(row.kind), bytes(row.body)) for row in rows)


@dataclass(frozen=True, slots=True)
class _AboutOne:
    entry: EntryId
    at: datetime
    kind: str
    body: bytes
    subject: SubjectId | None


async def given_lately(tx: Tx, limit: int) -> Sequence[tuple[Entry, SubjectId | None]]:
    """Return the newest entries of what was given away, with whom each is about unless they were erased."""
    rows = await tx.rows(_AboutOne, QUERIES["given_lately"], {"limit": limit})
    return [(Entry(row.entry, row.at, EntryKind(row.kind), bytes(row.body)), row.subject) for row in rows]


@dataclass(frozen=True, slots=True)
class Text:
    """An entry as its table has it, believed in nothing."""

    entry: EntryId
    at: datetime
    kind: str
    body: bytes


async def read_texts(tx: Tx, entries: Sequence[EntryId]) -> Mapping[EntryId, Text]:
    """Return those of ``entries`` that are there."""
    rows = await tx.rows(Text, QUERIES["texts"], {"entries": list(entries)})
    return {row.entry: row for row in rows}


@dataclass(frozen=True, slots=True)
class Count:
    """How often a decision came out one way in one minute. Empty ``function`` or ``reason``: none."""

    policy: str
    function: str
    outcome: str
    reason: str
    minute: datetime
    n: int


async def count(  # noqa: PLR0917  # the columns of one row, in the order of its key
    tx: Tx,
    policy: PolicyName | None,
    function: FunctionName | None,
    outcome: Outcome,
    reason: StrEnum | None,
    minute: datetime,
    n: int = 1,
) -> None:
    """Add ``n`` to the count of the minute that ``minute`` lies in."""
    tx.later(
        QUERIES["count"],
        {
            "policy": policy or "",
            "function": function or "",
            "outcome": outcome,
            "reason": reason.value if reason else "",
            "minute": minute.replace(second=0, microsecond=0),
            "n": n,
        },
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """A decision as it is counted."""

    policy: PolicyName | None
    function: FunctionName | None
    outcome: Outcome
    reason: StrEnum | None


async def count_all(tx: Tx, found: Mapping[Counted, int], minute: datetime) -> None:
    """Add several decisions to the counts of the minute that ``minute`` lies in, in one statement."""
    if not found:
        return
    tx.later(
        QUERIES["count_all"],
        {
            "policies": [one.policy or "" for one in found],
            "functions": [one.function or "" for one in found],
            "outcomes": [one.outcome for one in found],
            "reasons": [one.reason.value if one.reason else "" for one in found],
            "ns": list(found.values()),
            "minute": minute.replace(second=0, microsecond=0),
        },
    )


async def counts(tx: Tx, since: datetime, until: datetime) -> tuple[Count, ...]:
    """Return the counts of the minutes from ``since`` up to, not including, ``until``."""
    return tuple(await tx.rows(Count, QUERIES["counts"], {"since": since, "until": until}))
