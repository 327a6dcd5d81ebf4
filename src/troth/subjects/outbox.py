"""Letters to people: written in the transaction that gives rise to them, carried later, at least once.

The address is not kept here: when a letter goes, the gate is asked whether it may be used for this, and the
vault opens it. What a letter says (a code) is sealed with the subject's key, and gone when the letter has
ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth.subjects import matters
from troth.subjects.asking import SERVICE, Asking, Behalf, purpose_of
from troth.subjects.messages import PURPOSES, LetterKind, text
from troth.subjects.names import EMAIL, PHONE, REGISTER
from troth.subjects.own_right import or_by_right
from troth.subjects.senders import Channel, Sender
from troth.subjects.sql import QUERIES
from troth.terms import Denied, ItemName, PolicyName, Reason, SubjectId, Verb
from troth.vault import Erased, NotHeld

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.parts import Parts
    from troth.terms import Permit

ADDRESSES: Mapping[Channel, ItemName] = {Channel.SMS: PHONE, Channel.EMAIL: EMAIL, Channel.PHONE: PHONE}
AGAIN = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
"""Waits before the second, third and fourth attempt; after that a letter has failed."""
HELD = timedelta(minutes=1)
"""How long a worker has a letter to itself."""


class Outcome(StrEnum):
    """How a letter ended, or that it goes later."""

    SENT = "sent"
    DENIED = "denied"
    LAPSED = "lapsed"
    FAILED = "failed"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class _Due:
    subject: SubjectId
    letter: UUID
    kind: str
    channel: str
    sealed: bytes | None
    expires: datetime
    tries: int
    request: UUID | None
    ground: str | None
    staff: UUID | None
    matter: UUID | None
    policy: PolicyName
    language: str


class Outbox:
    """Writes letters and has them carried."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def write(
        self,
        tx: Tx,
        subject: SubjectId,
        kind: LetterKind,
        channel: Channel,
        *,
        lasts: timedelta,
        sealing: tuple[Permit, Mapping[str, str]] | None = None,
        behalf: Behalf | None = None,
        matter: UUID | None = None,
    ) -> UUID:
        """Put a letter in the outbox; ``sealing``: a permit for the address, and what it says.

        With ``behalf`` it goes on the person's own right, about that request; about a ``matter`` it says what
        that says when it goes.
        """
        letter, now = uuid4(), self._parts.clock.now()
        sealed = None
        if sealing is not None:
            permit, values = sealing
            sealed = await self._parts.vault.seal(tx, permit, ADDRESSES[channel], letter, values)
        await tx.run(
            QUERIES["write_letter"],
            {
                "subject": subject,
                "letter": letter,
                "kind": kind.value,
                "channel": channel.value,
                "sealed": sealed,
                "now": now,
                "expires": now + lasts,
                "request": behalf.request if behalf else None,
                "ground": behalf.right if behalf else None,
                "staff": behalf.staff if behalf else None,
                "matter": matter,
            },
        )
        return letter

    async def language_of(self, tx: Tx, subject: SubjectId) -> str:
        """Return the language that a person's account is kept in."""
        return str(await tx.value(QUERIES["account_language"], {"subject": subject}) or "en")

    async def due(self, tx: Tx, limit: int = 100) -> int:
        """Return how many letters (at most ``limit``) wait to be carried now."""
        params = {"now": self._parts.clock.now(), "limit": limit}
        return int(await tx.value(QUERIES["count_due_letters"], params))

    async def deliver(self, db: Database, sender: Sender, limit: int = 100) -> Mapping[Outcome, int]:
        """Carry what is due, one transaction a letter; return how many went which way."""
        ended = dict.fromkeys(Outcome, 0)
        for _ in range(limit):
            outcome = await self._deliver_one(db, sender)
            if outcome is None:
                break
            ended[outcome] += 1
        return ended

    async def _deliver_one(self, db: Database, sender: Sender) -> Outcome | None:
        due: _Due | None = None
        try:
            async with db.transaction() as tx:
                due = await tx.row(_Due, QUERIES["take_due_letter"], {"now": self._parts.clock.now()})
                if due is None:
                    return None
                if due.expires <= self._parts.clock.now():
                    return await self._end(tx, due, Outcome.LAPSED)
                to, said = await self._opened(tx, due)
                await self._later(tx, "letter_taken", due, HELD)
            # Outside: a slow carrier holds nothing of this person back. A crash before the end sends twice.
            await sender.send(Channel(due.channel), to, said)
            async with db.transaction() as tx:
                return await self._end(tx, due, Outcome.SENT)
        except (Denied, NotHeld, Erased):
            outcome = Outcome.DENIED
        except Exception:  # noqa: BLE001 - one letter must not stop the others
            outcome = Outcome.LATER
        return await self._not_sent(db, due, outcome)

    async def _opened(self, tx: Tx, due: _Due) -> tuple[str, str]:
        parts, kind, address = self._parts, LetterKind(due.kind), ADDRESSES[Channel(due.channel)]
        asking = Asking(due.subject, due.policy, parts.region, parts.clock.now())
        compiled = parts.gate.policies.current(due.policy)
        purpose = purpose_of(compiled, REGISTER, Verb.USE, usual=PURPOSES[kind], actor=SERVICE.kind)
        ask = asking.to(Verb.USE, REGISTER, purpose, {address}, actor=SERVICE)
        if due.request is not None and due.ground is not None:
            behalf = Behalf(due.request, due.ground, due.staff)
            ask = asking.for_request(behalf, Verb.USE, REGISTER, {address})
        elif kind is LetterKind.SIGN_IN_CODE:  # they asked for it, and lack what the account would need
            ask = asking.by_right(Verb.USE, REGISTER, {address})
        elif kind is LetterKind.NOTICE:  # owed to whoever has an account, complete or not
            ask = await or_by_right(tx, compiled, asking, ask, only=(Reason.REQUIRED_ITEM_MISSING,))
        permit = await parts.gate.admit(tx, ask)
        values: Mapping[str, object] = {}
        if due.sealed is not None:
            values = await parts.vault.unseal(tx, permit, address, due.letter, due.sealed)
        if due.matter is not None:
            values = {"said": await matters.said(tx, due.matter, due.language)}
        to = await parts.vault.open(tx, permit, address)
        return str(to["value"]), text(kind, due.language, {k: str(v) for k, v in values.items()})

    async def _not_sent(self, db: Database, due: _Due | None, outcome: Outcome) -> Outcome | None:
        if due is None:
            return None
        if outcome is Outcome.LATER and due.tries >= len(AGAIN):
            outcome = Outcome.FAILED
        async with db.transaction() as tx:
            if outcome is not Outcome.LATER:
                return await self._end(tx, due, outcome)
            await self._later(tx, "letter_again", due, AGAIN[due.tries])
            return outcome

    async def _later(self, tx: Tx, query: str, due: _Due, wait: timedelta) -> None:
        again = self._parts.clock.now() + wait
        await tx.run(QUERIES[query], {"subject": due.subject, "letter": due.letter, "again": again})

    async def _end(self, tx: Tx, due: _Due, outcome: Outcome) -> Outcome:
        where = {"subject": due.subject, "letter": due.letter}
        await tx.run(QUERIES["end_letter"], where)
        if due.matter is not None:
            await matters.letter_ended(tx, due.subject, due.letter, reached=outcome is Outcome.SENT)
        return outcome
