"""Of whom anything is held for some functions, by opaque id. Opens nothing; says nothing of what is held."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from troth.terms import FunctionName, PolicyName, SubjectId
from troth.vault.sql import QUERIES

if TYPE_CHECKING:
    from troth.db import Tx

FIRST = UUID(int=0)


async def holders(
    tx: Tx, policy: PolicyName, functions: Collection[FunctionName], after: UUID, limit: int
) -> tuple[SubjectId, ...]:
    """Return at most ``limit`` of them with ids after ``after``, in order."""
    names = [f"{policy}/{function}" for function in sorted(functions)]
    cursor = await tx.conn.execute(
        QUERIES["holders_after"], {"functions": names, "after": after, "limit": limit}, prepare=True
    )
    return tuple(SubjectId(row[0]) for row in await cursor.fetchall())
