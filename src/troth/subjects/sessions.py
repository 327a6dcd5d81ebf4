"""Sessions: who is signed in, for how long, and signing out. The token is shown once and kept as a hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troth.db import Tx
from troth.subjects import tokens
from troth.subjects.sql import QUERIES
from troth.terms import SubjectId, TrothError

LASTS = timedelta(days=30)


class NotSignedIn(TrothError):
    """not signed in, or no longer: sign in again"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner gets it, this once."""

    subject: SubjectId
    expires: datetime
    token: str = field(repr=False)


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


async def purge(tx: Tx, now: datetime) -> int:
    """Drop sessions that have expired."""
    return await tx.run(QUERIES["purge_sessions"], {"now": now})
