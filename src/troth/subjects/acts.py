"""What a person's acts say on its own, before any question is put to the gate. Reads; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.subjects.sql import QUERIES
from troth.terms import ActKind, PolicyName

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import FunctionName, ItemName, SubjectId


async def home(tx: Tx, subject: SubjectId, otherwise: PolicyName) -> PolicyName:
    """Return the policy that the account was opened under: what one is reached by is on file there.

    ``otherwise`` for who has no account any more.
    """
    found = await tx.value(QUERIES["account_policy"], {"subject": subject})
    return otherwise if found is None else PolicyName(str(found))


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
