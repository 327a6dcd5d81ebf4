"""The desk: how requests come in, move on and are answered, by the person or by staff on their behalf.

The policy says through what a request may come in, what proves who asks, by when it is answered, on which
grounds it may be refused and what it may cost (`policy.requests`, `policy.deadlines`); the table says which
step may follow which (`steps`). Each step is one transaction of the caller's: row, ledger entry, letter.
Whose token it is, the door has checked; what is opened, the gate decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from troth import ledger
from troth.gate import accepted_version
from troth.ledger import EntryKind, NewEntry
from troth.policy import deadlines
from troth.policy import requests as says
from troth.policy.words import Channel, Moment, Right
from troth.rights import letters, rows
from troth.rights.letters import Told
from troth.rights.rows import Request
from troth.rights.steps import ENDED, Event, State, step
from troth.subjects.acts import home, on_file
from troth.subjects.asking import Asking, Behalf
from troth.subjects.messages import LetterKind
from troth.subjects.names import EMAIL, PHONE, REGISTER, REQUEST_DETAILS, REQUESTS
from troth.subjects.outbox import Outbox
from troth.subjects.senders import Channel as Carrier
from troth.terms import ClauseId, PolicyName, SubjectId, TrothError, Verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from troth.db import Tx
    from troth.policy.calendar import WorkingDays
    from troth.policy.compiled import Compiled
    from troth.subjects.parts import Parts

DEFAULT = timedelta(days=15)
"""Where a policy names a right and no clock for it at all (the catalogue's X01)."""
LETTERS_LAST = timedelta(days=7)


class NoSuchRight(TrothError):
    """the policy knows no such right: see which it lists"""


class NotThisWay(TrothError):
    """the policy lets this request in by other ways"""

    def __init__(self, right: str, ways: Iterable[str]) -> None:
        listed = ", ".join(sorted(ways)) or "none"
        super().__init__(f"a request for {right} does not come in this way: the policy names {listed}")


class ProofMissing(TrothError):
    """more has to be shown before this request is handled"""

    def __init__(self, proofs: says.Proofs, shown: Collection[str], clause: ClauseId | None) -> None:
        wanted = ", ".join(sorted(proofs.wanted(shown)))
        super().__init__(f"show first, as the policy asks: {wanted} ({clause or 'proof of identity'})")


class GroundUnlisted(TrothError):
    """the policy lists no such ground to refuse"""

    def __init__(self, grounds: Iterable[str]) -> None:
        super().__init__(
            f"the policy lists no such ground: refuse on one of {', '.join(grounds) or 'none'}, or meet it"
        )


class FactsMissing(TrothError):
    """a refusal says why: write the facts that the ground rests on"""


class NoFee(TrothError):
    """the policy lets nothing be charged for this: a first request is free"""


class NotYet(TrothError):
    """a request comes in before it is entered: write a time that has passed"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it comes in. ``staff`` None: the person themselves, signed in."""

    right: str
    channel: str
    text: str = field(repr=False)
    staff: UUID | None = None
    received: datetime | None = None
    about: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Going:
    """One step being taken: what happens, where it leads, for which request and by whom."""

    event: Event
    to: State
    behalf: Behalf


def _go(found: Request, event: Event, behalf: Behalf) -> _Going:
    return _Going(event, step(found.stands, event), behalf)


class Desk:
    """The workflow of requests. The caller knows who asks and owns ``tx``."""

    def __init__(self, parts: Parts, outbox: Outbox, days: WorkingDays) -> None:
        self._parts = parts
        self._outbox = outbox
        self._days = days

    async def receive(self, tx: Tx, subject: SubjectId, policy: PolicyName, asked: Asked) -> Request:
        """Take up a request: it is open when signing in is proof enough, else it waits for proof.

        Raises `NoSuchRight`, `NotThisWay`, `NotYet`, `NoSuchSubject`, `Denied`.
        """
        now = self._parts.clock.now()
        compiled = await self.accepted(tx, subject, policy)
        received = asked.received or now
        if received > now:
            raise NotYet
        if asked.right not in compiled.rights:
            raise NoSuchRight
        self._let_in(compiled, asked)
        if asked.about is not None:
            await rows.held(tx, subject, asked.about)
        signed_in = asked.staff is None
        proven = signed_in and says.proofs(compiled, asked.right, signed_in=True).enough(())
        made = Request(
            subject=subject,
            request=uuid4(),
            kind=asked.right,
            policy=policy,
            version=compiled.policy.version,
            channel=asked.channel,
            state=(State.OPEN if proven else State.RECEIVED).value,
            received=received,
            identity_verified=now if proven else None,
            about=asked.about,
        )
        behalf = Behalf(made.request, made.kind, asked.staff)
        if asked.text:
            sealed = await self._seal(tx, self._asking(made, now), behalf, made.request, asked.text)
            made = replace(made, said=sealed)
        made = self._timed(compiled, made)
        await rows.add(tx, made)
        detail = {"channel": made.channel} | ({"about": str(made.about)} if made.about else {})
        await self.record(tx, made, EntryKind.REQUEST, behalf, clauses=self._clauses(made), details=detail)
        await self._write(tx, made, Told.RECEIVED, behalf)
        return made

    async def prove(self, tx: Tx, found: Request, behalf: Behalf, shown: Collection[str]) -> Request:
        """Note that who asks has shown what the policy asks for. Raises `ProofMissing`, `NoSuchStep`."""
        compiled = self.under(found)
        needed = says.proofs(compiled, found.kind, signed_in=Channel(found.channel) in says.IN_PERSON)
        going = _go(found, Event.PROVE, behalf)
        if not needed.enough(shown):
            raise ProofMissing(needed, shown, self._proof_clause(compiled, found))
        moved = replace(found, identity_verified=self._parts.clock.now())
        seen = {"proofs": "/".join(sorted(needed.all_of | (needed.any_of & set(shown))))}
        return await self._moved(tx, moved, going, details=seen)

    async def ask_more(self, tx: Tx, found: Request, behalf: Behalf, text: str) -> Request:
        """Ask the person for what is missing. No policy lets that stop the clock. Raises `NoSuchStep`."""
        moved = await self._reply(tx, found, behalf, text)
        going = _go(found, Event.ASK, behalf)
        moved = await self._moved(tx, moved, going)
        await self._write(tx, moved, Told.ASKED, behalf, text=text)
        return moved

    async def tell_more(self, tx: Tx, found: Request, behalf: Behalf, text: str) -> Request:
        """Take what the person adds. Raises `NoSuchStep`."""
        going = _go(found, Event.TELL, behalf)
        asking = self._asking(found, self._parts.clock.now())
        before = await self.said(tx, found, behalf)
        sealed = await self._seal(tx, asking, behalf, found.request, f"{before}\n{text}".strip())
        return await self._moved(tx, replace(found, said=sealed), going)

    async def check(self, tx: Tx, found: Request, behalf: Behalf) -> Request:
        """Note that looking into it has ended, which may start a clock; the first time counts."""
        going = _go(found, Event.CHECK, behalf)
        moved = replace(found, checked=found.checked or self._parts.clock.now())
        return await self._moved(tx, moved, going)

    async def quote(self, tx: Tx, found: Request, behalf: Behalf, *, fee: int, text: str = "") -> Request:
        """Say what it would cost (in fen), before any work. Raises `NoFee`, `NoSuchStep`."""
        compiled = self.under(found)
        going = _go(found, Event.QUOTE, behalf)
        clause = says.may_cost(compiled, repeated=await rows.answered_before(tx, found))
        if clause is None or fee <= 0:
            raise NoFee
        moved = replace(found, fee=fee)
        moved = await self._moved(tx, moved, going, clauses=(clause,))
        await self._write(tx, moved, Told.QUOTED, behalf, text=text, clause=clause)
        return moved

    async def agree(self, tx: Tx, found: Request, behalf: Behalf) -> Request:
        """Take the person's word that they pay what was quoted. Raises `NoSuchStep`."""
        going = _go(found, Event.AGREE, behalf)
        return await self._moved(tx, found, going)

    async def refuse(self, tx: Tx, found: Request, behalf: Behalf, ground: str, facts: str) -> Request:
        """Refuse on a listed ground, with the facts. Raises `GroundUnlisted`, `FactsMissing`."""
        compiled = self.under(found)
        going = _go(found, Event.REFUSE, behalf)
        clause = says.ground_of(compiled, ground)
        if clause is None:
            raise GroundUnlisted(says.grounds(compiled))
        if not facts.strip():
            raise FactsMissing
        moved = replace(found, ground=ground)
        return await self._answered(tx, moved, going, Told.REFUSED, text=facts, clause=clause)

    async def meet(self, tx: Tx, found: Request, behalf: Behalf, text: str) -> Request:
        """Answer that it is done; what doing it means is for `effects`. Raises `NoSuchStep`."""
        going = _go(found, Event.MEET, behalf)
        return await self._answered(tx, found, going, Told.MET, text=text)

    async def apply(self, tx: Tx, found: Request, behalf: Behalf) -> Request:
        """Let it wait until its time is over, revocable until then, as the clause says."""
        compiled = self.under(found)
        going = _go(found, Event.APPLY, behalf)
        applied = replace(found, applied=self._parts.clock.now())
        until = deadlines.revocable_until(compiled, found.kind, applied.events, self._days)
        clause = says.taken_back(compiled, found.kind)
        moved = replace(applied, takes_effect=until)
        moved = await self._moved(tx, moved, going, clauses=(clause,) if clause else ())
        await self._write(tx, moved, Told.APPLIED, behalf)
        return moved

    async def revoke(self, tx: Tx, found: Request, behalf: Behalf) -> Request:
        """Take it back: nothing has happened, and nothing will. Raises `NoSuchStep` once it has ended."""
        going = _go(found, Event.REVOKE, behalf)
        now = self._parts.clock.now()
        if found.takes_effect is not None and found.takes_effect <= now:
            step(State.MET, Event.REVOKE)  # its time is over, whether or not a worker was there
        moved = replace(found, done=now)
        moved = await self._moved(tx, moved, going)
        await self._write(tx, moved, Told.REVOKED, behalf)
        return moved

    async def said(self, tx: Tx, found: Request, behalf: Behalf) -> str:
        """Open what the person wrote. Raises `Denied`."""
        return await self._unseal(tx, found, behalf, found.request, found.said)

    async def replied(self, tx: Tx, found: Request, behalf: Behalf) -> str:
        """Open what they were told last. Raises `Denied`."""
        return await self._unseal(tx, found, behalf, _of_reply(found), found.reply)

    async def accepted(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> Compiled:
        """Return the version that the person accepted, else the current one. Raises `NoSuchSubject`."""
        standing = await ledger.standing(tx, subject, lock=True)
        if standing is None:
            raise ledger.NoSuchSubject
        version = accepted_version(standing, policy, self._parts.clock.now())
        policies = self._parts.gate.policies
        return policies.current(policy) if version is None else policies.version(policy, version)

    def ends(self, compiled: Compiled, right: str, start: datetime) -> datetime:
        """Return by when a right that is used at ``start``, in person, is done with."""
        started = dict.fromkeys((moment.value for moment in Moment), start)
        due = deadlines.due(compiled, right, started, self._days)
        return due[0] if due is not None else start + DEFAULT

    async def language_of(self, tx: Tx, subject: SubjectId) -> str:
        """Return the language that a person is written to in."""
        return await self._outbox.language_of(tx, subject)

    def under(self, found: Request) -> Compiled:
        """Return the version that a request was made under."""
        return self._parts.gate.policies.version(found.policy, found.version)

    async def record(
        self,
        tx: Tx,
        found: Request,
        kind: EntryKind,
        behalf: Behalf,
        *,
        clauses: Iterable[ClauseId] = (),
        details: dict[str, str] | None = None,
    ) -> None:
        """Put one step on record: words, ids and clauses, nothing that anyone wrote."""
        said: dict[str, str | int] = {"right": found.kind, "request": str(found.request)}
        said |= details or {}
        if behalf.staff is not None:
            said["staff"] = str(behalf.staff)
        entry = NewEntry(
            kind=kind,
            at=self._parts.clock.now(),
            policy=found.policy,
            version=found.version,
            subject=found.subject,
            clauses=tuple(sorted(set(clauses))),
            details=said,
        )
        await ledger.append(tx, entry)

    def _let_in(self, compiled: Compiled, asked: Asked) -> None:
        ways = says.ways_in(compiled, asked.right)
        whose = says.AT_THE_DESK if asked.staff is not None else says.IN_PERSON
        if asked.channel not in ways or Channel(asked.channel) not in whose:
            raise NotThisWay(asked.right, ways)

    def _timed(self, compiled: Compiled, found: Request) -> Request:
        """Set the deadline by the earliest clock that runs."""
        if found.done is not None:
            return found
        due = deadlines.due(compiled, found.kind, found.events, self._days)
        if due is not None:
            return replace(found, at=due[0], clause=due[1])
        every = {moment.value: found.received for moment in Moment}
        if deadlines.due(compiled, found.kind, every, self._days) is None:
            return replace(found, at=found.received + DEFAULT, clause=None)
        return replace(found, at=None, clause=None)

    async def _moved(
        self,
        tx: Tx,
        moved: Request,
        going: _Going,
        *,
        clauses: Iterable[ClauseId] = (),
        details: dict[str, str] | None = None,
    ) -> Request:
        ended = going.to in ENDED
        done = self._parts.clock.now() if ended else None
        moved = self._timed(self.under(moved), replace(moved, state=going.to.value, done=done))
        await rows.save(tx, moved)
        said = {"step": going.event.value} | (details or {})
        said |= {"outcome": going.to.value} if ended else {}
        said |= {"ground": moved.ground} if moved.ground is not None else {}
        kind = EntryKind.ANSWERED if ended else EntryKind.REQUEST_STEP
        clauses = (*clauses, *self._clauses(moved))
        await self.record(tx, moved, kind, going.behalf, clauses=clauses, details=said)
        return moved

    async def _answered(
        self, tx: Tx, found: Request, going: _Going, told: Told, *, text: str, clause: ClauseId | None = None
    ) -> Request:
        moved = await self._reply(tx, found, going.behalf, text)
        moved = await self._moved(tx, moved, going, clauses=(clause,) if clause else ())
        await self._write(tx, moved, told, going.behalf, text=text, clause=clause or "")
        return moved

    async def _reply(self, tx: Tx, found: Request, behalf: Behalf, text: str) -> Request:
        if not text:
            return found
        asking = self._asking(found, self._parts.clock.now())
        return replace(found, reply=await self._seal(tx, asking, behalf, _of_reply(found), text))

    def _asking(self, found: Request, now: datetime) -> Asking:
        return Asking(found.subject, found.policy, self._parts.region, now)

    def _clauses(self, found: Request) -> tuple[ClauseId, ...]:
        return (ClauseId(found.clause),) if found.clause and found.done is None else ()

    def _proof_clause(self, compiled: Compiled, found: Request) -> ClauseId | None:
        own = compiled.rights[found.kind]
        return own.id if own.proofs else None

    async def _seal(self, tx: Tx, asking: Asking, behalf: Behalf, row: UUID, text: str) -> bytes:
        ask = asking.for_request(behalf, Verb.COLLECT, REQUESTS, {REQUEST_DETAILS})
        permit = await self._parts.gate.admit(tx, ask)
        return await self._parts.vault.seal(tx, permit, REQUEST_DETAILS, row, {"text": text})

    async def _unseal(self, tx: Tx, found: Request, behalf: Behalf, row: UUID, sealed: bytes | None) -> str:
        asking = self._asking(found, self._parts.clock.now())
        ask = asking.for_request(behalf, Verb.USE, REQUESTS, {REQUEST_DETAILS})
        in_person = behalf.staff is None  # looking at what one wrote oneself is no news
        permit = await self._parts.gate.admit(tx, ask, counted=in_person)
        if sealed is None:
            return ""
        value = await self._parts.vault.unseal(tx, permit, REQUEST_DETAILS, row, bytes(sealed))
        return str(value["text"])

    async def _write(
        self,
        tx: Tx,
        found: Request,
        told: Told,
        behalf: Behalf,
        *,
        text: str = "",
        clause: str = "",
    ) -> None:
        """Write to the person, where an address is on file. The gate is asked for it, on their own right."""
        under = await home(tx, found.subject, found.policy)
        asking = replace(self._asking(found, self._parts.clock.now()), policy=under)
        held = await on_file(tx, found.subject, under, REGISTER)
        carrier = Carrier.SMS if PHONE in held else Carrier.EMAIL
        address = PHONE if carrier is Carrier.SMS else EMAIL
        if address not in held:
            return
        permit = await self._parts.gate.admit(tx, asking.for_request(behalf, Verb.USE, REGISTER, {address}))
        language = letters.language_of(await self._outbox.language_of(tx, found.subject))
        said = letters.letter(told, self.under(found), found, language, text=text, clause=clause)
        await self._outbox.write(
            tx,
            found.subject,
            LetterKind.REQUEST,
            carrier,
            lasts=LETTERS_LAST,
            sealing=(permit, {"said": said}),
            behalf=behalf,
        )


def _of_reply(found: Request) -> UUID:
    """Return the row that a reply is sealed for: another than that of what was asked."""
    return uuid5(found.request, "reply")


def way_in_person(compiled: Compiled, right: str) -> str:
    """Return the way by which a signed-in person brings a request. Raises `NoSuchRight`, `NotThisWay`."""
    if right not in {each.value for each in Right} or right not in compiled.rights:
        raise NoSuchRight
    ways = says.ways_in(compiled, right)
    for channel in ways:
        if channel in says.IN_PERSON:
            return channel
    raise NotThisWay(right, ways)
