"""Which acts make up a subject's standing, and their end.

Keeps the acts in the order of the lock on the subject's row, so that "later" has a meaning. Does not judge
what they amount to: that is the gate's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from troth.db import Tx
from troth.ledger.entries import entry_of
from troth.ledger.log import append
from troth.ledger.sql import QUERIES
from troth.terms import (
    Act,
    ActKind,
    DeviceId,
    EntryId,
    FunctionName,
    ItemName,
    PolicyName,
    Standing,
    SubjectId,
    SwitchName,
    TrothError,
)


class NoSuchSubject(TrothError):
    """no such subject, or one who was erased: nothing can be added to their standing"""


async def new_subject(tx: Tx) -> SubjectId:
    """Make a subject: an opaque random id without any act."""
    subject = SubjectId(uuid4())
    await tx.run(QUERIES["new_subject"], {"subject": subject})
    return subject


async def put_back_subject(tx: Tx, subject: SubjectId) -> None:
    """Let the id of somebody be taken, for good, in a database that may never have known them."""
    await tx.run(QUERIES["put_back_subject"], {"subject": subject})


async def act(tx: Tx, subject: SubjectId, act: Act, entry: EntryId) -> None:
    """Add ``act``, evidenced by ``entry``, to the standing of ``subject``; locks their row.

    Raises `NoSuchSubject`.
    """
    await _lock(tx, subject)
    await tx.run(
        QUERIES["act"],
        {
            "subject": subject,
            "kind": act.kind.value,
            "policy": act.policy,
            "at": act.at,
            "version": act.version,
            "function": act.function,
            "item": act.item,
            "switch": act.switch,
            "device": act.device,
            "need": act.need,
            "separate": act.separate,
            "language": act.language,
            "text_hash": act.text_hash,
            "age": act.age,
            "until": act.until,
            "entry": entry,
        },
    )


async def record(tx: Tx, subject: SubjectId, done: Act) -> EntryId:
    """Append the entry that evidences ``done`` and add it to the standing. Raises `NoSuchSubject`."""
    await _lock(tx, subject)
    entry = await append(tx, entry_of(done, subject))
    await act(tx, subject, done, entry)
    return entry


async def standing(tx: Tx, subject: SubjectId, *, lock: bool) -> Standing | None:
    """Return the standing of ``subject``, or None: no such subject, or erased.

    With ``lock``, nothing changes it before this transaction ends.
    """
    state = await tx.value(QUERIES["state_locked" if lock else "state"], {"subject": subject})
    if state != "live":
        return None
    rows = await tx.rows(ActRow, QUERIES["acts"], {"subject": subject})
    return Standing(subject, tuple(row.act() for row in rows))


async def forget(tx: Tx, subject: SubjectId) -> None:
    """Delete the acts and openings of ``subject`` and mark them erased. Harmless when done before."""
    state = await tx.value(QUERIES["forget_lock"], {"subject": subject})
    if state is None:
        return
    for query in ("forget_acts", "forget_openings", "forget_subject"):
        tx.later(QUERIES[query], {"subject": subject})


async def _lock(tx: Tx, subject: SubjectId) -> None:
    if await tx.value(QUERIES["state_locked"], {"subject": subject}) != "live":
        raise NoSuchSubject


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act as its table has it."""

    kind: str
    policy: PolicyName
    at: datetime
    version: int | None
    function: FunctionName | None
    item: ItemName | None
    switch: SwitchName | None
    device: UUID | None
    need: str | None
    separate: bool
    language: str | None
    text_hash: str | None
    age: int | None
    until: datetime | None

    def act(self) -> Act:
        """Return the act."""
        return Act(
            kind=ActKind(self.kind),
            policy=self.policy,
            at=self.at,
            version=self.version,
            function=self.function,
            item=self.item,
            switch=self.switch,
            device=DeviceId(self.device) if self.device else None,
            need=self.need,
            separate=self.separate,
            language=self.language,
            text_hash=self.text_hash,
            age=self.age,
            until=self.until,
        )
