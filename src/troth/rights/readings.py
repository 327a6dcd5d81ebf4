"""One reading, by its person: corrected or deleted, on their own right, with a receipt for it.

The gate decides and the vault does it. The log says which one it was, in ids, so that a restore repeats it;
whoever was given something of its function is told, where the policy says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from troth.ledger import EntryKind
from troth.policy import requests as says
from troth.policy.values import VALUES
from troth.rights import told
from troth.subjects.papers import paper
from troth.terms import FunctionName, Verb
from troth.vault import NotHeld, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.rights.desk import Desk
    from troth.subjects.asking import Asking
    from troth.subjects.parts import Parts
    from troth.terms import EntryId, ItemName, Permit, Reading


class Readings:
    """The caller knows who asks, owns ``tx``, and tells the bus after."""

    def __init__(self, parts: Parts, desk: Desk) -> None:
        self._parts = parts
        self._desk = desk

    async def correct(
        self, tx: Tx, asking: Asking, function: FunctionName, reading: UUID, value: Mapping[str, object]
    ) -> str:
        """Give a reading another value; when it was measured, and of what, stays. Returns the receipt.

        Raises `Denied`, `NotHeld`, `NotKept`.
        """
        compiled = await self._desk.accepted(tx, asking.subject, asking.policy)
        looking = asking.by_right(Verb.USE, function, _items(compiled, function))
        found = await self._found(tx, await self._parts.gate.admit(tx, looking, counted=True), reading)
        ask = asking.by_right(Verb.COLLECT, function, {found.item})
        ask = structs.replace(ask, unfit=VALUES.unfit({found.item: value}))
        permit = await self._parts.gate.admit(tx, ask)
        piece = await self._parts.vault.correct(tx, permit, replace(found, value=value))
        entry = await pieces.put_on_record(tx, permit, EntryKind.CORRECTED, piece)
        asked = {"correct": str(asking.subject), "reading": str(reading), "function": function}
        await _tell(tx, asking, compiled, entry, asked)
        return await paper(tx, self._parts.signer, asking.subject, entry, EntryKind.CORRECTED)

    async def delete(self, tx: Tx, asking: Asking, function: FunctionName, reading: UUID) -> str:
        """Delete a reading; a late resend does not bring it back. Returns the receipt.

        Raises `Denied`, `NotHeld`.
        """
        compiled = await self._desk.accepted(tx, asking.subject, asking.policy)
        ask = asking.by_right(Verb.FORGET, function, _items(compiled, function))
        permit = await self._parts.gate.admit(tx, ask)
        piece = await self._parts.vault.delete(tx, permit, reading)
        entry = await pieces.put_on_record(tx, permit, EntryKind.DELETED, piece)
        asked = {"delete": str(asking.subject), "reading": str(reading), "function": function}
        await _tell(tx, asking, compiled, entry, asked)
        return await paper(tx, self._parts.signer, asking.subject, entry, EntryKind.DELETED)

    async def _found(self, tx: Tx, permit: Permit, reading: UUID) -> Reading:
        async for one in self._parts.vault.events(tx, permit):
            if one.id == reading:
                return one
        raise NotHeld


async def _tell(tx: Tx, asking: Asking, compiled: Compiled, entry: EntryId, asked: Mapping[str, str]) -> None:
    if says.recipients_told(compiled) is not None:
        whose = asking.subject, asking.policy, FunctionName(asked["function"])
        await told.ask(tx, entry, whose, asking.at, asked)


def _items(compiled: Compiled, function: FunctionName) -> frozenset[ItemName]:
    """Return what a function has; of one that there is not, nothing: the gate refuses it."""
    table = compiled.functions.get(function)
    return frozenset(table.items) if table is not None else frozenset()
