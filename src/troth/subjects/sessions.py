"""Sessions: who is signed in, for how long, and signing out. The token is shown once and kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from troth.db import Tx
from troth.subjects import tokens
from troth.subjects.sql import QUERIES
from troth.terms import SubjectId, TrothError

LASTS = timedelta(days=30)
_NAMED = b"troth session|"


class NotSignedIn(TrothError):
    """not signed in, or no longer: sign in again"""


class NoSuchSession(TrothError):
    """no such sign-in, or it has ended: see the list"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner gets it, this once."""

    subject: SubjectId
    expires: datetime
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as its owner finds it again: since when, until when, and whether it is the one that asks."""

    session: UUID
    started: datetime
    expires: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class _Row:
    token_hash: bytes = field(repr=False)
    started: datetime
    expires: datetime


async def begin(tx: Tx, subject: SubjectId, now: datetime) -> Session:
    """Sign ``subject`` in."""
    token = tokens.new(subject)
    session = Session(subject, now + LASTS, token.text)
    await tx.run(
        QUERIES["begin_session"],
        {"subject": subject, "token_hash": token.hash, "now": now, "expires": session.expires},
    )
    return session


async def who(tx: Tx, text: str, now: datetime) -> SubjectId:
    """Return whose session this is; raises `NotSignedIn`."""
    token = tokens.read(text)
    if token is not None:
        params = {"subject": token.owner, "token_hash": token.hash, "now": now}
        if await tx.value(QUERIES["session"], params) is not None:
            return SubjectId(token.owner)
    raise NotSignedIn


async def is_of(tx: Tx, text: str, subject: SubjectId, now: datetime) -> bool:
    """Tell whether this is a session of ``subject`` that goes on."""
    try:
        return await who(tx, text, now) == subject
    except NotSignedIn:
        return False


async def end(tx: Tx, text: str) -> None:
    """Sign out; harmless when it has ended already."""
    token = tokens.read(text)
    if token is not None:
        await tx.run(QUERIES["end_session"], {"subject": token.owner, "token_hash": token.hash})


async def end_all(tx: Tx, subject: SubjectId) -> int:
    """Sign out everywhere; return how many sessions ended."""
    return await tx.run(QUERIES["end_sessions"], {"subject": subject})


async def listed(tx: Tx, text: str, subject: SubjectId, now: datetime) -> Sequence[SessionLine]:
    """Return where ``subject`` is signed in, the newest first; ``text`` is the token of whoever asks."""
    here = tokens.read(text)
    found = await tx.rows(_Row, QUERIES["sessions"], {"subject": subject, "now": now})
    return tuple(
        SessionLine(_name(each.token_hash), each.started, each.expires, here=_is(here, each.token_hash))
        for each in found
    )


async def end_one(tx: Tx, subject: SubjectId, session: UUID, now: datetime) -> None:
    """Sign out there. Raises `NoSuchSession`."""
    for each in await tx.rows(_Row, QUERIES["sessions"], {"subject": subject, "now": now}):
        if _name(each.token_hash) == session:
            await tx.run(QUERIES["end_session"], {"subject": subject, "token_hash": each.token_hash})
            return
    raise NoSuchSession


def _name(token_hash: bytes) -> UUID:
    """Return what a session is called: neither its token nor the hash that stands for it."""
    return UUID(bytes=hashlib.sha256(_NAMED + token_hash).digest()[:16])


def _is(token: tokens.Token | None, token_hash: bytes) -> bool:
    return token is not None and hmac.compare_digest(token.hash, token_hash)


async def purge(tx: Tx, now: datetime) -> int:
    """Drop sessions that have expired."""
    return await tx.run(QUERIES["purge_sessions"], {"now": now})
