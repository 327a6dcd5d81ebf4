"""What must be true before a system opens: its keys, its schema, and room for what grows.

Run by the role that owns the schema, once at the start; the system itself never has that role.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth.app.clock import OffsetClock, SystemClock
from troth.app.settings import BadSetting
from troth.app.system import SIGNING, compiled_policies
from troth.db import Database, migrate
from troth.db.partitions import ensure
from troth.ledger.signing import Signer
from troth.retention.retention import fixed_classes
from troth.vault import Keyring
from troth.vault.growth import GROWING, drop_over, growing, make_class

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
        for each in GROWING:
            async with db.transaction() as tx:
                await ensure(tx, each, today - BEHIND, today + AHEAD)
        await _classes(db, clock.now())


async def _classes(db: Database, now: datetime) -> None:
    """Make room for what is kept for a fixed time, and drop the partitions in which everything is over."""
    every = [each for versions in compiled_policies().values() for each in versions.values()]
    for fixed in fixed_classes(every):
        async with db.transaction() as tx:
            await make_class(tx, fixed)
        async with db.transaction() as tx:
            await ensure(tx, growing(fixed), fixed.first_kept(now), now.date() + AHEAD)
        async with db.transaction() as tx:
            await drop_over(tx, fixed, now)
