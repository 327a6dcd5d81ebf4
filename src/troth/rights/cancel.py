"""Cancelling an account for good: offered with a warning, confirmed with a token, then erased stage by stage.

The policy says when it acts. At once: confirming refuses everything about the person in the same transaction.
Or when its time is over, and it can be taken back until then: confirming makes a request that waits, and
everything goes on as before (`effects` and the worker see to its end). What follows (epoch, sweep,
recipients, certificate) is the vault's. Who has cancelled has no account: a one-off link shows how it goes
on.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from troth import ledger
from troth.ledger import EntryKind
from troth.policy import requests as says
from troth.policy.words import Moment, Right
from troth.rights import desk, due, farewells
from troth.rights.desk import Asked, Desk
from troth.rights.moves import OF_STAGE, Event, NoSuchMove, State, move
from troth.rights.rows import requests_of
from troth.rights.sql import QUERIES
from troth.rights.steps import State as RequestState
from troth.subjects import tokens
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking, Behalf
from troth.subjects.names import EMAIL, PHONE, REGISTER
from troth.subjects.papers import paper
from troth.terms import Act, ActKind, ClauseId, FunctionName, PolicyName, SubjectId, Verb
from troth.vault import NotHeld
from troth.vault.farewell import Farewell

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.subjects.parts import Parts
    from troth.vault.erasure import Erasure, Fetched

CONFIRM_WITHIN = timedelta(minutes=15)
RIGHT = Right.CANCEL.value
_SCHEMES = {PHONE: "sms", EMAIL: "email"}


@dataclass(frozen=True, slots=True)
class Offer:
    """The warning's other half: hand ``confirm`` back in time, and it is done. Nothing has happened yet."""

    confirm: str = field(repr=False)
    expires: datetime
    irreversible: bool
    clause: ClauseId | None
    revocable: ClauseId | None = None
    """The clause that lets it be taken back until it takes effect; None: confirming acts at once."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It is done. ``farewell`` shows how the erasure goes on, and at its end the certificate, once."""

    erasure: UUID
    state: State
    due: datetime
    farewell: str = field(repr=False)
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waits:
    """It waits, as the policy says: until ``until`` it can be taken back, and then it takes effect."""

    request: UUID
    until: datetime
    clause: ClauseId | None


@dataclass(frozen=True, slots=True)
class _Row:
    state: str
    confirm_hash: bytes
    confirm_by: datetime


