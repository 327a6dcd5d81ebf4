"""Which of the vault's tables grow, and how they are split: by retention class, then by time.

`troth.db.partitions` splits by time. A class gets its partition when the schema's owner makes room for it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg import sql

from troth.db import Tx
from troth.db.partitions import Every, Growing, expire
from troth.policy import keeping
from troth.policy.period import Period, Unit
from troth.policy.words import Outcome
from troth.vault.classes import Fixed

GROWING = (  # in the order in which a batch is stored, so that splitting and storing never wait in a ring
    Growing("reading_seen", "at_day", Every.DAY, unique=("subject", "mark")),
    Growing("event_block_purpose", "at_day", Every.MONTH, unmeasured=("sealed",)),
)
_LONG = Period(3, Unit.MONTHS)
_START = datetime(2024, 1, 1, tzinfo=UTC)


def growing(fixed: Fixed) -> Growing:
    """Return how the blocks of a class are split: by day, or by month where they are kept for long."""
    long = keeping.until(fixed.period, _START) > keeping.until(_LONG, _START)
    every = Every.MONTH if long else Every.DAY
    return Growing(f"event_block_{fixed.name()}", "at_day", every, unmeasured=("sealed",))


def dropped_daily(fixed: Fixed) -> bool:
    """Return whether whole partitions go as soon as a day is over, which leaves the worker nothing."""
    return fixed.then is Outcome.DELETE and growing(fixed).every is Every.DAY


async def make_class(tx: Tx, fixed: Fixed) -> None:
    """Make the partition of a class, when it is not there. By the owner of the tables."""
    parts = {
        "name": sql.Identifier(f"event_block_{fixed.name()}"),
        "rest": sql.Identifier(f"event_block_{fixed.name()}_rest"),
        "class": sql.Literal(fixed.name()),
    }
    whole = sql.SQL(
        "CREATE TABLE IF NOT EXISTS {name} PARTITION OF event_block FOR VALUES IN ({class}) "
        "PARTITION BY RANGE (at_day)"
    )
    await tx.conn.execute(whole.format(**parts))
    await tx.conn.execute(
        sql.SQL("CREATE TABLE IF NOT EXISTS {rest} PARTITION OF {name} DEFAULT").format(**parts)
    )
    for name in (parts["name"], parts["rest"]):
        quiet = sql.SQL(
            "ALTER TABLE {} ALTER COLUMN sealed SET STORAGE EXTERNAL, ALTER sealed SET STATISTICS 0"
        )
        await tx.conn.execute(quiet.format(name))


async def drop_over(tx: Tx, fixed: Fixed, now: datetime) -> tuple[str, ...]:
    """Drop the partitions of a class in which everything is over; return their names.

    A class that is counted first is emptied by the worker, row by row, and keeps its empty partitions.
    """
    if fixed.then is Outcome.ANONYMISE:
        return ()
    return await expire(tx, growing(fixed), fixed.first_kept(now))
