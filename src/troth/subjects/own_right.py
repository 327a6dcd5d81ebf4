"""When a person's own right stands in for what the policy would say: to get in, and to be told.

Who took their agreement back still signs in, to copy, cancel, agree again. Who came without everything that
registering takes still gets what is owed to them. The gate has the last word on either ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.gate.decide import decide
from troth.terms import Deny

if TYPE_CHECKING:
    from collections.abc import Collection

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.subjects.asking import Asking
    from troth.terms import Ask, Reason


async def or_by_right(
    tx: Tx, compiled: Compiled, asking: Asking, ask: Ask, *, only: Collection[Reason] | None = None
) -> Ask:
    """Return ``ask``, or the same by the person's own right where it would be refused, ``only`` for these."""
    standing = await ledger.standing(tx, asking.subject, lock=True)
    decision = decide(compiled, standing, ask)
    if not isinstance(decision, Deny) or (only is not None and decision.reason not in only):
        return ask
    return asking.by_right(ask.verb, ask.function, ask.items)
