"""What every door has: one transaction per call, one sentence when the database is away, word after commit.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from psycopg import OperationalError

from troth.ledger import telling
from troth.subjects import sessions
from troth.subjects.asking import Asking
from troth.terms import Denied, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.app.system import System
    from troth.db import Tx
    from troth.terms import PolicyName


class Unavailable(TrothError):
    """the database does not answer: try again in a moment, and see whether it was done already"""


class Doors:
    """The base of the doors of one system."""

    def __init__(self, system: System) -> None:
        self._system = system

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Tx]:
        """Open a transaction; raise `Unavailable` when there is no database to open it in."""
        async with self._answering(), self._system.db.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def _erasing(self) -> AsyncGenerator[Tx]:
        """Open a transaction as the role that may delete acts; raises as `_open` does."""
        async with self._answering(), self._system.eraser.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def _answering(self) -> AsyncGenerator[None]:
        """Turn a lost database into `Unavailable`, and count who is refused before the gate was asked.

        What the gate refuses is on record already.
        """
        try:
            yield
        except OperationalError:
            raise Unavailable from None  # its own text may quote values
        except Denied as denied:
            if isinstance(denied.__cause__, OperationalError):  # not a verdict: the gate could not read
                raise Unavailable from None
            raise
        except TrothError as refused:
            await self._system.tally.add(refused)
            raise

    async def _who(self, tx: Tx, token: str) -> SubjectId:
        """Return who is signed in; raises `NotSignedIn`."""
        return await sessions.who(tx, token, self._system.clock.now())

    async def _asking(self, tx: Tx, subject: SubjectId, policy: PolicyName | None = None) -> Asking:
        """Begin a question to the gate about ``subject``, under ``policy`` or that of their account.

        Whether they ever agreed to it, the gate says. Raises `NoSuchPolicy`.
        """
        under = await self._system.accounts.policy_of(tx, subject)
        if policy is not None:
            under = self._system.gate.policies.current(policy).policy.name
        return Asking(subject, under, self._system.settings.region, self._system.clock.now())

    async def _changed(self, subject: SubjectId) -> None:
        """Tell the other processes at once, after the commit. Should this be lost, `tell` tells again."""
        async with self._open() as tx:
            change = await telling.latest(tx, subject)
        if change is not None:
            await self._system.bus.changed(change)
