"""Cancelling an account for good: offered with a warning, confirmed with a token, then erased stage by stage.

Confirming refuses everything about the person in the same transaction; what follows (epoch, sweep,
recipients, certificate) is the vault's, step by step. Who has cancelled has no account: a one-off link shows
how it goes on.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.ledger import EntryKind
from troth.rights import due
from troth.rights.moves import OF_STAGE, Event, NoSuchMove, State, move
from troth.rights.sql import QUERIES
from troth.subjects import tokens
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.names import EMAIL, PHONE, REGISTER
from troth.subjects.papers import paper
from troth.terms import Act, ActKind, ClauseId, PolicyName, SubjectId, Verb
from troth.vault import NotHeld
from troth.vault.farewell import Farewell
from troth.vault.stages import Stage

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.subjects.parts import Parts
    from troth.vault.erasure import Erasure, Fetched

CONFIRM_WITHIN = timedelta(minutes=15)
RIGHT = "cancel"
_SCHEMES = {PHONE: "sms", EMAIL: "email"}


@dataclass(frozen=True, slots=True)
class Offer:
    """The warning's other half: hand ``confirm`` back in time, and it is done. Nothing has happened yet."""

    confirm: str = field(repr=False)
    expires: datetime
    irreversible: bool
    clause: ClauseId | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It is done. ``farewell`` shows how the erasure goes on, and at its end the certificate, once."""

    erasure: UUID
    state: State
    due: datetime
    farewell: str = field(repr=False)
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Row:
    state: str
    confirm_hash: bytes
    confirm_by: datetime


class Cancellation:
    """The workflow. The caller knows who asks, owns ``tx``, and tells the bus after the commit."""

    def __init__(self, parts: Parts, erasure: Erasure) -> None:
        self._parts = parts
        self._erasure = erasure

    async def ask(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> Offer:
        """Offer to cancel; the caller shows that it cannot be undone. Asked again, the last offer counts.

        Raises `NoSuchSubject`.
        """
        now = self._parts.clock.now()
        if await ledger.standing(tx, subject, lock=True) is None:
            raise ledger.NoSuchSubject
        row = await self._row(tx, subject)
        state = State.ASKED if row is None else move(State(row.state), Event.ASK_AGAIN)
        token = tokens.new(subject)
        offered = {
            "subject": subject,
            "state": state.value,
            "hash": token.hash,
            "now": now,
            "confirm_by": now + CONFIRM_WITHIN,
        }
        await tx.run(QUERIES["offer"], offered)
        right = self._parts.gate.policies.current(policy).rights.get(RIGHT)
        return Offer(
            token.text,
            now + CONFIRM_WITHIN,
            irreversible=right is None or right.irreversible,
            clause=right.id if right else None,
        )

    async def confirm(self, tx: Tx, subject: SubjectId, policy: PolicyName, token: str) -> Cancelled:
        """Cancel for good: from this commit on everything about the person is refused.

        Raises `NoSuchMove` for a token that is wrong or late, `Denied`.
        """
        parts, now = self._parts, self._parts.clock.now()
        if await ledger.standing(tx, subject, lock=True) is None:  # the person's row first, as everywhere
            raise NoSuchMove
        await self._confirmed(tx, subject, token, now)
        asking = Asking(subject, policy, parts.region, now)
        plan = Farewell(
            recipients=await self._recipients(tx, subject), return_address=await self._address(tx, asking)
        )
        held = await on_file(tx, subject, policy, REGISTER)
        permit = await parts.gate.admit(tx, asking.by_right(Verb.FORGET, REGISTER, held))
        by = await self._request(tx, asking)
        entry = await ledger.record(tx, subject, Act(kind=ActKind.CANCELLED, policy=policy, at=now))
        receipt = await paper(tx, parts.signer, subject, entry, EntryKind.CANCELLED)
        begun = await self._erasure.begin(tx, permit, plan)
        await due.owe(tx, begun.erasure, by)
        stage = await self._erasure.advance(tx, begun.erasure)
        return Cancelled(begun.erasure, OF_STAGE[stage], by, begun.link, receipt)

    async def farewell(self, tx: Tx, link: str) -> Fetched:
        """Return the stages reached and, once, the certificate. Needs no account; raises `LinkSpent`."""
        return await self._erasure.fetch(tx, link)

    async def state(self, tx: Tx, subject: SubjectId) -> State | None:
        """Return where a cancellation that was not refused yet stands, or None: nobody asked."""
        row = await self._row(tx, subject)
        if row is None:
            return None
        late = row.confirm_by <= self._parts.clock.now()
        return move(State.ASKED, Event.LAPSE) if late and row.state == State.ASKED else State(row.state)

    async def erasing(self, tx: Tx, erasure: UUID) -> State:
        """Return where a confirmed cancellation stands; raises `NoSuchErasure`."""
        return OF_STAGE[Stage((await self._erasure.look(tx, erasure)).stage)]

    async def _confirmed(self, tx: Tx, subject: SubjectId, text: str, now: datetime) -> None:
        row, token = await self._row(tx, subject), tokens.read(text)
        if row is None or token is None or token.owner != subject or row.confirm_by <= now:
            raise NoSuchMove
        if not hmac.compare_digest(token.hash, bytes(row.confirm_hash)):
            raise NoSuchMove
        state = move(State(row.state), Event.CONFIRM)
        await tx.run(QUERIES["confirm"], {"subject": subject, "state": state.value})

    async def _request(self, tx: Tx, asking: Asking) -> datetime:
        """Put the request on record; return by when the law or the policy wants it done."""
        compiled = self._parts.gate.policies.current(asking.policy)
        await ledger.append(
            tx,
            ledger.NewEntry(
                kind=EntryKind.REQUEST,
                at=asking.at,
                policy=asking.policy,
                subject=asking.subject,
                details={"right": RIGHT},
            ),
        )
        return due.deadline(compiled, RIGHT, asking.at)

    async def _address(self, tx: Tx, asking: Asking) -> str | None:
        """Return where the last word goes, as ``sms:`` or ``email:`` and the address."""
        held = await on_file(tx, asking.subject, asking.policy, REGISTER)
        for item in sorted(_SCHEMES.keys() & held, reverse=True):  # the phone number before the e-mail
            permit = await self._parts.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, {item}))
            try:
                value = await self._parts.vault.open(tx, permit, item)
            except NotHeld:
                continue
            return f"{_SCHEMES[item]}:{value['value']}"
        return None

    async def _recipients(self, tx: Tx, subject: SubjectId) -> tuple[str, ...]:
        """Return who was ever given anything of this person, by the policy's names."""
        names: set[str] = set()
        for entry in await ledger.about(tx, subject):
            if entry.kind in {EntryKind.SHARED, EntryKind.DISCLOSED}:
                details: Mapping[str, object] = json.loads(entry.body).get("details", {})
                names |= {str(details["recipient"])} if "recipient" in details else set()
        return tuple(sorted(names))

    async def _row(self, tx: Tx, subject: SubjectId) -> _Row | None:
        return await tx.row(_Row, QUERIES["cancellation"], {"subject": subject})


async def sweep(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Delete what this package keeps of a subject who is erased; return how many rows, by table."""
    tables = ("due", "cancellation")
    return {table: await tx.run(QUERIES[f"sweep_{table}"], {"subject": subject}) for table in tables}
