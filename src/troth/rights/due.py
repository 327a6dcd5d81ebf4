"""Deadlines as rows: what was asked, from when the time runs, by when it is answered.

Compared with a time parameter, never by a timer. n days are n times 24 hours from the start event. Decides
nothing about a request; says which are late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth import ledger
from troth.ledger import EntryKind, NewEntry
from troth.rights.sql import QUERIES
from troth.terms import PolicyName, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.vault.erasure import Erasure

DEFAULT_DAYS = 15
"""Where a policy names a right and no figure (the catalogue's X01)."""


class Outcome(StrEnum):
    """How a request ended."""

    MET = "met"
    REFUSED = "refused"


class Ground(StrEnum):
    """Why a request may be refused. Closed: no other ground can be chosen."""

    DUTY = "duty"
    SECURITY = "security"
    PUBLIC = "public"
    CRIMINAL = "criminal"
    MALICE = "malice"
    LIFE = "life"
    HARM = "harm"
    SECRETS = "secrets"
    REPEATED = "repeated"
    TECHNICAL = "technical"
    RISK_TO_OTHERS = "risk_to_others"
    UNREALISTIC = "unrealistic"


class NoSuchRequest(TrothError):
    """no such request, or it was answered already"""


class NoSuchRight(TrothError):
    """the policy knows no such right: see which it lists"""


class GroundMissing(TrothError):
    """a refusal names one of the listed grounds, and an answer that meets the request names none"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its deadline."""

    subject: SubjectId
    due: UUID
    kind: str
    policy: PolicyName
    received: datetime
    at: datetime
    done: datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """An erasure that should have its certificate by then."""

    erasure: UUID
    at: datetime


def deadline(compiled: Compiled, right: str, received: datetime) -> datetime:
    """Return by when a request for ``right`` is answered."""
    clause = compiled.rights.get(right)
    days = clause.deadline_days if clause else None
    return received + timedelta(days=DEFAULT_DAYS if days is None else days)


async def receive(
    tx: Tx, compiled: Compiled, subject: SubjectId, right: str, *, received: datetime, now: datetime
) -> Request:
    """Take up a request that came in at ``received``, put it on record and start its time.

    Raises `NoSuchRight`, `NoSuchSubject`.
    """
    if right not in compiled.rights:
        raise NoSuchRight
    if await ledger.standing(tx, subject, lock=True) is None:
        raise ledger.NoSuchSubject
    made = Request(
        subject, uuid4(), right, compiled.policy.name, received, deadline(compiled, right, received), None
    )
    await tx.run(
        QUERIES["receive"],
        {
            "subject": subject,
            "due": made.due,
            "kind": right,
            "policy": made.policy,
            "received": received,
            "at": made.at,
        },
    )
    await _put_on_record(tx, made, EntryKind.REQUEST, now, {})
    return made


async def answer(
    tx: Tx, subject: SubjectId, due: UUID, outcome: Outcome, *, now: datetime, ground: Ground | None = None
) -> None:
    """Close a request. Raises `NoSuchRequest`, `GroundMissing`."""
    if (outcome is Outcome.REFUSED) != (ground is not None):
        raise GroundMissing
    params = {"subject": subject, "due": due, "now": now, "outcome": outcome.value}
    request = await tx.row(Request, QUERIES["answer"], params)
    if request is None:
        raise NoSuchRequest
    said: dict[str, str | int] = {"outcome": outcome.value}
    if ground is not None:
        said["ground"] = ground.value
    await _put_on_record(tx, request, EntryKind.ANSWERED, now, said)


async def requests_of(tx: Tx, subject: SubjectId) -> tuple[Request, ...]:
    """Return every request of a subject, oldest first."""
    return tuple(await tx.rows(Request, QUERIES["requests_of"], {"subject": subject}))


async def overdue(tx: Tx, now: datetime) -> tuple[Request, ...]:
    """Return the unanswered requests whose time has run out by ``now``, the latest first."""
    return tuple(await tx.rows(Request, QUERIES["overdue"], {"now": now}))


async def owe(tx: Tx, erasure: UUID, at: datetime) -> None:
    """Note by when an erasure has its certificate; noted again, the first date stands."""
    await tx.run(QUERIES["owe"], {"erasure": erasure, "at": at})


async def owed(tx: Tx, erasure: Erasure, now: datetime) -> tuple[Owed, ...]:
    """Return the erasures that are late; those certified meanwhile are ticked off."""
    late: list[Owed] = []
    for one in await tx.rows(Owed, QUERIES["owed"], {"now": now}):
        certified = (await erasure.look(tx, one.erasure)).certified_at
        if certified is not None:
            await tx.run(QUERIES["settle"], {"erasure": one.erasure, "done": certified})
        if certified is None or certified > one.at:
            late.append(one)
    return tuple(late)


async def _put_on_record(
    tx: Tx, request: Request, kind: EntryKind, now: datetime, said: dict[str, str | int]
) -> None:
    entry = NewEntry(
        kind=kind,
        at=now,
        policy=request.policy,
        subject=request.subject,
        details={"right": request.kind, "request": str(request.due)} | said,
    )
    await ledger.append(tx, entry)
