"""Holds: single records that a law wants kept, reachable for that duty alone, dead when the time is over.

A hold adds a wrap of class ``hold`` to a record's key. Functions let go of the record as ever; afterwards
only this wrap is left, and it opens for a legal duty with its reference. Readings share a key, so those that
are held are copied, each copy a record with a key that nothing but its hold wraps. There is no hold on an
account: what is held is named record by record. Which law holds what until when, the policy says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from troth import ledger
from troth.db import Tx
from troth.ledger import EntryKind
from troth.policy.keeping import NO_PAPER, Held
from troth.terms import (
    ClauseId,
    Clock,
    FunctionName,
    ItemName,
    Permit,
    PolicyName,
    RecordId,
    SubjectId,
)
from troth.vault import cipher, covers, deletions, documents, heldreadings, keys
from troth.vault.documents import HeldRecord
from troth.vault.keyring import Keyring
from troth.vault.label import HOLD
from troth.vault.sql import QUERIES

_PAGE = 100
_LISTED = 500


@dataclass(frozen=True, slots=True)
class _Ended:
    record: UUID
    clause: ClauseId


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose record is held, for which function."""

    subject: SubjectId
    policy: PolicyName
    function: FunctionName
    version: int

    @property
    def label(self) -> str:
        return f"{self.policy}/{self.function}"


@dataclass(frozen=True, slots=True)
class _Keeping:
    """How much of a function is held, on what clause and until when. ``document``: the order's, if any."""

    function: str
    clause: ClauseId
    document: UUID
    records: int
    began: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Kept(_Keeping):
    """What is held of one item of a person for one reason."""

    item: str


@dataclass(frozen=True, slots=True)
class KeptOnOrder(_Keeping):
    """What an order keeps of one person."""

    subject: SubjectId


@dataclass(frozen=True, slots=True)
class _Subject:
    subject: SubjectId


