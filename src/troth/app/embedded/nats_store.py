"""What lies in the broker's store: proves that it is sealed, and caps what devices could leave in it.

Decides whether the broker may be used. The server starts unencrypted without a word when its key is
empty, so neither its configuration nor its log is believed: a marker is put in and looked for on disk.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from troth.terms import TrothError

if TYPE_CHECKING:
    from pathlib import Path

    from nats.aio.client import Client

_PROOF = "TROTH_PROOF"
_RETAINED = "$MQTT_rmsgs"
_RETAINED_SUBJECT = "$MQTT.rmsgs.>"
_FLUSHED_S = 5.0
_POLL_S = 0.02


class NotEncrypted(TrothError):
    """the stream store can be read without its key"""


def jetstream(nc: Client, *, timeout_s: float) -> Any:
    """Return the stream context, untyped: nats-py types its options loosely."""
    untyped: Any = nc
    return untyped.jetstream(timeout=timeout_s)


async def prove_encrypted(js: Any, store: Path) -> None:
    """Put a marker into a stream and look for it under ``store``, as whoever steals the disk would."""
    marker = secrets.token_hex(2048).encode()
    await _drop(js, _PROOF)
    await js.add_stream(StreamConfig(name=_PROOF, subjects=[_PROOF], storage=StorageType.FILE))
    try:
        await js.publish(_PROOF, marker)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _FLUSHED_S
        while not _written(store, len(marker)):
            if loop.time() > deadline:
                raise NotEncrypted("the stream store could not be examined: no message reached the disk")
            await asyncio.sleep(_POLL_S)
        shown = _holding(store, marker[:64])
    finally:
        await _drop(js, _PROOF)
    if shown:
        raise NotEncrypted(
            f"the stream store can be read without its key (a marker stood in {shown[0].name}): "
            "check that stream.key in the keyring's broker folder holds a key and that nats.conf names it"
        )


async def cap_retained(js: Any) -> None:
    """Make the stream of retained messages before the server does, too small for any.

    Devices retain nothing: what is retained outlives its device, and the default has no limit.
    """
    config = StreamConfig(
        name=_RETAINED,
        subjects=[_RETAINED_SUBJECT],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        max_msgs_per_subject=1,
        max_msgs=1,
        max_msg_size=1,
        max_age=60,
    )
    try:
        await js.stream_info(_RETAINED)
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)


async def _drop(js: Any, stream: str) -> None:
    try:
        await js.delete_stream(stream)
    except NotFoundError:
        return


def _written(store: Path, size: int) -> bool:
    return any(path.stat().st_size >= size for path in store.glob(f"**/{_PROOF}/msgs/*.blk"))


def _holding(store: Path, needle: bytes) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file() and needle in path.read_bytes()]
