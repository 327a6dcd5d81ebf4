"""What the maker's own services do with one person's data: take it in, use it, hand it on, publish it.

For the shop, the app's backend, the help desk: whatever is not a device and not the person. Each call is one
question to the gate, for one purpose; what is handed on is on record with who received it. Sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.policy.values import VALUES
from troth.terms import Act, ActKind, Basis, EntryId, ItemName, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.subjects.parts import Parts
    from troth.terms import Ask, ClauseId, Dropped, Permit, Reference

_ON_RECORD = {Verb.SHARE: ledger.EntryKind.SHARED, Verb.DISCLOSE: ledger.EntryKind.DISCLOSED}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what was handed in."""

    stored: frozenset[ItemName]
    dropped: frozenset[Dropped]
    because: frozenset[ClauseId]


@dataclass(frozen=True, slots=True)
class Opened:
    """The values that the gate let through (absent: nothing on file), and the evidence."""

    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    dropped: frozenset[Dropped]
    because: frozenset[ClauseId]
    entry: EntryId | None


class Services:
    """The caller knows which service asks and owns ``tx``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take_in(self, tx: Tx, ask: Ask, values: Mapping[ItemName, Mapping[str, object]]) -> Taken:
        """Store the documents that a service collected (verb COLLECT). Raises `Denied`."""
        permit = await self._parts.gate.admit(tx, replace(ask, unfit=VALUES.unfit(values)))
        stored = permit.allow.items - permit.allow.unkept
        for item in sorted(stored):
            await self._parts.vault.put(tx, permit, item, values[item])
            supplied = Act(kind=ActKind.SUPPLIED, policy=ask.policy, at=ask.at, function=ask.function)
            await ledger.record(tx, ask.subject, replace(supplied, item=item))
        return Taken(stored, permit.allow.dropped, permit.allow.because)

    async def open(self, tx: Tx, ask: Ask) -> Opened:
        """Open what a service uses, shares or discloses, and record the latter two. Raises `Denied`."""
        permit = await self._parts.gate.admit(tx, ask)
        values = await self._parts.vault.on_file(tx, permit)
        entry = permit.entry
        if values:
            entry = await self.put_on_record(tx, permit, len(values))
        return Opened(values, permit.allow.dropped, permit.allow.because, entry)

    async def put_on_record(self, tx: Tx, permit: Permit, items: int) -> EntryId | None:
        """Record what was handed on, and return its entry; that of the decision for what was only used."""
        ask = permit.ask
        if ask.verb not in _ON_RECORD:
            return permit.entry
        said: dict[str, str | int] = {"items": items, "by": ask.actor.id}
        if ask.recipient is not None:  # the gate knows them by name, or there would be no permit
            said["recipient"] = ask.recipient
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
