"""Which of the vault's tables grow, and how they are split by time. `troth.db.partitions` splits them."""

from __future__ import annotations

from troth.db.partitions import Every, Growing

GROWING = (
    Growing("event_block_purpose", "at_day", Every.MONTH, unmeasured=("sealed",)),
    Growing("reading_seen", "at_day", Every.DAY),
)
