"""Telling the other processes that something about a subject has changed: after the commit, by opaque id.

A hint, never the truth: whoever hears it reads the standing again, and whoever misses it asks the gate
anyway. So a broker that is away is no reason to fail what has been committed.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import nats
from nats.errors import Error as NatsError

from troth.terms import SubjectId

if TYPE_CHECKING:
    from nats.aio.client import Client

LOG = logging.getLogger("troth.bus")
_NATS: Any = nats  # it types its options loosely
_PATIENCE_S = 2


class Bus(Protocol):
    """Where changes are told."""

    async def changed(self, subject: SubjectId) -> None:
        """Tell that the standing of ``subject`` has changed; never raises."""
        ...

    def connected(self) -> bool:
        """Return whether somebody could hear."""
        ...

    async def close(self) -> None:
        """Stop telling."""
        ...


class Silence:
    """A bus without a broker: for commands that run alone."""

    async def changed(self, subject: SubjectId) -> None:
        """Tell nobody."""

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

    async def changed(self, subject: SubjectId) -> None:
        """Tell it; a broker that is away costs a line in the log."""
        try:
            await self._client.publish(f"troth.changed.{subject}", b"")
            await self._client.flush(timeout=_PATIENCE_S)
        except (NatsError, OSError, TimeoutError) as error:
            LOG.warning("nobody was told of a change: %s", type(error).__name__)

    def connected(self) -> bool:
        """Return whether the broker is there."""
        return bool(self._client.is_connected)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()
