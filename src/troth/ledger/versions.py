"""Who stands under which version of a policy, by opaque id: the version that they accepted last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from troth.ledger.sql import QUERIES
from troth.terms import PolicyName, SubjectId

if TYPE_CHECKING:
    from troth.db import Tx


async def under_older(
    tx: Tx, policy: PolicyName, version: int, after: UUID, limit: int
) -> Sequence[SubjectId]:
    """Return at most ``limit`` who accepted none from ``version`` on, with ids after ``after``."""
    params = {"policy": policy, "version": version, "after": after, "limit": limit}
    cursor = await tx.conn.execute(QUERIES["under_older"], params, prepare=True)
    return [SubjectId(row[0]) for row in await cursor.fetchall()]


async def stands_under(tx: Tx, policy: PolicyName, version: int) -> bool:
    """Tell whether the last version that anybody accepted is this one."""
    return bool(await tx.value(QUERIES["stands_under"], {"policy": policy, "version": version}))
