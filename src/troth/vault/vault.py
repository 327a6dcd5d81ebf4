"""The one door to plaintext: every value goes in and comes out here, and only with a permit.

Checks that the permit is genuine, in force and covers the verb and the items; subject and function are the
permit's own. That nothing is stored which the permit says is not kept. And that a value has the form of its
item, whatever the door before it looked at. Decides nothing else: what may be done, the gate has said. Keys
are unwrapped per call; none is kept, so that a dropped key opens nothing from the moment its row is gone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from troth.db import Tx
from troth.ledger import Held
from troth.policy.values import VALUES, Values
from troth.terms import Clock, ItemName, Permit, Reading, RecordId, SubjectId
from troth.vault import arrivals as arriving
from troth.vault import (
    blocks,
    cipher,
    closing,
    covers,
    deletions,
    documents,
    edits,
    events,
    intake,
    keys,
    pieces,
)
from troth.vault.documents import Which
from troth.vault.errors import Erased, NotHeld, Unsealable, WrongForm
from troth.vault.holds import Holds
from troth.vault.keyring import Keyring
from troth.vault.label import NOTE, PURPOSE, Kind, Label, function_of
from troth.vault.lookup import Lookup
from troth.vault.pieces import Piece
from troth.vault.rules import NO_RULES, Rules
from troth.vault.sql import QUERIES
from troth.vault.timeline import Timeline


class Form(StrEnum):
    """How something is kept: a document is replaced, an event appended."""

    DOCUMENT = "document"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One thing held about a subject. ``functions``: ``policy/function``; ``at``: measured, or last put."""

    form: Form
    id: UUID
    item: ItemName
    functions: tuple[str, ...]
    at: datetime | date
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Stream:
    function: str