class Cancellation:
    """The workflow. The caller knows who asks, owns ``tx``, and tells the bus after the commit."""

    def __init__(self, parts: Parts, erasure: Erasure, requests: Desk) -> None:
        self._parts = parts
        self._erasure = erasure
        self._desk = requests

    async def ask(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> Offer:
        """Offer to cancel; the caller shows that it cannot be undone. Asked again, the last offer counts.

        Raises `NoSuchSubject`.
        """
        now = self._parts.clock.now()
        compiled = await self._desk.accepted(tx, subject, policy)
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
        right = compiled.rights.get(RIGHT)
        return Offer(
            token.text,
            now + CONFIRM_WITHIN,
            irreversible=right is None or right.irreversible,
            clause=right.id if right else None,
            revocable=says.taken_back(compiled, RIGHT),
        )

    async def confirm(self, tx: Tx, subject: SubjectId, policy: PolicyName, token: str) -> Cancelled | Waits:
        """Cancel for good, at once or when the policy's time is over.

        `Cancelled`: from this commit on everything about the person is refused. `Waits`: nothing has changed.
        Raises `NoSuchMove` for a token that is wrong or late, `Denied`.
        """
        now = self._parts.clock.now()
        if await ledger.standing(tx, subject, lock=True) is None:  # the person's row first, as everywhere
            raise NoSuchMove
        await self._confirmed(tx, subject, token, now)
        compiled = await self._desk.accepted(tx, subject, policy)
        revocable = says.taken_back(compiled, RIGHT)
        if revocable is not None:
            return await self._waits(tx, subject, policy, compiled, revocable)
        asking = Asking(subject, policy, self._parts.region, now)
        await self._request(tx, asking)
        return await self.carry_out(tx, subject, policy)

    async def carry_out(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, behalf: Behalf | None = None
    ) -> Cancelled:
        """Refuse everything about the person from this commit on; for a request of theirs, or in person.

        Sooner than any time that the policy gives from here on; what a law wants from here on is held first.
        Raises `Denied`.
        """
        parts, now = self._parts, self._parts.clock.now()
        asking = Asking(subject, policy, parts.region, now)
        plan = Farewell(
            recipients=await given_to(tx, subject),
            return_address=await self._address(tx, asking, behalf),
            language=await self._desk.language_of(tx, subject),
        )
        held = await on_file(tx, subject, policy, REGISTER)
        ask = asking.by_right(Verb.FORGET, REGISTER, held)
        if behalf is not None:
            ask = asking.for_request(behalf, Verb.FORGET, REGISTER, held)
        permit = await parts.gate.admit(tx, ask)
        compiled = await self._desk.accepted(tx, subject, policy)
        for each in (compiled, *await self._others(tx, subject, policy)):
            await parts.ends.ended(tx, subject, each, each.functions, event=Moment.ACCOUNT_CANCELLED, at=now)
        by = self._desk.ends(compiled, RIGHT, now)
        entry = await ledger.record(tx, subject, Act(kind=ActKind.CANCELLED, policy=policy, at=now))
        receipt = await paper(tx, parts.signer, subject, entry, EntryKind.CANCELLED)
        begun = await self._erasure.begin(tx, permit, plan)
        await due.owe(tx, begun.erasure, by, policy)
        stage = await self._erasure.advance(tx, begun.erasure)
        if plan.return_address is not None:
            await farewells.write(tx, begun.erasure, farewells.Word.CANCELLED, now)
        return Cancelled(begun.erasure, OF_STAGE[stage], by, begun.link, receipt)

    async def _others(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> list[Compiled]:
        """Return the other policies that they agreed to, each as they accepted it."""
        standing = await ledger.standing(tx, subject, lock=True)
        named = {act.policy for act in standing.acts if act.kind is ActKind.ACCEPTED} if standing else ()
        return [await self._desk.accepted(tx, subject, each) for each in sorted({*named} - {policy})]

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

    async def _confirmed(self, tx: Tx, subject: SubjectId, text: str, now: datetime) -> None:
        row, token = await self._row(tx, subject), tokens.read(text)
        if row is None or token is None or token.owner != subject or row.confirm_by <= now:
            raise NoSuchMove
        if not hmac.compare_digest(token.hash, bytes(row.confirm_hash)):
            raise NoSuchMove
        state = move(State(row.state), Event.CONFIRM)
        await tx.run(QUERIES["confirm"], {"subject": subject, "state": state.value})

    async def _waits(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, compiled: Compiled, revocable: ClauseId
    ) -> Waits:
        """Make the request that waits; who applied before goes on waiting from then."""
        await tx.run(QUERIES["confirmed_spent"], {"subject": subject})
        for earlier in await requests_of(tx, subject):
            if earlier.stands is RequestState.APPLIED and earlier.takes_effect is not None:
                return Waits(earlier.request, earlier.takes_effect, revocable)
        asked = Asked(RIGHT, desk.way_in_person(compiled, RIGHT), "")
        made = await self._desk.receive(tx, subject, policy, asked)
        applied = await self._desk.apply(tx, made, Behalf(made.request, RIGHT))
        if applied.takes_effect is None:
            raise AssertionError("a revocable clause without an end")
        return Waits(applied.request, applied.takes_effect, revocable)

    async def _request(self, tx: Tx, asking: Asking) -> None:
        """Put the request on record."""
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

    async def _address(self, tx: Tx, asking: Asking, behalf: Behalf | None) -> str | None:
        """Return where the last word goes, as ``sms:`` or ``email:`` and the address."""
        held = await on_file(tx, asking.subject, asking.policy, REGISTER)
        for item in sorted(_SCHEMES.keys() & held, reverse=True):  # the phone number before the e-mail
            ask = asking.by_right(Verb.USE, REGISTER, {item})
            if behalf is not None:
                ask = asking.for_request(behalf, Verb.USE, REGISTER, {item})
            permit = await self._parts.gate.admit(tx, ask)
            try:
                value = await self._parts.vault.open(tx, permit, item)
            except NotHeld:
                continue
            return f"{_SCHEMES[item]}:{value['value']}"
        return None

    async def _row(self, tx: Tx, subject: SubjectId) -> _Row | None:
        return await tx.row(_Row, QUERIES["cancellation"], {"subject": subject})


async def given_to(
    tx: Tx, subject: SubjectId, of: tuple[PolicyName, FunctionName] | None = None
) -> tuple[str, ...]:
    """Return who was ever given anything of this person, or of one function, by the policy's names."""
    names: set[str] = set()
    for entry in await ledger.about(tx, subject, (EntryKind.SHARED, EntryKind.DISCLOSED)):
        body: Mapping[str, Any] = json.loads(entry.body)
        if of is not None and (body.get("policy"), body.get("function")) != of:
            continue
        details: Mapping[str, object] = body.get("details", {})
        names |= {str(details["recipient"])} if "recipient" in details else set()
    return tuple(sorted(names))


async def sweep(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Delete what this package keeps of a subject who is erased; return how many rows, by table."""
    tables = ("request", "cancellation")
    return {table: await tx.run(QUERIES[f"sweep_{table}"], {"subject": subject}) for table in tables}
