"""What a person's acts say on its own, before any question is put to the gate. Reads; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.terms import ActKind

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import FunctionName, ItemName, PolicyName, SubjectId


async def on_file(
    tx: Tx, subject: SubjectId, policy: PolicyName, function: FunctionName
) -> frozenset[ItemName]:
    """Return the items that were supplied for a function and not removed since; none for who is erased."""
    standing = await ledger.standing(tx, subject, lock=True)
    held: set[ItemName] = set()
    for act in standing.acts if standing else ():
        if act.policy != policy or act.item is None or act.function != function:
            continue
        if act.kind is ActKind.SUPPLIED:
            held.add(act.item)
        elif act.kind is ActKind.REMOVED:
            held.discard(act.item)
    return frozenset(held)
