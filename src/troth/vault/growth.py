"""Which of the vault's tables grow, and how they are split by time. `troth.db.partitions` splits them."""

from __future__ import annotations

from troth.db.partitions import Every, Growing

GROWING = (  # in the order in which a batch is stored, so that splitting and storing never wait in a ring
    Growing("reading_seen", "at_day", Every.DAY),
    Growing("event_block_purpose", "at_day", Every.MONTH, unmeasured=("sealed",)),
)
