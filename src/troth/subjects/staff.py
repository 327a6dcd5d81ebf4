"""The controller's people: an opaque id, a role, a token kept as a hash. Made at the command line only.

A role says which doors a person of the staff stands before (`subjects.roles`); what they may see of anyone is
the gate's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from troth import ledger
from troth.db import Tx
from troth.subjects import tokens
from troth.subjects.roles import Duty, Role, may
from troth.subjects.sql import QUERIES
from troth.terms import Actor, ActorKind, TrothError


class WrongRole(TrothError):
    """this door is not for your role: ask someone whose it is"""


class NotStaff(TrothError):
    """this token belongs to nobody of the staff: ask for one at the command line of the server"""


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone of the staff."""

    id: UUID
    role: Role

    @property
    def actor(self) -> Actor:
        """How the gate and the ledger know them."""
        return Actor(ActorKind.STAFF, str(self.id))


def demand(who: Staff, duty: Duty) -> None:
    """Raise `WrongRole` for whom the table of duties doesn't name."""
    if not may(who.role, duty):
        raise WrongRole


@dataclass(frozen=True, slots=True)
class Hired:
    """A new member of staff; the token is shown this once."""

    staff: Staff
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Row:
    staff: UUID
    role: str


async def hire(tx: Tx, role: Role, now: datetime, who: UUID | None = None) -> Hired:
    """Add someone to the staff, under an opaque id that is theirs already or a new one."""
    token = tokens.new(who or uuid4())
    await tx.run(
        QUERIES["add_staff"],
        {"staff": token.owner, "token_hash": token.hash, "role": role.value, "now": now},
    )
    await _put_on_record(tx, ledger.EntryKind.STAFF_ADDED, token.owner, role, now)
    return Hired(Staff(token.owner, role), token.text)


async def who(tx: Tx, text: str, now: datetime) -> Staff:
    """Return whose token, or whose session at the desk, this is; raises `NotStaff`."""
    token = tokens.read(text)
    row = None
    if token is not None:
        params = {"staff": token.owner, "token_hash": token.hash, "now": now}
        row = await tx.row(_Row, QUERIES["staff"], params)
        row = row or await tx.row(_Row, QUERIES["at_desk"], params)
    if row is None:
        raise NotStaff
    return Staff(row.staff, Role(row.role))


async def renew(tx: Tx, who: Staff) -> Hired:
    """Give someone another token; the one before opens nothing from here on. Raises `NotStaff`."""
    token = tokens.new(who.id)
    if not await tx.run(QUERIES["renew_staff"], {"staff": who.id, "token_hash": token.hash}):
        raise NotStaff
    return Hired(who, token.text)


async def dismiss(tx: Tx, staff: UUID, now: datetime) -> None:
    """End someone's belonging to the staff; their token opens nothing from here on. Raises `NotStaff`."""
    role = await tx.value(QUERIES["end_staff"], {"staff": staff, "now": now})
    if role is None:
        raise NotStaff("nobody of this id belongs to the staff: see who does at the command line")
    await _put_on_record(tx, ledger.EntryKind.STAFF_REMOVED, staff, Role(role), now)


async def everyone(tx: Tx) -> tuple[Staff, ...]:
    """Return who belongs to the staff now."""
    rows = await tx.rows(_Row, QUERIES["all_staff"])
    return tuple(Staff(row.staff, Role(row.role)) for row in rows)


async def _put_on_record(tx: Tx, kind: ledger.EntryKind, staff: UUID, role: Role, now: datetime) -> None:
    await ledger.append(
        tx, ledger.NewEntry(kind=kind, at=now, details={"staff": str(staff), "role": role.value})
    )
