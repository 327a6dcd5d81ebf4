"""What must be true before a system opens: its keys, its schema, and room for what grows.

Run by the role that owns the schema, once at the start; the system itself never has that role.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from psycopg import AsyncConnection, OperationalError

from troth.app import objects, policies
from troth.app.clock import OffsetClock, SystemClock
from troth.app.settings import BadSetting, dsn_variable
from troth.app.stores import UnfitStore
from troth.app.system import SIGNING
from troth.db import Database, Role, migrate
from troth.db.fit import Unfit, demand_fit
from troth.db.partitions import ensure
from troth.db.roles import WORKING
from troth.ledger.signing import Signer
from troth.policy.compiled import Compiled
from troth.retention.retention import fixed_classes
from troth.terms import PolicyName
from troth.vault import FolderKeyring
from troth.vault.growth import GROWING, drop_over, growing, make_class

if TYPE_CHECKING:
    from troth.app.settings import Settings

BEHIND = timedelta(days=31)
AHEAD = timedelta(days=62)
_PATIENCE_S = 10
_REMEDIES = {
    "no encryption": "the server wants TLS, so write sslmode=verify-full and sslrootcert=",
    "certificate verify failed": "name the file of the authority that signed its certificate as sslrootcert=",
    "does not match host name": "write the name that its certificate is for as host=",
    "server does not support SSL": "switch ssl on in its postgresql.conf",
}
"""What to do, by what libpq and the server say."""


InForce = Mapping[PolicyName, Mapping[int, Compiled]]


async def prepare(settings: Settings, in_force: InForce | None = None) -> None:
    """Bring the schema up to date and make partitions ahead. Raises `BadSetting`, `MigrationChanged`.

    ``in_force`` are the policies, from who has read them already.
    """
    if settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: name the role that owns the schema, for migrations")
    # Made here, once, so that processes that start side by side find the same keys.
    FolderKeyring.create(settings.keyring, settings.keyring_root)
    Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    try:
        await objects.prove(settings.store)
    except UnfitStore as unfit:
        raise BadSetting(str(unfit)) from None
    await fit(settings, Role.OWNER)
    await migrate(settings.owner_dsn)
    for role in sorted(WORKING):
        await fit(settings, role)
    await make_room(settings, in_force)


async def fit(settings: Settings, role: Role) -> None:
    """Sign in as ``role`` and look whether the server may be used. Raises `BadSetting` with what to do."""
    name = dsn_variable(role)
    try:
        conn = await AsyncConnection.connect(settings.dsn_of(role) or "", connect_timeout=_PATIENCE_S)
    except OperationalError as error:
        said = " ".join(str(error).split())
        remedy = next((f": {what}" for sign, what in _REMEDIES.items() if sign in said), "")
        raise BadSetting(
            f"{role} cannot sign in to the database; {name} says how (docs/howto/database.md): {said}{remedy}"
        ) from error
    async with conn:
        try:
            await demand_fit(conn)
        except Unfit as unfit:
            raise BadSetting(f"{name}: {unfit}") from unfit


async def make_room(settings: Settings, in_force: InForce | None = None) -> None:
    """Make the partitions that are missing ahead of today. Each table is a transaction of its own.

    Cut short, or run by two at once, it leaves whole partitions or none. Raises what the database raises:
    rows then go to the rest partition, and the next run moves them.
    """
    clock = OffsetClock(settings.clock) if settings.clock else SystemClock()
    today = clock.now().date()
    async with Database(settings.owner_dsn or "", size=1) as db:
        for each in GROWING:
            async with db.transaction() as tx:
                await ensure(tx, each, today - BEHIND, today + AHEAD)
        await _classes(db, in_force or policies.in_force(settings.policies), clock.now())


async def _classes(db: Database, in_force: InForce, now: datetime) -> None:
    """Make room for what is kept for a fixed time, and drop the partitions in which everything is over."""
    every = [each for versions in in_force.values() for each in versions.values()]
    for fixed in fixed_classes(every):
        async with db.transaction() as tx:
            await make_class(tx, fixed)
        async with db.transaction() as tx:
            await ensure(tx, growing(fixed), fixed.first_kept(now), now.date() + AHEAD)
        async with db.transaction() as tx:
            await drop_over(tx, fixed, now)
