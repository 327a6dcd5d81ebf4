"""The one way a plug-in sees data: an injected door that asks the gate first and opens the vault after.

A shape only: `troth.subjects.use.OwnUse` fits it. Each call is one question to
the gate, for one purpose, and raises `troth.terms.Denied` when the answer is no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from troth.subjects.use import Documents, Events, Film

if TYPE_CHECKING:
    from datetime import datetime

    from troth.terms import FunctionName, ItemName, Purpose, Reading

__all__ = ["Documents", "Events", "Film", "Use"]


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

    async def films(
        self,
        function: FunctionName,
        purpose: Purpose,
        item: ItemName,
        since: datetime,
        until: datetime,
    ) -> tuple[Film, ...]:
        """Return the films of an item that show some of [since, until), opening none."""
        ...

    async def note(self, function: FunctionName, purpose: Purpose, reading: Reading) -> bool:
        """Keep one reading of what a function found; return whether it was new."""
        ...
