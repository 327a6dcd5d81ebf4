"""Requests as their table has them: reading, holding and moving one on. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth.policy.words import Moment
from troth.rights.sql import QUERIES
from troth.rights.steps import State
from troth.terms import PolicyName, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.db import Tx


class NoSuchRequest(TrothError):
    """no such request: see which there are"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: what has happened to it, and by when it is answered under which clause."""

    subject: SubjectId
    request: UUID
    kind: str
    policy: PolicyName
    version: int
    channel: str
    state: str
    received: datetime
    identity_verified: datetime | None = None
    checked: datetime | None = None
    applied: datetime | None = None
    at: datetime | None = None
    clause: str | None = None
    takes_effect: datetime | None = None
    fee: int | None = None
    about: UUID | None = None
    done: datetime | None = None
    ground: str | None = None
    said: bytes | None = field(default=None, repr=False)
    reply: bytes | None = field(default=None, repr=False)

    @property
    def stands(self) -> State:
        """Where it stands."""
        return State(self.state)

    @property
    def events(self) -> Mapping[str, datetime]:
        """What has happened that may start a clock."""
        happened = {
            Moment.RECEIVED.value: self.received,
            Moment.IDENTITY_VERIFIED.value: self.identity_verified,
            Moment.CHECKED.value: self.checked,
            Moment.APPLIED.value: self.applied,
        }
        return {moment: at for moment, at in happened.items() if at is not None}

    def late(self, now: datetime) -> bool:
        """Return whether its time is over and it has no answer."""
        return self.done is None and self.at is not None and self.at <= now


async def add(tx: Tx, request: Request) -> None:
    """Keep a new request."""
    await tx.run(QUERIES["receive"], _values(request))


async def save(tx: Tx, request: Request) -> None:
    """Keep where a request has come to. Raises `NoSuchRequest` for one that had ended."""
    if not await tx.run(QUERIES["step"], _values(request)):
        raise NoSuchRequest


async def held(tx: Tx, subject: SubjectId, request: UUID) -> Request:
    """Return one request of a subject, held until commit. Raises `NoSuchRequest`."""
    found = await tx.row(Request, QUERIES["request"], {"subject": subject, "request": request})
    if found is None:
        raise NoSuchRequest
    return found


async def whose(tx: Tx, request: UUID) -> SubjectId:
    """Return whom a request is of. Raises `NoSuchRequest`."""
    found = await tx.value(QUERIES["whose_request"], {"request": request})
    if found is None:
        raise NoSuchRequest
    return SubjectId(found)


async def requests_of(tx: Tx, subject: SubjectId) -> tuple[Request, ...]:
    """Return every request of a subject, oldest first."""
    return tuple(await tx.rows(Request, QUERIES["requests_of"], {"subject": subject}))


async def inbox(tx: Tx, limit: int) -> tuple[Request, ...]:
    """Return what waits for an answer, the most urgent first."""
    return tuple(await tx.rows(Request, QUERIES["inbox"], {"limit": limit}))


async def answered_before(tx: Tx, request: Request) -> bool:
    """Return whether the same person asked for the same before and was answered."""
    return await tx.value(QUERIES["answered_before"], _values(request)) is not None


def _values(request: Request) -> dict[str, object]:
    return {each.name: getattr(request, each.name) for each in fields(request)}
