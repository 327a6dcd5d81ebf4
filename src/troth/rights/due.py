"""What is late: requests without an answer, erasures without a certificate. Compared with a time parameter.

Decides nothing about them and reminds nobody. By when each is due was set when it came in (`desk`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth.rights.sql import QUERIES
from troth.terms import PolicyName

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.vault.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Overdue:
    """A request that should have been answered by then."""

    request: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """An erasure that should have its certificate by then."""

    erasure: UUID
    at: datetime


async def overdue(tx: Tx, now: datetime) -> tuple[Overdue, ...]:
    """Return the unanswered requests whose time has run out by ``now``, the latest first."""
    return tuple(await tx.rows(Overdue, QUERIES["overdue"], {"now": now}))


async def owe(tx: Tx, erasure: UUID, at: datetime, policy: PolicyName) -> None:
    """Note by when an erasure has its certificate; noted again, the first date stands."""
    await tx.run(QUERIES["owe"], {"erasure": erasure, "at": at, "policy": policy})


async def owed_by(tx: Tx, erasure: UUID) -> datetime | None:
    """Return by when an erasure has its certificate at the latest."""
    return await tx.value(QUERIES["owed_by"], {"erasure": erasure})


async def owed_under(tx: Tx, erasure: UUID) -> PolicyName | None:
    """Return the policy that an erasure was asked for under."""
    found = await tx.value(QUERIES["owed_under"], {"erasure": erasure})
    return None if found is None else PolicyName(found)


async def owed(tx: Tx, erasure: Erasure, now: datetime) -> tuple[Owed, ...]:
    """Return the erasures that are late; those certified meanwhile are ticked off."""
    late: list[Owed] = []
    for one in await tx.rows(Owed, QUERIES["owed"], {"now": now}):
        certified = (await erasure.look(tx, one.erasure)).certified_at
        if certified is not None:
            await tx.run(QUERIES["settle"], {"erasure": one.erasure, "done": certified})
        if certified is None or certified > one.at:
            late.append(one)
    return tuple(late)
