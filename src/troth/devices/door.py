"""Where the device edge comes in: each call is one transaction, and a database that is away says so.

The edges know nothing of transactions. Decides nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from troth.db import Database, NothingCommitted, Tx
from troth.devices.batch import Ack, Apart, Batch, Entangled, Refusal, Sent
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

    def stale(self, subject: SubjectId) -> None:
        """Let go of what was read of a subject's standing."""
        self._devices.stale(subject)

    async def ingest(self, token: str, function: FunctionName, batch: Batch) -> Ack:
        """Store what may be stored of one batch and commit; only then return. Raises `Malformed`."""
        (outcome,) = await self.ingest_each([Sent(token, function, batch)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def ingest_each(self, sent: Sequence[Sent]) -> list[Ack | Exception]:
        """Store what may be stored of each batch and commit; only then return, what became of each in order.

        One transaction for all of them. A batch that cannot be taken leaves the others as they are: what is
        wrong with it stands in its place. It never raises what concerns one batch only.
        """
        said: dict[int, Ack | Exception] = {}
        left = dict(enumerate(sent))
        while left:
            try:
                async with self._transaction() as tx:
                    taken = await self._devices.ingest_each(tx, [*left.values()])
            except Apart as apart:
                places = list(left)
                out = {places[n]: (error, left.pop(places[n])) for n, error in apart.which.items()}
                said |= {place: error for place, (error, _) in out.items()}
                entangled = {p: one for p, (error, one) in out.items() if isinstance(error, Entangled)}
                said |= await self._alone(entangled)
            except Unavailable as away:
                said |= dict.fromkeys(left, away)
                left = {}
            except Exception as error:  # noqa: BLE001 - whosever fault it is, the others are not to suffer
                said |= dict.fromkeys(left, error) if len(left) == 1 else await self._alone(left)
                left = {}
            else:
                said |= dict(zip(left, taken, strict=True))
                left = {}
        return [said[place] for place in range(len(sent))]

    async def _alone(self, sent: Mapping[int, Sent]) -> Mapping[int, Ack | Exception]:
        """Take each batch in a transaction of its own."""
        return {place: (await self.ingest_each([one]))[0] for place, one in sent.items()}

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