class Holds:
    """Begins, opens and ends holds. The caller owns the transaction."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    async def begin(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId, holds: tuple[Held, ...]
    ) -> None:
        """Hold one document that the permit's function (verb COLLECT) holds, for each of ``holds``.

        Begun again, the later end stands. Raises `NotCovered`, `NotHeld`, `Erased`.
        """
        now = self._clock.now()
        covers.demand_storing(permit, now, {item})
        await keys.hold(tx, permit.ask.subject)
        if lasting := _lasting(holds, now):
            key = await documents.key_of(tx, self._keyring, permit, item, record)
            await self._wrap(tx, _of(permit), record, key)
            await self._note(tx, _of(permit), item, record, lasting)

    async def begin_all(
        self,
        tx: Tx,
        subject: SubjectId,
        holder: tuple[PolicyName, FunctionName, int],
        holds: Mapping[ItemName, tuple[Held, ...]],
    ) -> int:
        """Hold all that a function (of a policy, in a version) holds of these items; return how many records.

        For what happens to a person as a whole, such as the end of their account, and for an order; so it
        takes no permit, and no value leaves. A document is held by a wrap; readings by a sealed copy for each
        month, which no function holds: their blocks go as ever. Begun again, the later end stands.
        """
        now = self._clock.now()
        await keys.hold(tx, subject)
        lasting = {item: left for item, found in holds.items() if (left := _lasting(found, now))}
        if not lasting:
            return 0
        of = _Of(subject, *holder)
        found = await documents.to_hold(tx, self._keyring, subject, of.label, lasting)
        for record, item, key in found:
            await self._wrap(tx, of, record, key)
            await self._note(tx, of, item, record, lasting[item])
        copies = 0
        whose = subject, of.label
        async for month in heldreadings.months(tx, self._keyring, whose, frozenset(lasting), now):
            for item, copy in month.items():
                await self._copied(tx, of, item, copy, lasting[item])
            copies += len(month)
        return len(found) + copies

    async def open(self, tx: Tx, permit: Permit) -> AsyncGenerator[HeldRecord]:
        """Yield the held records of the permit's items. Takes a permit on a legal duty, with its reference.

        Also after the person has cancelled. Raises `NotCovered`.
        """
        now = self._clock.now()
        covers.demand_duty(permit, now)
        for one in await documents.held(tx, self._keyring, permit, now):
            if one.item in permit.allow.items:
                yield one

    async def lift(self, tx: Tx, subject: SubjectId, document: UUID) -> int:
        """Let what an order keeps of a subject be over now; return how many records. `end` ends them."""
        params = {"subject": subject, "document": document, "now": self._clock.now()}
        return await tx.run(QUERIES["lift_holds"], params)

    async def prolong(self, tx: Tx, subject: SubjectId, document: UUID, until: datetime) -> int:
        """Keep until later what an order keeps of a subject; return how many records."""
        params = {"subject": subject, "document": document, "until": until, "now": self._clock.now()}
        return await tx.run(QUERIES["prolong_holds"], params)

    async def kept(self, tx: Tx, subject: SubjectId) -> tuple[Kept, ...]:
        """Return what is held of a subject, and why. No value leaves."""
        params = {"subject": subject, "now": self._clock.now()}
        return tuple(await tx.rows(Kept, QUERIES["kept"], params))

    async def orders(self, tx: Tx) -> tuple[KeptOnOrder, ...]:
        """Return the orders that stand, the next to end first."""
        params = {"none": NO_PAPER, "now": self._clock.now(), "page": _LISTED}
        return tuple(await tx.rows(KeptOnOrder, QUERIES["orders"], params))

    async def end(self, tx: Tx) -> int:
        """End the holds whose time is over, of some subjects; return how many. What they kept dies."""
        now = self._clock.now()
        ended = 0
        for row in await tx.rows(_Subject, QUERIES["holds_over"], {"now": now, "page": _PAGE}):
            params = {"subject": row.subject, "now": now}
            await tx.run(QUERIES["door_erasing"], params)
            await deletions.note(tx, now)
            gone = await tx.rows(_Ended, QUERIES["end_holds"], params)
            await tx.run(QUERIES["drop_held_wraps"], params)
            await documents.drop_unwrapped(tx, row.subject)
            for one in gone:
                entry = ledger.NewEntry(
                    kind=EntryKind.HOLD_ENDED,
                    at=now,
                    clauses=(one.clause,),
                    details={"record": str(one.record)},
                )
                await ledger.append(tx, entry)
            ended += len(gone)
        return ended

    async def _copied(
        self, tx: Tx, of: _Of, item: ItemName, copy: heldreadings.Copy, holds: tuple[Held, ...]
    ) -> None:
        """Hold a copy with a key of its own; where it is there already, only the later end is noted."""
        there = {"subject": of.subject, "item": item, "record": copy.record}
        if await tx.value(QUERIES["document_of"], there) is None:
            key, whose = cipher.new_key(), (of.subject, item, of.version)
            await documents.add(tx, whose, copy.value, key=key, day=copy.day, record=copy.record)
            await self._wrap(tx, of, copy.record, key)
        await self._note(tx, of, item, copy.record, holds)

    async def _wrap(self, tx: Tx, of: _Of, record: RecordId, key: bytes) -> None:
        holder = (of.label, HOLD)
        if not await documents.wrapped_for(tx, of.subject, record, holder):
            await documents.add_wrap(tx, self._keyring, of.subject, record, key=key, holder=holder)

    async def _note(self, tx: Tx, of: _Of, item: ItemName, record: RecordId, holds: tuple[Held, ...]) -> None:
        now = self._clock.now()
        for held in holds:
            await tx.run(
                QUERIES["add_hold"],
                {
                    "subject": of.subject,
                    "record": record,
                    "clause": held.clause,
                    "document": held.document,
                    "function": of.label,
                    "item": item,
                    "began": now,
                    "until": held.until,
                },
            )
            entry = ledger.NewEntry(
                kind=EntryKind.HELD,
                at=now,
                policy=of.policy,
                function=of.function,
                subject=of.subject,
                clauses=(held.clause,),
                details={"record": str(record)},
            )
            await ledger.append(tx, entry)


def _of(permit: Permit) -> _Of:
    return _Of(permit.ask.subject, permit.ask.policy, permit.ask.function, permit.version)


def _lasting(holds: tuple[Held, ...], now: datetime) -> tuple[Held, ...]:
    return tuple(held for held in holds if held.until > now)
