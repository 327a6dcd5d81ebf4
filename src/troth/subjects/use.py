"""Seeing what one holds: each look is one question to the gate for one purpose, then the vault opens.

The door that `functions` are given. Bound to one person and whoever looks; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from troth.subjects.asking import Asking
from troth.terms import ClauseId, EntryId, ItemName, Reading, Verb

if TYPE_CHECKING:
    from datetime import datetime

    from troth.db import Tx
    from troth.subjects.parts import Parts
    from troth.terms import Actor, FunctionName, Permit, PolicyName, Purpose, SubjectId


@dataclass(frozen=True, slots=True)
class Events:
    """Readings, oldest first, and the clauses that opened them."""

    readings: tuple[Reading, ...]
    because: frozenset[ClauseId]
    entry: EntryId | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """The present value of each item asked for (absent: nothing on file), and the clauses behind it."""

    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    because: frozenset[ClauseId]
    entry: EntryId | None = None


class OwnUse:
    """Uses of one person's data, within one transaction. ``actor`` None: the person themselves."""

    def __init__(
        self, parts: Parts, tx: Tx, subject: SubjectId, policy: PolicyName, *, actor: Actor | None = None
    ) -> None:
        self._parts = parts
        self._tx = tx
        self._asking = Asking(subject, policy, parts.region, parts.clock.now())
        self._actor = actor

    async def events(
        self,
        function: FunctionName,
        purpose: Purpose,
        items: frozenset[ItemName],
        since: datetime,
        until: datetime,
    ) -> Events:
        """Open what was measured in [since, until); raises `Denied`."""
        permit = await self._permit(function, purpose, items)
        opened = self._parts.vault.events(self._tx, permit, since, until)
        readings = tuple([reading async for reading in opened])
        return Events(readings, permit.allow.because, permit.entry)

    async def documents(
        self, function: FunctionName, purpose: Purpose, items: frozenset[ItemName]
    ) -> Documents:
        """Open the documents of these items; raises `Denied`."""
        permit = await self._permit(function, purpose, items)
        values = await self._parts.vault.on_file(self._tx, permit)
        return Documents(values, permit.allow.because, permit.entry)

    async def _permit(self, function: FunctionName, purpose: Purpose, items: frozenset[ItemName]) -> Permit:
        ask = self._asking.to(Verb.USE, function, purpose, items, actor=self._actor)
        return await self._parts.gate.admit(self._tx, ask)
