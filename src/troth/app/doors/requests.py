"""Doors to requests: a person's own, and the desk where staff enter, see and answer them.

The workflow is `troth.rights`'; a role says who stands at the desk. What a person wrote opens to staff on
that person's own right, with the request's number, once it is proven to be theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.app.doors.rights import in_person
from troth.app.doors.staff import StaffDoors
from troth.app.views import AtHand, RequestLine
from troth.policy import requests as says
from troth.policy.words import Right
from troth.rights import due, rows
from troth.rights.desk import Asked, way_in_person
from troth.rights.effects import Answer
from troth.rights.letters import language_of
from troth.rights.rows import NoSuchRequest, Request
from troth.rights.steps import PROVEN, State
from troth.subjects.asking import Behalf
from troth.subjects.roles import Duty
from troth.terms import FunctionName, ItemName, Purpose, Reference, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.rights.desk import Desk
    from troth.terms import PolicyName

Step = Callable[["Tx", Request, Behalf], Awaitable[Request]]
_INBOX = 200
_ANSWERING = Purpose("answer_request")


class TwoSteps(TrothError):
    """cancelling is done in two steps, with a warning between: use the way to cancel"""


class UnknownSparing(TrothError):
    """the policy spares no recipient for this: they delete, and acknowledge it"""


class RequestDoors(StaffDoors):
    """What a person asks for, and what the desk does about it."""

    async def requests(self, token: str) -> tuple[RequestLine, ...]:
        """Return everything this person asked for, with what was written. Raises `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            found = await rows.requests_of(tx, subject)
            return tuple([await self._own_line(tx, one) for one in found])

    async def request(
        self,
        token: str,
        right: str,
        text: str,
        about: UUID | None = None,
        *,
        policy: PolicyName | None = None,
    ) -> RequestLine:
        """Ask for something. Raises `NoSuchRight`, `NotThisWay`, `TwoSteps`, `Denied`."""
        if right == Right.CANCEL:
            raise TwoSteps
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            compiled = await self._desk.accepted(tx, subject, asking.policy)
            asked = Asked(right, way_in_person(compiled, right), text, about=about)
            made = await self._desk.receive(tx, subject, asking.policy, asked)
            return await self._own_line(tx, made)

    async def delete_part(self, token: str, function: FunctionName) -> RequestLine:
        """Delete all that one function holds of this person: a request of theirs that is met at once.

        Where the policy asks for more proof than signing in, it stays a request. Raises `NoSuchRight`,
        `NotThisWay`, `EndsTheAccount`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject)
            compiled = await self._desk.accepted(tx, subject, asking.policy)
            asked = Asked(Right.DELETE, way_in_person(compiled, Right.DELETE), "")
            made = await self._desk.receive(tx, subject, asking.policy, asked)
            if made.stands is State.OPEN:
                behalf = Behalf(made.request, made.kind)
                made = await self._system.effects.meet(tx, made, behalf, Answer(function=function))
            done = await self._own_line(tx, made)
        await self._changed(subject)
        return done

    async def revoke_request(self, token: str, request: UUID) -> RequestLine:
        """Take a request back. Raises `NoSuchRequest`, `NoSuchStep`."""
        return await self._of_mine(token, request, self._desk.revoke)

    async def tell_more(self, token: str, request: UUID, text: str) -> RequestLine:
        """Add what was missing. Raises `NoSuchRequest`, `NoSuchStep`, `Denied`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._desk.tell_more(tx, found, behalf, text)

        return await self._of_mine(token, request, step)

    async def agree_to_fee(self, token: str, request: UUID) -> RequestLine:
        """Agree to what was quoted. Raises `NoSuchRequest`, `NoSuchStep`."""
        return await self._of_mine(token, request, self._desk.agree)

    async def inbox(self, token: str) -> tuple[RequestLine, ...]:
        """Return what waits for an answer, the most urgent first; nothing that anyone wrote."""
        now = self._system.clock.now()
        async with self._open() as tx:
            await self._staff(tx, token, Duty.DESK)
            return tuple(_line(one, now, whose=True) for one in await rows.inbox(tx, _INBOX))

    async def enter_request(
        self,
        token: str,
        contact: str,
        right: str,
        *,
        channel: str,
        text: str,
        received: datetime | None = None,
        about: UUID | None = None,
        policy: PolicyName | None = None,
    ) -> RequestLine:
        """Enter a request that came in at the desk, for whoever has this number or address.

        ``policy``: which of those that they accepted it is about, if not the one of their account.
        Raises `NobodyThere`, `NoSuchRight`, `NotThisWay`, `NotYet`, `NoSuchRequest`, `Denied`.
        """
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.DESK)
            subject = await self._reached(tx, contact)
            asking = await self._asking(tx, subject, policy)
            asked = Asked(right, channel, text, staff=who.id, received=received, about=about)
            made = await self._desk.receive(tx, subject, asking.policy, asked)
            return _line(made, self._system.clock.now(), whose=True)

    async def read_request(self, token: str, request: UUID) -> RequestLine:
        """Return one request with what the person wrote, once it is proven to be theirs. Raises `Denied`."""
        async with self._open() as tx:
            found, behalf = await self._at_desk(tx, token, request)
            line = _line(found, self._system.clock.now(), whose=True)
            if found.stands not in PROVEN:
                return line
            said = await self._desk.said(tx, found, behalf)
            entry = ledger.NewEntry(
                kind=ledger.EntryKind.STAFF_READ,
                at=self._system.clock.now(),
                policy=found.policy,
                version=found.version,
                subject=found.subject,
                details={"staff": str(behalf.staff), "items": 1, "request": str(found.request)},
            )
            await ledger.append(tx, entry)
            language = language_of(await self._desk.language_of(tx, found.subject)).value
            return replace(_line(found, self._system.clock.now(), whose=True, said=said), language=language)

    async def look_for_request(
        self, token: str, request: UUID, function: FunctionName
    ) -> Mapping[str, Mapping[str, object]]:
        """Look at what a function holds of whose request this is, to answer it. Raises what `look` raises."""
        async with self._open() as tx:
            found, _ = await self._at_desk(tx, token, request)
        table = self._desk.under(found).functions.get(function)
        return await self.look(
            token,
            found.subject,
            function,
            items=frozenset[ItemName](table.items if table else ()),
            purpose=_ANSWERING,
            reference=Reference(found.kind, str(found.request)),
        )

    async def at_hand(self, token: str, request: UUID) -> AtHand:
        """Return what the policy of a request lets staff do with it: grounds to refuse, functions to see."""
        async with self._open() as tx:
            found, _ = await self._at_desk(tx, token, request)
        compiled = self._desk.under(found)
        functions = {name: table.clause.title for name, table in compiled.functions.items() if table.items}
        return AtHand(says.grounds(compiled), functions if found.stands in PROVEN else {})

    async def prove_request(self, token: str, request: UUID, shown: Collection[str]) -> RequestLine:
        """Note what proves who asks. Raises `ProofMissing`, `NoSuchStep`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._desk.prove(tx, found, behalf, shown)

        return await self._step(token, request, step)

    async def ask_more(self, token: str, request: UUID, text: str) -> RequestLine:
        """Ask the person for what is missing. Raises `NoSuchStep`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._desk.ask_more(tx, found, behalf, text)

        return await self._step(token, request, step)

    async def check_request(self, token: str, request: UUID) -> RequestLine:
        """Note that looking into it has ended. Raises `NoSuchStep`."""
        return await self._step(token, request, self._desk.check)

    async def quote_request(self, token: str, request: UUID, fee: int, text: str) -> RequestLine:
        """Say what it would cost, before any work. Raises `NoFee`, `NoSuchStep`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._desk.quote(tx, found, behalf, fee=fee, text=text)

        return await self._step(token, request, step)

    async def meet_request(self, token: str, request: UUID, answer: Answer) -> RequestLine:
        """Do what was asked, and answer. Raises `WhichFunction`, `NotWarned`, `NoSuchStep`, `Denied`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._system.effects.meet(tx, found, behalf, answer)

        return await self._step(token, request, step, changes=True)

    async def refuse_request(self, token: str, request: UUID, ground: str, facts: str) -> RequestLine:
        """Refuse on a ground that the policy lists. Raises `GroundUnlisted`, `FactsMissing`."""

        async def step(tx: Tx, found: Request, behalf: Behalf) -> Request:
            return await self._desk.refuse(tx, found, behalf, ground, facts)

        return await self._step(token, request, step)

    async def acknowledge(
        self, token: str, erasure: UUID, recipient: str, *, unless: str | None = None
    ) -> bool:
        """Note that a recipient has deleted, or need not by the policy's own exception.

        Raises `NoSuchErasure`, `UnknownSparing`.
        """
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.DESK)
            await self._system.erasure.look(tx, erasure)
            clause = None
            if unless is not None:
                policy = await due.owed_under(tx, erasure)
                clause = self._system.effects.spared(policy, unless)
                if clause is None:
                    raise UnknownSparing
            known = await self._system.erasure.acknowledge(tx, erasure, recipient)
            if known:
                said: dict[str, str | int] = {"erasure": str(erasure), "staff": str(who.id)}
                entry = ledger.NewEntry(
                    kind=ledger.EntryKind.ACKNOWLEDGED,
                    at=self._system.clock.now(),
                    clauses=(clause,) if clause else (),
                    details=said | ({"unless": unless} if unless else {}),
                )
                await ledger.append(tx, entry)
            return known

    @property
    def _desk(self) -> Desk:
        return self._system.desk

    async def _of_mine(self, token: str, request: UUID, step: Step) -> RequestLine:
        async with self._open() as tx:
            subject = await self._who(tx, token)
            found = await self._held(tx, subject, request)
            moved = await step(tx, found, Behalf(found.request, found.kind))
            return await self._own_line(tx, moved)

    async def _step(self, token: str, request: UUID, step: Step, *, changes: bool = False) -> RequestLine:
        """Take one step at the desk. What ``changes`` the person's standing may end it."""
        async with self._erasing() if changes else self._open() as tx:
            found, behalf = await self._at_desk(tx, token, request)
            moved = await step(tx, found, behalf)
        if changes:
            await self._changed(found.subject)
        return _line(moved, self._system.clock.now(), whose=True)

    async def _at_desk(self, tx: Tx, token: str, request: UUID) -> tuple[Request, Behalf]:
        who = await self._staff(tx, token, Duty.DESK)
        found = await self._held(tx, await rows.whose(tx, request), request)
        return found, Behalf(found.request, found.kind, who.id)

    async def _held(self, tx: Tx, subject: SubjectId, request: UUID) -> Request:
        """Hold the person's row first, as everywhere, then the request's."""
        if await ledger.standing(tx, subject, lock=True) is None:
            raise NoSuchRequest
        return await rows.held(tx, subject, request)

    async def _own_line(self, tx: Tx, found: Request) -> RequestLine:
        own = Behalf(found.request, found.kind)
        said = await self._desk.said(tx, found, own) if found.said else ""
        reply = await self._desk.replied(tx, found, own) if found.reply else ""
        return _line(found, self._system.clock.now(), said=said, reply=reply)


def _line(
    found: Request, now: datetime, *, whose: bool = False, said: str = "", reply: str = ""
) -> RequestLine:
    return RequestLine(
        request=found.request,
        right=found.kind,
        channel=found.channel,
        state=found.state,
        received=found.received,
        due=found.at,
        clause=found.clause,
        overdue=found.late(now),
        takes_effect=found.takes_effect,
        fee=found.fee,
        ground=found.ground,
        about=found.about,
        done=found.done,
        subject=found.subject if whose else None,
        said=said,
        reply=reply,
    )
