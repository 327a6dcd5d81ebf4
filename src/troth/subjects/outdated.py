"""What a restore deleted because its person had corrected it since, until they give it again.

Read from the ledger about them: no value is opened, and nothing is decided.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troth import ledger
from troth.ledger import EntryKind
from troth.subjects.acts import on_file
from troth.terms import FunctionName, ItemName, PolicyName

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import SubjectId


@dataclass(frozen=True, slots=True)
class Outdated:
    """An item of a function whose right value was lost with what came after a backup, and since when."""

    policy: PolicyName
    function: FunctionName
    item: ItemName
    at: datetime


async def outdated(tx: Tx, subject: SubjectId) -> tuple[Outdated, ...]:
    """Return what is still to be given again, by function and item."""
    found: dict[tuple[PolicyName, FunctionName, ItemName], datetime] = {}
    for entry in await ledger.about(tx, subject, (EntryKind.OUTDATED,)):
        said: dict[str, Any] = json.loads(entry.body)
        of = PolicyName(said["policy"]), FunctionName(said["function"])
        found[*of, ItemName(said["details"]["item"])] = entry.at
    return tuple(
        [
            Outdated(policy, function, item, at)
            for (policy, function, item), at in sorted(found.items())
            if item not in await on_file(tx, subject, policy, function)
        ]
    )
