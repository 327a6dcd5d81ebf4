"""The durable stream between the broker and the workers, and the one consumer that they share.

A message leaves the stream when a worker has committed or given it up. When the stream is full, new messages
are refused: devices keep theirs until they hear of a commit.
"""

from __future__ import annotations

from dataclasses import dataclass

from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from troth.edges.devices.pull import Pull
from troth.edges.devices.topics import DURABLE, EVERYTHING_UP, STREAM


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a worker may take, how much may wait for workers, and for how long."""

    ack_wait_s: float = 5
    max_bytes: int = 1 << 30
    max_age_s: float = 7 * 24 * 3600
    max_ack_pending: int = 8192


async def prepare(client: Client, limits: Limits) -> Pull:
    """Make the stream and its consumer when they are not there; return what takes messages from it."""
    js = client.jetstream()  # pyright: ignore[reportUnknownMemberType]
    stream = StreamConfig(
        name=STREAM,
        subjects=[EVERYTHING_UP],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_bytes=limits.max_bytes,
        max_age=limits.max_age_s,
    )
    await js.add_stream(stream)  # pyright: ignore[reportUnknownMemberType]
    consumer = ConsumerConfig(
        durable_name=DURABLE,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=limits.ack_wait_s,
        max_ack_pending=limits.max_ack_pending,
        max_deliver=-1,  # giving up is the worker's decision, and counted
    )
    await js.add_consumer(STREAM, consumer)  # pyright: ignore[reportUnknownMemberType]
    pull = Pull(client, STREAM, DURABLE)
    await pull.open()
    return pull