class Vault:
    """Permit + value ↔ ciphertext. The caller owns the transaction."""

    def __init__(
        self, keyring: Keyring, clock: Clock, values: Values = VALUES, *, rules: Rules = NO_RULES
    ) -> None:
        self._keyring = keyring
        self._clock = clock
        self._values = values
        self._rules = rules
        self.lookup = Lookup(keyring, clock)
        self.holds = Holds(keyring, clock)
        self.timeline = Timeline(clock)

    async def put(
        self,
        tx: Tx,
        permit: Permit,
        item: ItemName,
        value: Mapping[str, object],
        record: RecordId | None = None,
    ) -> RecordId:
        """Store the document ``item``, replacing the last version for every function that holds it.

        With ``record``, that one of several. What a law holds stays as it is, and a new document takes its
        place. Raises `NotCovered`, `NotKept`, `WrongForm`, `Erased`, `NotHeld` (no such record), and
        `NotStorable` for what would not come back equal.
        """
        return await self._put(tx, permit, item, value, Which(record=record))

    async def add(self, tx: Tx, permit: Permit, item: ItemName, value: Mapping[str, object]) -> RecordId:
        """Store one more document of ``item``, such as an order among orders. Raises as `put` does."""
        return await self._put(tx, permit, item, value, Which(several=True))

    async def arrive(self, tx: Tx, arrivals: Sequence[arriving.Arrival]) -> None:
        """Store the first documents of subjects who were made in ``tx``, and make them findable.

        Raises `NotCovered`, `NotKept`, `WrongForm`, `NotStorable`, and `Claimed` when another subject came to
        hold a value meanwhile: then nothing of ``tx`` may be committed.
        """
        now = self._clock.now()
        for each in arrivals:
            covers.demand_storing(each.permit, now, each.values.keys() | each.found_by.keys())
            for item, value in each.values.items():
                self._demand_form(item, value)
        for permit, record in await arriving.arrive(tx, self._keyring, arrivals, now.date()):
            if (rule := self._rules.fixed(permit)) is not None:
                await closing.owe(tx, permit.ask.subject, function_of(permit), record, rule.ends(now))

    async def open(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId | None = None
    ) -> Mapping[str, object]:
        """Return the document ``item`` (or that one of several) as the permit's function holds it.

        Raises `NotCovered`, `NotHeld`, `Erased`.
        """
        covers.demand(permit, self._clock.now(), covers.READING, {item})
        try:
            return await documents.open_one(tx, self._keyring, permit, item, record)
        except NotHeld:
            await self._demand_live(tx, permit)
            raise

    async def replaced(
        self, tx: Tx, permit: Permit, item: ItemName, value: Mapping[str, object]
    ) -> tuple[RecordId, int] | None:
        """Return record and version of what storing ``value`` would correct; None: nothing, or no change.

        Raises `NotCovered`, `Erased`. No value leaves.
        """
        covers.demand_storing(permit, self._clock.now(), {item})
        await keys.hold(tx, permit.ask.subject)
        return await documents.replaced(tx, self._keyring, permit, item, value)

    async def on_file(self, tx: Tx, permit: Permit) -> dict[ItemName, Mapping[str, object]]:
        """Return the document of every item that the permit lets through; absent: nothing on file.

        Raises `NotCovered`, `Erased`.
        """
        found: dict[ItemName, Mapping[str, object]] = {}
        for item in sorted(permit.allow.items):
            with suppress(NotHeld):
                found[item] = await self.open(tx, permit, item)
        return found

    async def records(self, tx: Tx, permit: Permit, item: ItemName) -> tuple[RecordId, ...]:
        """Return the records of ``item`` that the permit's function holds, oldest first."""
        covers.demand(permit, self._clock.now(), covers.READING | covers.FORGETTING, {item})
        return await documents.records(tx, permit, item)

    async def history(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId | None = None
    ) -> tuple[documents.Version, ...]:
        """Return the earlier versions of a document, where the policy keeps them. Raises as `open` does."""
        covers.demand(permit, self._clock.now(), covers.READING, {item})
        return await documents.history(tx, self._keyring, permit, item, record)

    async def append(
        self, tx: Tx, permit: Permit, readings: Sequence[Reading], *, owner_epoch: int = 0
    ) -> intake.Stored:
        """Store those ``readings`` that were not stored before.

        One sender's readings with the same id, measured on the same day, are one reading, however often and
        over however many connections they come. Raises `NotCovered`, `NotKept`, `WrongForm`, `Erased`,
        `NotStorable`.
        """
        sheaf = intake.Sheaf(permit, readings)
        return (await self.append_each(tx, (sheaf,), owner_epoch=owner_epoch))[0].counted()

    async def append_each(
        self, tx: Tx, sheaves: Sequence[intake.Sheaf], *, owner_epoch: int = 0, held: Held | None = None
    ) -> list[intake.Taken]:
        """Do that for many permits, whoever they are about, at once; answer for each in order.

        Locks the subjects' rows in one order for everybody, but for those that ``held`` says ``tx`` holds.
        Raises `NotCovered`, `NotKept`, `WrongForm`, `Erased`, `Unstorable`.
        """
        if held is not None and held.tx is not tx:
            raise AssertionError("subjects held by another transaction")
        now = self._clock.now()
        for sheaf in sheaves:
            items = {reading.item for reading in sheaf.readings}
            covers.demand_storing(sheaf.permit, now, items)
        fixed = [self._rules.fixed(sheaf.permit) for sheaf in sheaves]
        holds = held.standings.keys() if held else frozenset[SubjectId]()
        terms = intake.Terms(fixed, now, self._demand_forms, owner_epoch, holds)
        return await intake.append_each(tx, self._keyring, sheaves, terms)

    async def correct(self, tx: Tx, permit: Permit, corrected: Reading) -> Piece:
        """Give one stored reading another value: its block is sealed anew, the others in it stay as they are.

        It is found by its id, within the day it was measured on. Returns what the log calls it. Raises
        `NotCovered`, `NotKept`, `WrongForm`, `NotHeld`, `Erased`.
        """
        now = self._clock.now()
        covers.demand_storing(permit, now, {corrected.item})
        self._demand_form(corrected.item, corrected.value)
        await keys.hold(tx, permit.ask.subject)
        return await edits.correct(tx, self._keyring, permit, corrected, now=now)

    async def delete(self, tx: Tx, permit: Permit, reading: UUID, measured: datetime | None = None) -> Piece:
        """Delete one stored reading (verb FORGET) by its id; the others in its block stay as they are.

        With ``measured`` only that day is searched. A late resend does not bring it back. Returns what the
        log calls it. Raises `NotCovered`, `NotHeld`, `Erased`.
        """
        now = self._clock.now()
        covers.demand(permit, now, covers.FORGETTING)
        await keys.hold(tx, permit.ask.subject)
        return await edits.delete(tx, self._keyring, permit, reading, measured, now=now)

    async def events(
        self, tx: Tx, permit: Permit, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncGenerator[Reading]:
        """Yield the readings of the permit's items, measured from ``since`` up to, not including, ``until``.

        In order of time. Raises `NotCovered`; `Erased` also in the middle, when that happens.
        """
        now = self._clock.now()
        covers.demand(permit, now, covers.READING)
        subject, function = permit.ask.subject, function_of(permit)
        span = events.Window(subject=subject, function=function, since=since, until=until)
        items = permit.allow.items
        async for day in events.window(tx, self._keyring, span, now):
            for reading in day:
                if reading.item in items:
                    yield reading

    async def count(
        self, tx: Tx, permit: Permit, since: datetime | None = None, until: datetime | None = None
    ) -> int:
        """Return how many readings `events` would yield. Counts are not kept in plain, so this opens them."""
        n = 0
        async for _reading in self.events(tx, permit, since, until):
            n += 1
        return n

    async def everything(self, tx: Tx, permit: Permit) -> AsyncGenerator[Exported]:
        """Yield all that is held about the permit's subject, for every function: the copy, as a stream.

        Takes a permit for USE on the subject's own right. Holds one page in memory and writes nothing.
        Raises `NotCovered`; `Erased` also in the middle: the copy is then incomplete.
        """
        covers.demand_own_right(permit, self._clock.now(), covers.OWN_COPY)
        subject = permit.ask.subject
        await self._demand_live(tx, permit)
        async for document in documents.every(tx, self._keyring, subject):
            yield Exported(
                form=Form.DOCUMENT,
                id=document.record,
                item=document.item,
                functions=document.functions,
                at=document.day,
                value=document.value,
            )
        now = self._clock.now()
        for stream in await tx.rows(_Stream, QUERIES["streams"], {"subject": subject}):
            span = events.Window(subject=subject, function=stream.function)
            async for day in events.window(tx, self._keyring, span, now):
                for reading in day:
                    yield Exported(
                        form=Form.EVENT,
                        id=reading.id,
                        item=reading.item,
                        functions=(stream.function,),
                        at=reading.measured,
                        value=reading.value,
                    )
        await self._demand_live(tx, permit)

    async def seal(
        self, tx: Tx, permit: Permit, item: ItemName, row: UUID, value: Mapping[str, object]
    ) -> bytes:
        """Return what a letter says, sealed for row ``row`` of another package's table, such as an outbox.

        It opens only for the same subject, function, item and row. Raises as `put` does.
        """
        covers.demand(permit, self._clock.now(), covers.STORING | covers.READING, {item})
        covers.demand_kept(permit, {item})
        if self._values.letter.misfit(value) is not None:
            raise WrongForm
        await keys.hold(tx, permit.ask.subject)
        owner, label = _note(permit, NOTE, item, row)
        key = await keys.for_storing(tx, self._keyring, owner)
        return cipher.seal(key.secret, label.aad(), blocks.encode_value(value))

    async def unseal(
        self, tx: Tx, permit: Permit, item: ItemName, row: UUID, sealed: bytes
    ) -> Mapping[str, object]:
        """Return what `seal` was given. Raises `NotCovered`, `Unsealable`, `Erased`, `NotHeld`."""
        covers.demand(permit, self._clock.now(), covers.READING | covers.STORING, {item})
        # Earlier releases sealed letters and texts under the key of the function's readings.
        found: list[keys.DataKey] = []
        for retention in (NOTE, PURPOSE):
            owner, label = _note(permit, retention, item, row)
            with suppress(NotHeld, Unsealable):
                found.append(await keys.for_opening(tx, self._keyring, owner))
                return blocks.decode_value(cipher.unseal(found[-1].secret, label.aad(), sealed))
        if found:
            raise Unsealable
        await self._demand_live(tx, permit)
        raise NotHeld

    async def let_go(self, tx: Tx, permit: Permit, items: frozenset[ItemName]) -> int:
        """Let the permit's function (verb FORGET) no longer hold the documents, and the media, of ``items``.

        Another function's hold stays; a document without any dies. Returns how many died.
        """
        covers.demand(permit, self._clock.now(), covers.FORGETTING, items)
        await keys.hold(tx, permit.ask.subject)
        for item in sorted(items):
            params = {"subject": permit.ask.subject, "function": function_of(permit), "item": item}
            await tx.run(QUERIES["close_media_of"], params)
        await deletions.note(tx, self._clock.now())
        return await documents.let_go(tx, permit, items)

    async def close(self, tx: Tx, permit: Permit) -> Piece | None:
        """Delete all that the permit's function (verb FORGET) holds of its subject: keys first, then rows.

        The marks of its readings stay until the subject is erased or their partition expires, so that a late
        resend does not bring back what was deleted. Returns what the log calls it; None: there was nothing.
        """
        covers.demand(permit, self._clock.now(), covers.FORGETTING)
        await keys.hold(tx, permit.ask.subject)
        piece = await pieces.of_function(tx, permit)
        await closing.close(tx, permit.ask.subject, function_of(permit), self._clock.now())
        return piece

    async def _put(
        self, tx: Tx, permit: Permit, item: ItemName, value: Mapping[str, object], which: Which
    ) -> RecordId:
        now = self._clock.now()
        covers.demand_storing(permit, now, {item})
        self._demand_form(item, value)
        await keys.hold(tx, permit.ask.subject)
        which = replace(which, history=self._rules.history(permit, item))
        record = await documents.put(tx, self._keyring, permit, item, value, now=now, which=which)
        await closing.not_over(tx, permit.ask.subject, function_of(permit), item)  # given anew since
        if (rule := self._rules.fixed(permit)) is not None:
            await closing.owe(tx, permit.ask.subject, function_of(permit), record, rule.ends(now))
        return record

    def _demand_forms(self, readings: Sequence[Reading]) -> None:
        if not self._values.fit(readings):
            for reading in readings:
                self._demand_form(reading.item, reading.value)

    def _demand_form(self, item: ItemName, value: object) -> None:
        misfit = self._values.misfit(item, value)
        if misfit is not None:
            raise WrongForm(f"{WrongForm.__doc__}: {misfit}")

    async def _demand_live(self, tx: Tx, permit: Permit) -> None:
        if not await keys.still_live(tx, permit.ask.subject):
            raise Erased


def _note(permit: Permit, retention: str, item: ItemName, row: UUID) -> tuple[keys.KeyOwner, Label]:
    """Return whose key seals a row of another package's table, and what it is bound to."""
    subject, function = permit.ask.subject, function_of(permit)
    label = Label(
        kind=Kind.NOTE, subject=subject, function=function, retention=retention, record=row, name=item
    )
    return keys.KeyOwner(subject=subject, function=function, retention=retention), label
