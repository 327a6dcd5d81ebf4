"""Where the device edge comes in: each call is one transaction, and a database that is away says so.

The edges know nothing of transactions. Decides nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from troth.db import Database, NothingCommitted, Tx
from troth.devices.batch import Ack, Batch, Refusal
from troth.devices.registry import Devices, Known
from troth.terms import FunctionName, SubjectId, TrothError


class Unavailable(TrothError):
    """the database does not answer: try again later"""


class DeviceDoor:
    """The registry, one transaction per call. Every method may raise `Unavailable`."""

    def __init__(self, db: Database, devices: Devices) -> None:
        self._db = db
        self._devices = devices

    async def knows(self, token: str, secret: str) -> Known | Refusal:
        """Return whose device this is and what it may send now, or why it is turned away."""
        async with self._transaction() as tx:
            return await self._devices.knows(tx, token, secret)

    async def functions(self, subject: SubjectId) -> Mapping[str, frozenset[FunctionName]]:
        """Return what each device of a subject may send now, by token."""
        async with self._transaction() as tx:
            return await self._devices.functions(tx, subject)

    async def ingest(self, token: str, function: FunctionName, batch: Batch) -> Ack:
        """Store what may be stored and commit; only then return. Raises `Malformed`."""
        async with self._transaction() as tx:
            return await self._devices.ingest(tx, token, function, batch)

    async def turned_away(self, why: Refusal) -> None:
        """Count a connection or message that was refused before the gate."""
        async with self._transaction() as tx:
            await self._devices.turned_away(tx, why)

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[Tx]:
        try:
            async with self._db.transaction() as tx:
                yield tx
        except (OperationalError, InterfaceError, PoolTimeout, NothingCommitted) as error:
            raise Unavailable from error
