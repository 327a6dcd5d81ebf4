"""What the policy asks of the vault when something is stored: for how long, and whether versions stay.

Reads the version that the permit was given under. Decides nothing about whether it may be stored.
"""

from __future__ import annotations

from typing import Protocol

from troth.gate.policies import Policies
from troth.policy import keeping
from troth.policy.clauses import Keep
from troth.policy.compiled import Compiled
from troth.terms import ItemName, Permit
from troth.vault.classes import Fixed


class Rules(Protocol):
    """What a vault asks."""

    def fixed(self, permit: Permit) -> Fixed | None:
        """Return for how long anything is kept from its collection, or None: as long as its purpose lasts."""
        ...

    def history(self, permit: Permit, item: ItemName) -> bool:
        """Return whether earlier versions of a document stay."""
        ...


class NoRules:
    """A vault by itself: everything as long as its purpose lasts, and the last version only."""

    def fixed(self, permit: Permit) -> Fixed | None:
        """Return None."""
        del permit
        return None

    def history(self, permit: Permit, item: ItemName) -> bool:
        """Return False."""
        del permit, item
        return False


NO_RULES = NoRules()


class PolicyRules:
    """The rules of the policies in force."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def fixed(self, permit: Permit) -> Fixed | None:
        """Return the time that the policy fixes from collection on."""
        found = keeping.fixed(self._compiled(permit))
        return None if found is None else Fixed(*found)

    def history(self, permit: Permit, item: ItemName) -> bool:
        """Return whether the item's clause says so."""
        table = self._compiled(permit).functions.get(permit.ask.function)
        clause = table.items.get(item) if table else None
        return clause is not None and clause.keep is Keep.HISTORY

    def _compiled(self, permit: Permit) -> Compiled:
        return self._policies.version(permit.ask.policy, permit.version)
