"""How often something may be tried: a login, a subject's password, a registration for one number.

A try is paid for before it is made, in a transaction of its own, so that a refusal that rolls back still
counts and parallel tries cannot outrun the limit. Success hands the tries back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from troth.db import Database, Tx
from troth.subjects.sql import QUERIES
from troth.terms import TrothError


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``tries`` within ``window`` of the first."""

    tries: int
    window: timedelta


SIGN_IN = Limit(tries=5, window=timedelta(minutes=15))
REGISTER = Limit(tries=5, window=timedelta(hours=1))


class TooManyTries(TrothError):
    """too many tries: wait, then try again"""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


async def spend(db: Database, tag: bytes, limit: Limit, now: datetime) -> None:
    """Pay for one try; raises `TooManyTries` when the window has none left. A blocked try is not counted."""
    async with db.transaction() as tx:
        started = await tx.value(
            QUERIES["spend_try"],
            {"tag": tag, "now": now, "expired": now - limit.window, "limit": limit.tries},
        )
        if started is None:
            started = await tx.value(QUERIES["tries_started"], {"tag": tag})
            raise TooManyTries(started + limit.window)


async def hand_back(tx: Tx, tag: bytes) -> None:
    """Forget the tries of ``tag``: it succeeded."""
    await tx.run(QUERIES["hand_back_tries"], {"tag": tag})


async def purge(tx: Tx, now: datetime) -> int:
    """Drop counts whose window is long over."""
    return await tx.run(QUERIES["purge_tries"], {"before": now - timedelta(days=1)})
