"""How often something may be tried: a login, a subject's password, a registration for one number.

Where a stranger could use up another's tries, these are not locked but slowed: after a few, one more every so
often. What one origin may do is limited by itself (`origins`), so that who guesses from one place soon stands
still and the owner, from another, waits for seconds.

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


@dataclass(frozen=True, slots=True)
class Pace:
    """``at_once`` tries, then one every ``every``; what is not used comes back at that pace."""

    at_once: int
    every: timedelta


SIGN_IN = Pace(at_once=5, every=timedelta(seconds=20))
REGISTER = Pace(at_once=5, every=timedelta(minutes=10))
KNOWN = Limit(tries=5, window=timedelta(minutes=15))
"""Who shows a session of the account has tries of their own, that no stranger can use up."""


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


async def slow(db: Database, tag: bytes, pace: Pace, now: datetime) -> None:
    """Pay for one try of those that come back with time; raises `TooManyTries` with the time of the next."""
    ahead = (pace.at_once - 1) * pace.every
    async with db.transaction() as tx:
        params = {"tag": tag, "now": now, "every": pace.every, "furthest": now + ahead}
        if await tx.value(QUERIES["slow_try"], params) is None:
            owed = await tx.value(QUERIES["tries_started"], {"tag": tag})
            raise TooManyTries((owed or now) - ahead)


async def hand_back(tx: Tx, tag: bytes) -> None:
    """Forget the tries of ``tag``: it succeeded."""
    await tx.run(QUERIES["hand_back_tries"], {"tag": tag})


async def purge(tx: Tx, now: datetime) -> int:
    """Drop counts whose window is long over."""
    return await tx.run(QUERIES["purge_tries"], {"before": now - timedelta(days=1)})
