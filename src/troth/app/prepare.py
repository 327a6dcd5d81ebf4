"""What must be true before a system opens: its keys, its schema, and room for what grows.

Run by the role that owns the schema, once at the start; the system itself never has that role.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.app.clock import OffsetClock, SystemClock
from troth.app.settings import BadSetting
from troth.app.system import SIGNING
from troth.db import Database, migrate
from troth.db.partitions import ensure
from troth.ledger.signing import Signer
from troth.vault import Keyring
from troth.vault.growth import GROWING

if TYPE_CHECKING:
    from troth.app.settings import Settings

BEHIND = timedelta(days=31)
AHEAD = timedelta(days=62)


async def prepare(settings: Settings) -> None:
    """Bring the schema up to date and make partitions ahead. Raises `BadSetting`, `MigrationChanged`."""
    if settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: name the role that owns the schema, for migrations")
    # Made here, once, so that processes that start side by side find the same keys.
    Keyring.create(settings.keyring)
    Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    await migrate(settings.owner_dsn)
    clock = OffsetClock(settings.clock) if settings.clock else SystemClock()
    today = clock.now().date()
    async with Database(settings.owner_dsn, size=1) as db:
        for growing in GROWING:
            async with db.transaction() as tx:
                await ensure(tx, growing, today - BEHIND, today + AHEAD)
