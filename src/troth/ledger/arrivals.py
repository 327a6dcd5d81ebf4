"""Subjects who come with a history: people of another system, many at once.

What each did is put on record as it happened, with its own time; the entry's id says when it was recorded.
The entry `registered` beside them says that they came by import, and by which file. For subjects who are new
in the same transaction only, so that nothing has to be locked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from troth.db import Tx
from troth.ledger.entries import (
    SALT_BYTES,
    EntryKind,
    NewEntry,
    body,
    commitment,
    entry_of,
    new_id,
)
from troth.ledger.sql import QUERIES
from troth.terms import Act, EntryId, FunctionName, PolicyName, SubjectId

_ENTRY = ("uuid", "timestamptz", "text", "bytea")
_ACT = (
    *("uuid", "int8", "text", "text", "timestamptz", "int4", "text", "text", "text", "bool"),
    *("text", "text", "int4", "uuid"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new subject and what they did, oldest first."""

    subject: SubjectId
    acts: Sequence[Act]


@dataclass(frozen=True, slots=True)
class Source:
    """Where they come from: the SHA-256 of the file, in hexadecimal, for which function of which policy."""

    policy: PolicyName
    function: FunctionName
    file: str


def stranger() -> SubjectId:
    """Return an id that nobody has."""
    return SubjectId(uuid4())


async def arrive(tx: Tx, arrivals: Sequence[Arrival], source: Source, now: datetime) -> None:
    """Make these subjects with their standings, each act with its entry. Raises `UnfitEntry`."""
    entries: list[tuple[object, ...]] = []
    openings: list[tuple[object, ...]] = []
    acts: list[tuple[object, ...]] = []

    def put(subject: SubjectId, new: NewEntry) -> EntryId:
        made, salt = new_id(now), secrets.token_bytes(SALT_BYTES)
        entries.append((made, new.at, new.kind.value, body(made, new, commitment(subject, salt))))
        openings.append((subject, made, salt))
        return made

    for each in arrivals:
        for seq, act in enumerate(each.acts, 1):
            entry = put(each.subject, entry_of(act, each.subject))
            acts.append(_row(each.subject, seq, act, entry))
        put(each.subject, _registered(each.subject, source, now))
    await tx.copy(QUERIES["copy_subjects"], ("uuid",), [(each.subject,) for each in arrivals])
    await tx.copy(QUERIES["copy_entries"], _ENTRY, entries)
    await tx.copy(QUERIES["copy_queue"], ("uuid",), [row[:1] for row in entries])
    await tx.copy(QUERIES["copy_openings"], ("uuid", "uuid", "bytea"), openings)
    await tx.copy(QUERIES["copy_acts"], _ACT, acts)


def _registered(subject: SubjectId, source: Source, now: datetime) -> NewEntry:
    return NewEntry(
        kind=EntryKind.REGISTERED,
        at=now,
        policy=source.policy,
        function=source.function,
        subject=subject,
        details={"imported": 1, "document": source.file},
    )


def _row(subject: SubjectId, seq: int, act: Act, entry: EntryId) -> tuple[object, ...]:
    if act.switch or act.device or act.until:
        raise AssertionError("an arrival brings no switch, no device and no guardian")
    return (
        *(subject, seq, act.kind.value, act.policy, act.at, act.version, act.function, act.item, act.need),
        *(act.separate, act.language, act.text_hash, act.age, entry),
    )
