"""Which connections devices have, and the end of those that may no longer be what they were allowed.

The broker fixes a connection's rights when it lets it in, so a change of rights is a kick: the device comes
back at once and is asked about anew. Remembers what each connection was granted, by this link or another; one
that it knows nothing of (granted before a restart) is kicked when its owner's standing changes, to be on the
safe side. An allowance that is still under way when the change comes is kicked as well.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from troth.terms import FunctionName, SubjectId

_LISTING = "$SYS.REQ.SERVER.PING.CONNZ"
_LISTING_S = 0.5
_QUIET_S = 0.2
"""How long after one server's answer another's is waited for."""
_DELIVERED_S = 2
_GRANTED = "troth.granted"
_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Granted:
    """What one connection, by server and number, was allowed."""

    subject: SubjectId
    server: str
    connection: int
    functions: frozenset[FunctionName]


class _Connection(msgspec.Struct):
    cid: int
    mqtt_client: str = ""


class _Listed(msgspec.Struct):
    server_id: str
    connections: list[_Connection] = []


class _Listing(msgspec.Struct):
    data: _Listed | None = None


class _Told(msgspec.Struct):
    token: str
    subject: UUID
    server: str
    connection: int
    functions: list[str]


_decoder = msgspec.json.Decoder(_Listing)
_told = msgspec.json.Decoder(_Told)


class Connections:
    """Talks to the broker's system account."""

    def __init__(self, system: Client) -> None:
        self._system = system
        self._granted: OrderedDict[str, Granted] = OrderedDict()
        self._of: dict[SubjectId, set[str]] = {}
        self._changed: OrderedDict[SubjectId, int] = OrderedDict()
        self._changes = 0
        self._missed = 0

    async def listen(self) -> None:
        """Hear from now on what other links grant."""
        await self._system.subscribe(_GRANTED, cb=self._hear)  # pyright: ignore[reportUnknownMemberType]

    async def _hear(self, message: Msg) -> None:
        with suppress(msgspec.MsgspecError):
            told = _told.decode(message.data)
            functions = frozenset(FunctionName(function) for function in told.functions)
            self._remember(
                told.token, Granted(SubjectId(told.subject), told.server, told.connection, functions)
            )

    def mark(self) -> int:
        """Return how many changes were seen. To be taken before a standing is read."""
        return self._changes

    async def grant(self, token: str, granted: Granted, mark: int) -> None:
        """Remember what a connection is being allowed; kick it if the standing changed since ``mark``."""
        self._remember(token, granted)
        functions = sorted(granted.functions)
        told = _Told(token, granted.subject, granted.server, granted.connection, list[str](functions))
        await self._system.publish(_GRANTED, msgspec.json.encode(told))  # pyright: ignore[reportUnknownMemberType]
        if max(self._changed.get(granted.subject, 0), self._missed) > mark:
            await self._kick(granted.server, granted.connection)

    def missed(self) -> tuple[SubjectId, ...]:
        """Take it that changes were missed; return whose devices were granted anything, to be looked at.

        What is being granted meanwhile is kicked.
        """
        self._changes += 1
        self._missed = self._changes
        return tuple(self._of)

    async def delivered(self) -> None:
        """Return once the broker has what it was told; raise when it is away."""
        await self._system.flush(timeout=_DELIVERED_S)

    async def changed(self, subject: SubjectId, now: Mapping[str, frozenset[FunctionName]]) -> None:
        """End every connection of ``subject`` that was granted something else than ``now`` says, by token."""
        self._changes += 1
        self._changed[subject] = self._changes
        self._changed.move_to_end(subject)
        if len(self._changed) > _REMEMBERED:
            self._changed.popitem(last=False)
        await self.kick_changed(subject, now)
        await self._kick_unknown(subject)

    async def kick_changed(self, subject: SubjectId, now: Mapping[str, frozenset[FunctionName]]) -> None:
        """End those connections of ``subject`` that are known to have been granted something else."""
        for token in tuple(self._of.get(subject, ())):
            granted = self._granted[token]
            if granted.functions != now.get(token):
                await self._kick(granted.server, granted.connection)

    async def _kick_unknown(self, subject: SubjectId) -> None:
        """Kick those connections of ``subject`` that no link told of."""
        inbox = self._system.new_inbox()
        replies = await self._system.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType]
        try:
            ask = msgspec.json.encode({"auth": True, "user": str(subject)})
            await self._system.publish(_LISTING, ask, reply=inbox)  # pyright: ignore[reportUnknownMemberType]
            wait_s = _LISTING_S
            async with asyncio.timeout(_LISTING_S):
                while True:
                    listed = _decoder.decode((await replies.next_msg(timeout=wait_s)).data).data
                    wait_s = _QUIET_S
                    if listed is None:
                        continue
                    for one in listed.connections:
                        known = self._granted.get(one.mqtt_client)
                        if known is None or known.connection < one.cid or known.server != listed.server_id:
                            await self._kick(listed.server_id, one.cid)
        except (TimeoutError, NatsError, msgspec.MsgspecError):
            return
        finally:
            await replies.unsubscribe()

    async def _kick(self, server: str, connection: int) -> None:
        body = msgspec.json.encode({"cid": connection})
        # The broker ignores a request that names nobody to answer.
        await self._system.publish(  # pyright: ignore[reportUnknownMemberType]
            f"$SYS.REQ.SERVER.{server}.KICK", body, reply=self._system.new_inbox()
        )

    def _remember(self, token: str, granted: Granted) -> None:
        self._forget(token)
        self._granted[token] = granted
        self._of.setdefault(granted.subject, set()).add(token)
        if len(self._granted) > _REMEMBERED:
            self._forget(next(iter(self._granted)))

    def _forget(self, token: str) -> None:
        gone = self._granted.pop(token, None)
        if gone is not None:
            self._of[gone.subject].discard(token)
            if not self._of[gone.subject]:
                del self._of[gone.subject]
