"""Subjects who come with a history: people of another system, many at once.

What each did counts from its own time; its entry is dated when it was put on record and says both, so that no
import looks like a consent that was slipped in. `registered` beside them says by which file they came. For
subjects who are new in the same transaction only, so that nothing has to be locked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

from troth.db import Tx, binary
from troth.ledger.entries import SALT_BYTES, Alike, EntryKind, NewEntry, commitment, entry_of, new_ids
from troth.ledger.sql import QUERIES
from troth.terms import Act, EntryId, FunctionName, PolicyName, SubjectId

_ENTRY, _OPENING, _ACT = binary.fields(4), binary.fields(3), binary.fields(14)
_ID = binary.fields(1) + binary.UUID_OF
_SALT = SALT_BYTES.to_bytes(4, "big")


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
    rows = _Rows(new_ids(now, sum(len(each.acts) + 1 for each in arrivals)))
    registered = _OfEntry(_registered(source, now))
    kinds: dict[tuple[object, ...], _OfAct] = {}
    for each in arrivals:
        for seq, act in enumerate(each.acts, 1):
            kind = kinds.get(said := _said(act, now)) or kinds.setdefault(said, _OfAct(act, now))
            rows.acts.append(
                kind.row(each.subject, seq, act.at, rows.enter(each.subject, kind.entry, act.at))
            )
        rows.enter(each.subject, registered, now)
    subjects = [_ID + each.subject.bytes for each in arrivals]
    in_order = (subjects, rows.entries, rows.queue, rows.openings, rows.acts)
    await tx.conn.fill(QUERIES["arrive"], [partial(binary.pieces, each) for each in in_order])


class _OfEntry:
    """Entries that differ in id, subject and when it was done alone."""

    def __init__(self, new: NewEntry) -> None:
        self.text = Alike(new)
        self.dated = binary.moment(new.at) + binary.text(new.kind.value)


class _OfAct:
    """Acts that differ in their subject, place and time alone, and the entries that they rest on."""

    def __init__(self, act: Act, now: datetime) -> None:
        if act.switch or act.device or act.until:
            raise AssertionError("an arrival brings no switch, no device and no guardian")
        self.entry = _OfEntry(entry_of(act, None, now))
        self._what = binary.text(act.kind.value) + binary.text(act.policy)
        self._rest = b"".join(
            (
                binary.NULL if act.version is None else binary.number(act.version),
                *map(binary.text, (act.function, act.item, act.need)),
                binary.truth(act.separate),
                *map(binary.text, (act.language, act.text_hash)),
                binary.NULL if act.age is None else binary.number(act.age),
                binary.UUID_OF,
            )
        )

    def row(self, subject: SubjectId, seq: int, at: datetime, entry: EntryId) -> bytes:
        """Return the row of one of them."""
        begins = (_ACT, binary.UUID_OF, subject.bytes, binary.long(seq))
        return b"".join((*begins, self._what, binary.moment(at), self._rest, entry.bytes))


def _said(act: Act, now: datetime) -> tuple[object, ...]:
    """Return all of an act that is not about whom or when, but whether it is done now."""
    return (
        act.at == now,
        *(act.kind, act.policy, act.version, act.function, act.item, act.need, act.separate),
        *(act.language, act.text_hash, act.age, act.switch, act.device, act.until),
    )


class _Rows:
    """The rows of one batch, as binary COPYs take them."""

    def __init__(self, ids: Sequence[EntryId]) -> None:
        self._salts = memoryview(secrets.token_bytes(SALT_BYTES * len(ids)))
        self._ids = iter(ids)
        self.entries: list[bytes] = []
        self.queue: list[bytes] = []
        self.openings: list[bytes] = []
        self.acts: list[bytes] = []

    def enter(self, subject: SubjectId, kind: _OfEntry, done: datetime) -> EntryId:
        """Put an entry about ``subject`` on record; return its id."""
        made, place = next(self._ids), SALT_BYTES * len(self.entries)
        salt, raw = bytes(self._salts[place : place + SALT_BYTES]), made.bytes
        said = binary.data(kind.text.body(made, commitment(subject, salt), done))
        self.entries.append(b"".join((_ENTRY, binary.UUID_OF, raw, kind.dated, said)))
        self.queue.append(_ID + raw)
        self.openings.append(
            b"".join((_OPENING, binary.UUID_OF, subject.bytes, binary.UUID_OF, raw, _SALT, salt))
        )
        return made


def _registered(source: Source, now: datetime) -> NewEntry:
    return NewEntry(
        kind=EntryKind.REGISTERED,
        at=now,
        policy=source.policy,
        function=source.function,
        details={"imported": 1, "document": source.file},
    )
