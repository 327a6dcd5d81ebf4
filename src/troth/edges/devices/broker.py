"""Connecting to the broker as one of our own services; it comes back by itself when the broker does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client

_NATS: Any = nats  # it types its options loosely
_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, its accounts, and the seed files of our services there."""

    url: str
    worker_seed: Path
    callout_seed: Path
    system_seed: Path
    issuer_seed: Path
    account: str = "TROTH"


async def connect(
    url: str, seed: Path, name: str, back: Callable[[], Awaitable[None]] | None = None
) -> Client:
    """Connect as the user of ``seed``, however long that takes, and stay connected.

    ``back`` is called whenever the connection was lost and is there again.
    """

    async def quiet(_error: Exception) -> None:
        """Say nothing: what goes wrong is raised as well, and a broker's words may hold an address."""

    client: Client = await _NATS.connect(
        url,
        name=name,
        nkeys_seed=str(seed),
        max_reconnect_attempts=-1,
        reconnect_time_wait=_WAIT_S,
        error_cb=quiet,
        reconnected_cb=back,
    )
    return client
