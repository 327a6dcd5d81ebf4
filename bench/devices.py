"""Simulated devices for the benchmarks: MQTT 3.1.1 over bare asyncio, as cheap as it gets, and their owners.

Knows the wire and nothing of what it measures. The owners are written straight into a system's tables,
through the packages that own them: what an owner does to get there is not what is measured.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from troth import ledger
from troth.app.system import System
from troth.devices import bound, credentials
from troth.devices.bound import BoundDevice
from troth.terms import Act, ActKind, DeviceId, FunctionName, ItemName, PolicyName, SubjectId

POLICY = PolicyName("sunmi-camera")
FLOW = FunctionName("customer_flow")
CROSSING = ItemName("line_crossing")
SHOP = ("store_name", "store_address")
_AT_ONCE = 6
_CONNACK, _PUBLISH, _PUBACK = 0x20, 0x30, 0x40
_ACCEPTED = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with one device, and what it shows the broker."""

    subject: SubjectId
    device: DeviceId
    token: str
    secret: str = field(repr=False)


_HOUR = timedelta(hours=1)


async def owners(system: System, n: int, *, ago: timedelta = _HOUR) -> list[Owner]:
    """Make ``n`` owners, each of one camera whose customer flow is chosen, an hour ago."""
    made: list[Owner] = []
    while len(made) < n:  # a few at a time, as many as there are connections to spare
        made += await asyncio.gather(*(owner(system, ago) for _ in range(min(_AT_ONCE, n - len(made)))))
    return made


async def owner(system: System, ago: timedelta, subject: SubjectId | None = None) -> Owner:
    """Make one; ``subject`` is somebody who has accepted the policy already."""
    compiled = max(system.policies[POLICY].items())[1]
    at, device, secret = system.clock.now() - ago, DeviceId(uuid4()), credentials.new_secret()
    shown = Act(
        kind=ActKind.SHOWN,
        policy=POLICY,
        at=at,
        version=compiled.policy.version,
        language="en",
        text_hash="a" * 64,
    )
    adult = Act(kind=ActKind.DECLARED_ADULT, policy=POLICY, at=at)
    steps = (
        Act(kind=ActKind.SUPPLIED, policy=POLICY, at=at, need="camera", device=device),
        *(Act(kind=ActKind.SUPPLIED, policy=POLICY, at=at, function=FLOW, item=ItemName(i)) for i in SHOP),
        Act(kind=ActKind.CHOSEN, policy=POLICY, at=at, function=FLOW),
    )
    async with system.db.transaction() as tx:
        if subject is None:
            subject = await ledger.new_subject(tx)
            steps = (shown, replace(shown, kind=ActKind.ACCEPTED), adult, *steps)
        for step in steps:
            await ledger.record(tx, subject, step)
        made = BoundDevice(
            subject=subject,
            device=device,
            policy=POLICY,
            token=credentials.new_token(),
            secret_hash=credentials.secret_hash(secret),
            stock_epoch=1,
            stock_tag=bytes(32),
            bound_day=date(2026, 1, 1),
        )
        await bound.add(tx, made)
    return Owner(subject, device, made.token, secret)


def reading() -> bytes:
    """Return a batch of one reading, measured now: about 200 bytes."""
    at = datetime.now(UTC).isoformat()
    return (
        f'{{"id":"{uuid4()}","readings":[{{"id":"{uuid4()}","item":"{CROSSING}","at":"{at}",'
        '"value":{"line":"door","direction":"in"}}]}'
    ).encode()


class Link(asyncio.Protocol):
    """One connection of a device. ``heard`` gets each acknowledgement, ``lost`` the moment it ended."""

    def __init__(self, owner: Owner, heard: Callable[[bytes], None], took: Callable[[], None]) -> None:
        self._owner = owner
        self._heard = heard
        self._took = took
        self._rest = b""
        self._ids = 0
        self.let_in: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._wire: asyncio.Transport | None = None

    @classmethod
    async def open(
        cls, port: int, owner: Owner, heard: Callable[[bytes], None], took: Callable[[], None] = lambda: None
    ) -> Link:
        """Connect, subscribe to the acknowledgements and return once let in; raise `PermissionError`."""
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: cls(owner, heard, took), "127.0.0.1", port)
        if not await link.let_in:
            raise PermissionError("the broker refused this device")
        return link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who it is, and what it wants to hear."""
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        token, secret = self._owner.token, self._owner.secret
        body = _text("MQTT") + b"\x04\xc2" + struct.pack("!H", 60) + _text(token) * 2 + _text(secret)
        wants = struct.pack("!H", 1) + _text(f"down/{token}/ack") + b"\x00"
        transport.write(_packet(0x10, body) + _packet(0x82, wants))

    def send(self, payload: bytes, function: FunctionName = FLOW) -> None:
        """Publish with QoS 1."""
        self._ids = self._ids % 65535 + 1
        topic = _text(f"up/{self._owner.token}/{function}")
        if self._wire is not None and not self._wire.is_closing():
            self._wire.write(_packet(0x32, topic + struct.pack("!H", self._ids) + payload))

    def data_received(self, data: bytes) -> None:
        """Take packets apart as they come."""
        data = self._rest + data
        at, end = 0, len(data)
        while at + 2 <= end:
            length, start = _length(data, at + 1)
            if start < 0 or start + length > end:
                break
            self._take(data[at] & 0xF0, data[start : start + length])
            at = start + length
        self._rest = data[at:]

    def _take(self, kind: int, body: bytes) -> None:
        if kind == _PUBLISH:
            self._heard(body[2 + int.from_bytes(body[:2]) :])
        elif kind == _PUBACK:
            self._took()
        elif kind == _CONNACK and not self.let_in.done():
            self.let_in.set_result(body == _ACCEPTED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's own signature
        """Note when."""
        if not self.let_in.done():
            self.let_in.set_result(False)
        if not self.lost.done():
            self.lost.set_result(time.monotonic())

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def _packet(head: int, body: bytes) -> bytes:
    n, length = len(body), bytearray()
    while True:
        n, low = divmod(n, 128)
        length.append(low | (0x80 if n else 0))
        if not n:
            return bytes([head]) + length + body


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a packet's length and where its body starts; -1 when the rest has not come yet."""
    n = shift = 0
    for place in range(at, min(at + 4, len(data))):
        n |= (data[place] & 0x7F) << shift
        shift += 7
        if not data[place] & 0x80:
            return n, place + 1
    return 0, -1
