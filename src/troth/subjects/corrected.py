"""Correcting a document: the next value, and on record which one it took the place of.

By the id of its row and its version: so a restore of an older backup knows what it brought back, and whose.
(docs/decisions/0039-what-was-corrected.md)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from troth.vault import pieces

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.subjects.parts import Parts
    from troth.terms import ItemName, Permit


async def put(tx: Tx, parts: Parts, permit: Permit, item: ItemName, value: Mapping[str, object]) -> None:
    """Store what a person says of themselves, in place of what was there. Raises what `Vault.put` does."""
    before = await parts.vault.replaced(tx, permit, item, value)
    await parts.vault.put(tx, permit, item, value)
    if before is not None:
        await pieces.put_correction_on_record(tx, permit, before)
