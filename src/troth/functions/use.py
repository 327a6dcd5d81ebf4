"""The one way a plug-in sees data: an injected door that asks the gate first and opens the vault after.

Shapes only. The door itself is made by the wiring, over one open transaction; each call is one question to
the gate, for one purpose, and raises `troth.terms.Denied` when the answer is no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from troth.terms import ClauseId, EntryId, ItemName, Reading

if TYPE_CHECKING:
    from datetime import datetime

    from troth.terms import FunctionName, Purpose


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


class Use(Protocol):
    """The door, bound to one subject and one actor."""

    async def events(
        self,
        function: FunctionName,
        purpose: Purpose,
        items: frozenset[ItemName],
        since: datetime,
        until: datetime,
    ) -> Events:
        """Open what was measured in [since, until)."""
        ...

    async def documents(
        self, function: FunctionName, purpose: Purpose, items: frozenset[ItemName]
    ) -> Documents:
        """Open the documents of these items."""
        ...
