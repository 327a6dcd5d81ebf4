"""How staff come to the desk: invited once by a code, then by a passkey, for the length of a working day.

Decides nothing about what they may do there: `subjects.roles` says before which doors a role stands.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from troth.db import Tx
from troth.subjects import passkeys, staff, tokens
from troth.subjects.passkeys import Passkey, PasskeyRefused
from troth.subjects.roles import Role
from troth.subjects.sql import QUERIES
from troth.subjects.staff import Staff
from troth.terms import TrothError

LASTS = timedelta(hours=12)
INVITED_FOR = timedelta(days=2)
_CODE_BYTES = 15
_GROUP = 6


class NotInvited(TrothError):
    """this setup code is wrong, was used or has lapsed: get another from your administrator"""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation; the code is shown this once."""

    role: Role
    expires: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A session at the desk; the token is shown this once."""

    staff: Staff
    token: str = field(repr=False)


async def invite(tx: Tx, role: Role, now: datetime) -> Invited:
    """Invite someone; whoever has the code first is that someone."""
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii")
    code = "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
    expires = now + INVITED_FOR
    await tx.run(
        QUERIES["add_invite"],
        {"code_hash": _hash(code), "role": role.value, "now": now, "expires": expires},
    )
    return Invited(role, expires, code)


async def first(tx: Tx, now: datetime) -> Invited | None:
    """Invite the first administrator, as long as nobody can come to the desk; the code before is void."""
    if await tx.value(QUERIES["any_passkey"]):
        return None
    await tx.run(QUERIES["void_invites"], {"role": Role.ADMIN.value})
    return await invite(tx, Role.ADMIN, now)


async def demand_invited(tx: Tx, code: str, now: datetime) -> None:
    """Raise `NotInvited` unless somebody is awaited with this code; it can still be used once."""
    if await tx.value(QUERIES["awaited"], {"code_hash": _hash(code), "now": now}) is None:
        raise NotInvited


async def join(tx: Tx, code: str, passkey: Passkey, now: datetime) -> AtDesk:
    """Make whoever was invited one of the staff, known by this passkey. Raises `NotInvited`."""
    role = await tx.value(QUERIES["take_invite"], {"code_hash": _hash(code), "now": now})
    if role is None:
        raise NotInvited
    hired = await staff.hire(tx, Role(role), now, passkey.staff)  # nobody gets the token it comes with
    await tx.run(
        QUERIES["add_passkey"],
        {
            "credential": passkey.credential,
            "staff": passkey.staff,
            "public_key": passkey.public_key,
            "uses": passkey.uses,
            "site": passkey.site,
            "now": now,
        },
    )
    return await _begin(tx, hired.staff, now)


async def enter(tx: Tx, answer: str, site: passkeys.Site, challenge: bytes, now: datetime) -> AtDesk:
    """Begin a session for whose passkey this is. Raises `PasskeyRefused`."""
    params = {"credential": passkeys.credential_of(answer), "site": site.name}
    passkey = await tx.row(Passkey, QUERIES["passkey"], params)
    if passkey is None:
        raise PasskeyRefused
    uses = passkeys.shown(answer, site, passkey, challenge)
    await tx.run(QUERIES["use_passkey"], {"credential": passkey.credential, "uses": uses})
    role = await tx.value(QUERIES["staff_role"], {"staff": passkey.staff})
    if role is None:
        raise PasskeyRefused
    return await _begin(tx, Staff(passkey.staff, Role(role)), now)


async def leave(tx: Tx, text: str, *, everywhere: bool = False) -> None:
    """End this session, or every one of whose it is; harmless when it has ended already."""
    token = tokens.read(text)
    if token is not None:
        query = QUERIES["end_staff_sessions" if everywhere else "end_staff_session"]
        await tx.run(query, {"staff": token.owner, "token_hash": token.hash})


async def turn_out(tx: Tx, who: UUID) -> None:
    """End all sessions of one of the staff, and let their passkeys open nothing."""
    await tx.run(QUERIES["end_passkeys"], {"staff": who})
    await tx.run(QUERIES["turn_out_staff"], {"staff": who})


async def purge(tx: Tx, now: datetime) -> int:
    """Drop sessions and invitations that have lapsed."""
    ended = await tx.run(QUERIES["purge_staff_sessions"], {"now": now})
    return ended + await tx.run(QUERIES["purge_invites"], {"now": now})


async def _begin(tx: Tx, who: Staff, now: datetime) -> AtDesk:
    token = tokens.new(who.id)
    await tx.run(
        QUERIES["begin_staff_session"],
        {"staff": who.id, "token_hash": token.hash, "now": now, "expires": now + LASTS},
    )
    return AtDesk(who, token.text)


def newcomer() -> UUID:
    """Return an opaque id for who is about to join."""
    return uuid4()


def _hash(code: str) -> bytes:
    plain = "".join(code.upper().split()).replace("-", "")
    return hashlib.sha256(f"troth staff|{plain}".encode()).digest()
