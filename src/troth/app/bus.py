"""Telling the other processes that something about a subject has changed: after the commit, by opaque id.

A hint, never the truth: whoever hears it reads the standing again, and whoever misses it asks the gate
anyway. So a broker that is away is no reason to fail what has been committed: the change stays untold in the
database (`troth.ledger.telling`) and is told again until a link has dealt with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import nats
from nats.errors import Error as NatsError

from troth.ledger.telling import Change

if TYPE_CHECKING:
    from nats.aio.client import Client

LOG = logging.getLogger("troth.bus")
_NATS: Any = nats  # it types its options loosely
_PATIENCE_S = 2


class Bus(Protocol):
    """Where changes are told."""

    async def changed(self, change: Change) -> None:
        """Tell of a change and don't wait for anybody to hear; never raises."""
        ...

    async def heard(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Tell of ``changes``; return those that a link says it has dealt with. Never raises."""
        ...

    def connected(self) -> bool:
        """Return whether somebody could hear."""
        ...

    async def close(self) -> None:
        """Stop telling."""
        ...


class Silence:
    """A bus without a broker: for commands that run alone."""

    async def changed(self, change: Change) -> None:
        """Tell nobody."""

    async def heard(self, changes: Sequence[Change]) -> Sequence[Change]:  # noqa: ARG002 - it has no ears
        """Nobody hears."""
        return ()

    def connected(self) -> bool:
        """Nobody hears."""
        return False

    async def close(self) -> None:
        """Nothing to stop."""


class NatsBus:
    """The broker's account of ours, as a bus."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def connect(cls, url: str, seed: Path) -> NatsBus:
        """Connect, and keep connecting for as long as this process lives."""

        async def noted(error: Exception) -> None:
            LOG.warning("the broker is away: %s", type(error).__name__)

        client: Client = await _NATS.connect(
            url,
            nkeys_seed=str(seed),
            connect_timeout=_PATIENCE_S,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            error_cb=noted,
        )
        return cls(client)

    async def changed(self, change: Change) -> None:
        """Tell it at once, or leave it untold when the broker is away."""
        if not self._client.is_connected:
            return  # what is written now would wait in memory, and be told late or never
        try:
            await self._client.publish(_topic(change), change.generation.bytes)
        except (NatsError, OSError) as error:
            LOG.warning("nobody was told of a change: %s", type(error).__name__)

    async def heard(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Ask for an answer to each, all at once; a link answers when no connection has rights it lost."""
        if not self._client.is_connected:
            return ()
        answers = await asyncio.gather(*(self._heard(change) for change in changes))
        return [change for change, heard in zip(changes, answers, strict=True) if heard]

    async def _heard(self, change: Change) -> bool:
        try:
            await self._client.request(_topic(change), change.generation.bytes, timeout=_PATIENCE_S)
        except (NatsError, OSError, TimeoutError):  # nobody there, or not in time: it is told again
            return False
        return True

    def connected(self) -> bool:
        """Return whether the broker is there."""
        return bool(self._client.is_connected)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


def _topic(change: Change) -> str:
    return f"troth.changed.{change.subject}"
