"""What meeting a request does: a choice taken back, a function's data deleted, an account ended.

Every other right is met by the answer itself. An effect commits with the answer or not at all; the gate is
asked for it with the request's reference. A cancellation that the policy lets be taken back waits for its
time instead, and takes effect then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.policy import requests as says
from troth.policy.words import Right
from troth.rights import told
from troth.rights.sql import QUERIES
from troth.rights.steps import Event, State, step
from troth.subjects import needs
from troth.subjects.acts import home, on_file
from troth.subjects.asking import Asking, Behalf
from troth.subjects.choices import Choices
from troth.subjects.names import REGISTER
from troth.terms import Act, ActKind, ClauseId, FunctionName, PolicyName, SubjectId, TrothError, Verb
from troth.vault import pieces

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.rights.cancel import Cancellation, Cancelled
    from troth.rights.desk import Desk
    from troth.rights.rows import Request
    from troth.subjects.parts import Parts
    from troth.terms import EntryId

TAKEN_BACK = frozenset({Right.WITHDRAW.value, Right.SCOPE.value, Right.REFUSE_MARKETING.value})
"""Rights that are met by taking a choice back."""


class WhichFunction(TrothError):
    """name the function that this request is about: what meets it is done to that function"""


class NotWarned(TrothError):
    """cancelling cannot be undone: tell the person so first, and say that you did"""


class EndsTheAccount(TrothError):
    """the account itself is not deleted piece by piece: that is a request to cancel"""


@dataclass(frozen=True, slots=True)
class Answer:
    """How staff meet a request: what they write, the function it is about, and whether they warned."""

    text: str = ""
    function: FunctionName | None = None
    warned: bool = False


class Effects:
    """Meets requests. The caller knows who does it and owns ``tx``."""

    def __init__(self, parts: Parts, desk: Desk, cancellation: Cancellation) -> None:
        self._parts = parts
        self._desk = desk
        self._cancellation = cancellation
        self._choices = Choices(parts)

    async def meet(self, tx: Tx, found: Request, behalf: Behalf, answer: Answer) -> Request:
        """Do what was asked and answer. Raises `WhichFunction`, `NotWarned`, `NoSuchStep`, `Denied`."""
        step(found.stands, Event.MEET)
        if found.kind == Right.CANCEL:
            return await self._cancel(tx, found, behalf, answer)
        if found.kind in TAKEN_BACK:
            if answer.function is None:
                raise WhichFunction
            await self._choices.withdraw(tx, found.subject, found.policy, answer.function)
        elif found.kind == Right.DELETE:
            await self._delete(tx, found, behalf, answer)
        return await self._desk.meet(tx, found, behalf, answer.text)

    async def take_effect(self, tx: Tx, subject: SubjectId, found: Request) -> Cancelled | None:
        """End the account of who applied and did not take it back in time; None: not now, or done before."""
        now = self._parts.clock.now()
        due = found.takes_effect
        if found.stands is not State.APPLIED or due is None or due > now:
            return None
        await self._ended(tx, found, Behalf(found.request, found.kind))
        account = await home(tx, subject, found.policy)
        return await self._cancellation.carry_out(tx, subject, account, Behalf(found.request, found.kind))

    async def effective(self, tx: Tx, limit: int) -> tuple[tuple[SubjectId, UUID], ...]:
        """Return what takes effect by now."""
        params = {"now": self._parts.clock.now(), "limit": limit}
        cursor = await tx.conn.execute(QUERIES["effective"], params, prepare=True)
        return tuple((SubjectId(row[0]), row[1]) for row in await cursor.fetchall())

    def spared(self, policy: PolicyName | None, why: str) -> ClauseId | None:
        """Return the clause by which a recipient need not delete, with proof of ``why``."""
        if policy is None:
            return None
        return says.spared(self._parts.gate.policies.current(policy), why)

    async def _cancel(self, tx: Tx, found: Request, behalf: Behalf, answer: Answer) -> Request:
        compiled = self._desk.under(found)
        if says.taken_back(compiled, found.kind) is not None:
            return await self._desk.apply(tx, found, behalf)
        if compiled.rights[found.kind].irreversible and not answer.warned:
            raise NotWarned
        ended = await self._ended(tx, found, behalf)
        account = await home(tx, found.subject, found.policy)
        await self._cancellation.carry_out(tx, found.subject, account, behalf)
        return ended

    async def _ended(self, tx: Tx, found: Request, behalf: Behalf) -> Request:
        """Put the end on record, while there is still someone it is about; the row goes with the person."""
        event = Event.TAKE_EFFECT if found.stands is State.APPLIED else Event.MEET
        state = step(found.stands, event)
        said = {"step": event.value, "outcome": state.value}
        await self._desk.record(tx, found, ledger.EntryKind.ANSWERED, behalf, details=said)
        return replace(found, state=state.value, done=self._parts.clock.now())

    async def _delete(self, tx: Tx, found: Request, behalf: Behalf, answer: Answer) -> None:
        """Delete what a function holds, and what it was given; marks of readings stay (see the vault)."""
        function, now = answer.function, self._parts.clock.now()
        if function is None:
            raise WhichFunction
        if function == REGISTER:
            raise EndsTheAccount
        asking = Asking(found.subject, found.policy, self._parts.region, now)
        table = self._desk.under(found).functions.get(function)
        items = table.items if table is not None else ()
        ask = asking.for_request(behalf, Verb.FORGET, function, items)
        permit = await self._parts.gate.admit(tx, ask)
        piece = await self._parts.vault.close(tx, permit)
        if says.recipients_told(self._desk.under(found)) is not None:
            asked = {"delete": str(found.subject), "function": function, "request": str(found.request)}
            await told.ask(tx, found.request, (found.subject, found.policy, function), now, asked)
        acts: list[EntryId] = []
        removed = sorted(await on_file(tx, found.subject, found.policy, function))
        for item in removed:
            gone = Act(kind=ActKind.REMOVED, policy=found.policy, at=now, function=function, item=item)
            acts.append(await ledger.record(tx, found.subject, gone))
        standing = await ledger.standing(tx, found.subject, lock=True)
        for item in removed:
            standing = await needs.lapse(tx, standing, self._desk.under(found), item, now)
        if piece is not None:
            for act in acts or [None]:
                await pieces.put_on_record(tx, permit, ledger.EntryKind.DELETED, piece, act=act, whole=True)
