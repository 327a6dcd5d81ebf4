"""What an authority's order keeps from its deletion: placed and ended by staff, over by itself on its day.

Only where a clause of the policy lets an order keep anything (`kept_on_order`). What is kept is named: what
functions hold of one person at that moment, as documents and readings; never an account, nothing that comes
later, no film. It opens for the legal duty alone. Everything else goes on being deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from troth import ledger
from troth.db import Tx
from troth.ledger import EntryKind
from troth.ledger.entries import stamp
from troth.policy import keeping
from troth.policy.compiled import Compiled
from troth.policy.keeping import Held
from troth.subjects.names import PASSWORD
from troth.terms import Clock, Deny, FunctionName, ItemName, Reason, SubjectId, TrothError
from troth.vault.holds import Holds

_LONGEST = timedelta(days=3 * 366)
"""How far ahead the day of an order may lie. None keeps for ever: who wants it longer says so in time."""


class OrderOver(TrothError):
    """the day of this order has passed: write the moment, yet to come, until which it wants this kept"""


class OrderTooLong(TrothError):
    """an order names a day within three years: prolong it when its authority renews it"""


class NoPaper(TrothError):
    """an order has a paper: write its number, or take a new one and write that on the paper"""


class NothingToKeep(TrothError):
    """nothing of this is on file as a document or a reading: a film is handed out on its order, not kept"""


class NoSuchOrder(TrothError):
    """no order of this number keeps anything of this person, or none so short: see the list"""


@dataclass(frozen=True, slots=True)
class Order:
    """An authority's order: its paper's number, until when, and what of which function; no items: all."""

    document: UUID
    until: datetime
    function: FunctionName
    items: Collection[ItemName] = field(default=())


class Orders:
    """Places and ends them. The caller knows which of the staff acts, and owns ``tx``."""

    def __init__(self, holds: Holds, clock: Clock) -> None:
        self._holds = holds
        self._clock = clock

    async def place(
        self, tx: Tx, subject: SubjectId, compiled: Compiled, order: Order, *, staff: UUID
    ) -> int:
        """Keep what the function holds now; return how many records. Placed again, the later day stands.

        Raises `OrderOver`, `OrderTooLong`, `NoPaper`, `NothingToKeep`, `Erased`; `refused` has said that the
        policy lets it.
        """
        now, clause = self._clock.now(), keeping.on_order(compiled)
        if clause is None:
            raise AssertionError("an order was placed that no clause carries")
        if order.document == keeping.NO_PAPER:
            raise NoPaper
        _demand_end(order.until, now)
        held = (Held(order.until, clause, order.document),)
        items = _wanted(compiled, order)
        policy = compiled.policy
        holder = (policy.name, order.function, policy.version)
        records = await self._holds.begin_all(tx, subject, holder, dict.fromkeys(sorted(items), held))
        if not records:
            raise NothingToKeep
        entry = ledger.NewEntry(
            kind=EntryKind.HELD,
            at=now,
            policy=policy.name,
            version=policy.version,
            function=order.function,
            subject=subject,
            clauses=(clause,),
            details=_said(order.document, staff, records) | {"until": stamp(order.until).lower()},
        )
        await ledger.append(tx, entry)
        return records

    async def prolong(
        self, tx: Tx, subject: SubjectId, document: UUID, until: datetime, *, staff: UUID
    ) -> int:
        """Note that an order wants until later what it keeps, also of somebody who is gone; return how much.

        Raises `NoSuchOrder`: it stands no more, or wants it as long already; `OrderOver`, `OrderTooLong`.
        """
        _demand_end(until, self._clock.now())
        if document == keeping.NO_PAPER:
            raise NoSuchOrder
        records = await self._holds.prolong(tx, subject, document, until)
        if not records:
            raise NoSuchOrder
        details = _said(document, staff, records) | {"until": stamp(until).lower()}
        await self._note(tx, EntryKind.HELD, subject, details)
        return records

    async def lift(self, tx: Tx, subject: SubjectId, document: UUID, *, staff: UUID) -> int:
        """End an order before its day; return how many records it kept. Raises `NoSuchOrder`."""
        if document == keeping.NO_PAPER:
            raise NoSuchOrder
        records = await self._holds.lift(tx, subject, document)
        if not records:
            raise NoSuchOrder
        await self._note(tx, EntryKind.HOLD_ENDED, subject, _said(document, staff, records))
        return records

    async def _note(
        self, tx: Tx, kind: EntryKind, subject: SubjectId, details: Mapping[str, str | int]
    ) -> None:
        entry = ledger.NewEntry(kind=kind, at=self._clock.now(), subject=subject, details=details)
        await ledger.append(tx, entry)


def refused(compiled: Compiled, order: Order) -> Deny | None:
    """Return why the policy lets this order keep nothing: what it says is deleted then is deleted."""
    if keeping.on_order(compiled) is None:
        return Deny(Reason.BASIS_UNLISTED, frozenset(clause.id for clause in compiled.retention))
    table = compiled.functions.get(order.function)
    if table is None:
        return Deny(Reason.UNKNOWN_FUNCTION, frozenset())
    if not table.items.keys() >= {*order.items}:
        return Deny(Reason.ITEM_UNDECLARED, frozenset())
    return None


def _demand_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise OrderOver
    if until > now + _LONGEST:
        raise OrderTooLong


def _said(document: UUID, staff: UUID, records: int) -> dict[str, str | int]:
    return {"document": str(document), "by": str(staff), "records": records}


def _wanted(compiled: Compiled, order: Order) -> frozenset[ItemName]:
    table = compiled.functions[order.function]
    return frozenset(order.items or table.items) - {PASSWORD}
