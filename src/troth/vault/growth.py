"""Which of the vault's tables grow, and how they are split by time. `troth.db.partitions` splits them."""

from __future__ import annotations

from datetime import date, timedelta

from troth.db import Tx
from troth.db.partitions import Every, Growing, ensure

GROWING = (  # in the order in which a batch is stored, so that splitting and storing never wait in a ring
    Growing("reading_seen", "at_day", Every.DAY),
    Growing("event_block_purpose", "at_day", Every.MONTH, unmeasured=("sealed",)),
)
BEHIND = timedelta(days=7)
"""How late devices usually send; what is later still lands in the default partitions."""
AHEAD = timedelta(days=7)


async def prepare(tx: Tx, today: date) -> tuple[str, ...]:
    """Make the partitions that ``today`` and the days around it need; return those that were missing.

    To be run at the start and daily, as the role that owns the tables.
    """
    made: list[str] = []
    for growing in GROWING:
        made.extend(await ensure(tx, growing, today - BEHIND, today + AHEAD))
    return tuple(made)
