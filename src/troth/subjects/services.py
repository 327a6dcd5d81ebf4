"""What the maker's own services do with one person's data: take it in, use it, hand it on, publish it.

For the shop, the app's backend, the help desk: whatever is not a device and not the person. Each call is one
question to the gate, for one purpose; what is handed on is on record with who received it. Sends nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from msgspec import structs

from troth import ledger
from troth.policy.values import VALUES
from troth.policy.words import Moment
from troth.terms import Act, ActKind, Basis, EntryId, ItemName, RecordId, TrothError, Verb
from troth.vault import Erased, NotHeld
from troth.vault.documents import HeldRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.policy.keeping import Held
    from troth.subjects.parts import Parts
    from troth.terms import Ask, ClauseId, Dropped, Permit, Reference

_OF_RECORDS = frozenset({Moment.ORDER_COMPLETED})
"""What a service may say has happened to a record; every other moment is the system's own to know."""
_ON_RECORD = {Verb.SHARE: ledger.EntryKind.SHARED, Verb.DISCLOSE: ledger.EntryKind.DISCLOSED}


class NotItsEvent(TrothError):
    """this is not for a service to say of a record: say what a policy counts from, such as order_completed"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what was handed in."""

    stored: Mapping[ItemName, RecordId]
    dropped: frozenset[Dropped]
    because: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Opened:
    """The values that the gate let through (absent: nothing on file), and the evidence.

    ``held``: the records that a law keeps, where the ask rests on that duty.
    """

    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    held: tuple[HeldRecord, ...] = field(repr=False)
    dropped: frozenset[Dropped]
    because: frozenset[ClauseId]
    entry: EntryId | None


class Services:
    """The caller knows which service asks and owns ``tx``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take_in(
        self, tx: Tx, ask: Ask, values: Mapping[ItemName, Mapping[str, object]], *, another: bool = False
    ) -> Taken:
        """Store the documents that a service collected (verb COLLECT). Raises `Denied`.

        With ``another`` each is one more of its item, such as an order among orders.
        """
        permit = await self._parts.gate.admit(tx, structs.replace(ask, unfit=VALUES.unfit(values)))
        store = self._parts.vault.add if another else self._parts.vault.put
        stored: dict[ItemName, RecordId] = {}
        for item in sorted(permit.allow.items - permit.allow.unkept):
            stored[item] = await store(tx, permit, item, values[item])
            supplied = Act(kind=ActKind.SUPPLIED, policy=ask.policy, at=ask.at, function=ask.function)
            await ledger.record(tx, ask.subject, replace(supplied, item=item))
        return Taken(stored, permit.allow.dropped, permit.allow.because)

    async def happened(
        self, tx: Tx, ask: Ask, record: RecordId, event: Moment
    ) -> tuple[tuple[Held, ...], EntryId | None]:
        """Hear what happened to one record that the service may collect; return which laws want it now.

        Raises `NotItsEvent`, `Denied`, `NotHeld`.
        """
        if event not in _OF_RECORDS:
            raise NotItsEvent
        permit = await self._parts.gate.admit(tx, ask)
        if permit.allow.items != ask.items or len(ask.items) != 1:
            raise NotHeld
        (item,) = ask.items
        held = await self._parts.ends.happened(tx, permit, item, record, event=event, at=ask.at)
        return held, permit.entry

    async def open(self, tx: Tx, ask: Ask) -> Opened:
        """Open what a service uses, shares or discloses, and record the latter two. Raises `Denied`.

        For a legal duty also the records that are held for it: of somebody who is gone, those alone.
        """
        permit = await self._parts.gate.admit(tx, ask)
        values: Mapping[ItemName, Mapping[str, object]] = {}
        with suppress(Erased):
            values = await self._parts.vault.on_file(tx, permit)
        held: tuple[HeldRecord, ...] = ()
        if ask.basis is Basis.LEGAL_DUTY:
            held = tuple([one async for one in self._parts.vault.holds.open(tx, permit)])
        entry = permit.entry
        if values or held:
            entry = await self.put_on_record(tx, permit, [*values, *(one.item for one in held)])
        return Opened(values, held, permit.allow.dropped, permit.allow.because, entry)

    async def put_on_record(self, tx: Tx, permit: Permit, items: Collection[ItemName]) -> EntryId | None:
        """Record what was handed on, and return its entry; that of the decision for what was only used."""
        ask = permit.ask
        if ask.verb not in _ON_RECORD:
            return permit.entry
        said: dict[str, str | int] = {"items": len(items), "by": ask.actor.id}
        if ask.recipient is not None:  # the gate knows them by name, or there would be no permit
            said["recipient"] = ask.recipient
        if ask.beyond is not None:
            said |= {"act": ask.beyond.act, "case": ask.beyond.case}
        said |= {f"what_{n}": item for n, item in enumerate(sorted(items), 1)}
        entry = ledger.NewEntry(
            kind=_ON_RECORD[ask.verb],
            at=ask.at,
            policy=ask.policy,
            version=permit.version,
            function=ask.function,
            subject=ask.subject,
            details=said,
        )
        return await ledger.append(tx, entry)


def basis_of(compiled: Compiled, verb: Verb, reference: Reference | None) -> Basis | None:
    """Return the basis that an attached ground belongs to, when the policy lists it for this verb."""
    if reference is None:
        return None
    if (verb, reference.ground) in compiled.duties:
        return Basis.LEGAL_DUTY
    if (verb, reference.ground) in compiled.exempt:
        return Basis.EXEMPTION
    return None
