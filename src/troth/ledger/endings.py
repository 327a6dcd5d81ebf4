"""What has an end: functions, or whole policies, from a moment on that was announced. Read by the gate.

Kept in each process and read again when a second has passed. An end lies further ahead than that when it is
announced (`NOTICE`), so no process can miss it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth.ledger.sql import QUERIES
from troth.terms import ClauseId, FunctionName, PolicyName

if TYPE_CHECKING:
    from troth.db import Tx

FRESH = timedelta(seconds=1)
NOTICE = timedelta(minutes=1)
"""How far ahead an end lies at least."""
WHOLE = FunctionName("")
"""In the place of a function: everything under the policy."""


@dataclass(frozen=True, slots=True)
class End:
    """From when on nothing comes in, and the clause that says so."""

    policy: PolicyName
    function: FunctionName
    at: datetime
    clause: ClauseId | None


@dataclass(slots=True)
class Endings:
    """What one process knows of them."""

    read: datetime | None = None
    known: Mapping[tuple[PolicyName, FunctionName], End] = field(
        default_factory=dict[tuple[PolicyName, FunctionName], End]
    )

    async def look(self, tx: Tx, now: datetime) -> None:
        """Read them again, if that is due."""
        if self.read is not None and timedelta() <= now - self.read < FRESH:
            return
        rows = await tx.rows(End, QUERIES["endings"])
        self.known, self.read = {(row.policy, row.function): row for row in rows}, now

    def ended(self, policy: PolicyName, function: FunctionName, at: datetime) -> End | None:
        """Return the end that has come for this function by ``at``, if there is one."""
        for name in (function, WHOLE):
            found = self.known.get((policy, name))
            if found is not None and found.at <= at:
                return found
        return None


async def end(tx: Tx, made: End) -> None:
    """Keep an end; the first one that was announced for a function stands."""
    params = {"policy": made.policy, "function": made.function, "at": made.at, "clause": made.clause}
    await tx.run(QUERIES["end_function"], params)
