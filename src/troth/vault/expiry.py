"""Carrying out that something is over: due rows, holds, and blocks that are counted before they go.

Everything may be run again at any time and by several processes: a row is settled in the transaction that
does what it says. Opens readings only to count them, where a policy makes anonymous; a count knows nobody.
What does not open stays due, is said once, and holds up nobody else. When something is over is not decided
here. Partitions of past days are dropped by the owner of the tables.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from operator import attrgetter
from uuid import UUID

from troth import ledger
from troth.db import Tx
from troth.ledger import EntryKind
from troth.policy.words import Outcome
from troth.terms import Clock, FunctionName, ItemName, PolicyName, SubjectId
from troth.vault import classes, closing, deletions, documents, events, keys
from troth.vault.errors import Erased, KeyDestroyed, Unsealable
from troth.vault.holds import Holds
from troth.vault.keyring import Keyring
from troth.vault.label import named
from troth.vault.sql import QUERIES

_LOG = logging.getLogger("troth.expiry")
_PAGE = 50
_NEVER = datetime.max.replace(tzinfo=UTC)
Tally = Counter[tuple[str, date]]


@dataclass(frozen=True, slots=True)
class _Due:
    subject: SubjectId
    function: str
    record: UUID
    item: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What was carried out: all of a function's, or all of one item of it, or one document of that item."""

    subject: SubjectId
    policy: PolicyName
    function: FunctionName
    item: ItemName | None


Told = Callable[[Tx, Settled, datetime], Awaitable[None]]
"""What hears of it, in the same transaction."""


@dataclass(frozen=True, slots=True)
class _Over:
    subject: SubjectId
    function: str


@dataclass(frozen=True, slots=True)
class _Item:
    item: str
    at_day: date


class Expiry:
    """What a retention worker calls. The caller owns the transaction."""

    def __init__(self, keyring: Keyring, clock: Clock, told: Told | None = None) -> None:
        """``told`` hears of everything that was carried out, before the commit."""
        self._keyring = keyring
        self._clock = clock
        self._told = told
        self._holds = Holds(keyring, clock)
        self._stuck: set[_Due | _Over] = set()

    async def run(self, tx: Tx) -> int:
        """Carry out some of what is over by now, the oldest first; return how much (0: nothing is left).

        Holds only when nothing else is: people are locked once through, in the order in which all do.
        """
        now = self._clock.now()
        done = 0
        rows = await tx.rows(_Due, QUERIES["due_now"], {"now": now, "page": _PAGE})
        for row in sorted(rows, key=attrgetter("subject")):
            done += await self._apart(tx, row, partial(self._settle, tx, row, now))
        return done or await self._holds.end(tx)

    async def settle_early(
        self, tx: Tx, subject: SubjectId, function: str, item: ItemName | None = None
    ) -> int:
        """Carry out at once what is due of a function, or item, that begins again; return whether it was."""
        found = await tx.rows(
            _Due,
            QUERIES["due_of"],
            {"subject": subject, "function": function, "record": closing.whole(item)},
        )
        for row in found:
            await self._settle(tx, row, self._clock.now(), early=True)
        return len(found)

    async def count_and_drop(self, tx: Tx, retention: str) -> int:
        """Delete a class's blocks that are over, counted where they are to be; return of how many people."""
        now, fixed = self._clock.now(), classes.of(retention)
        if fixed is None:
            return 0
        before = fixed.first_kept(now)
        where = {"class": retention, "before": before, "page": _PAGE}

        async def drop(row: _Over) -> int:
            await tx.run(QUERIES["door_erasing"], {"subject": row.subject})
            if fixed.then is Outcome.ANONYMISE and await keys.still_live(tx, row.subject):
                until = datetime.combine(before, datetime.min.time(), UTC)
                span = events.Window(subject=row.subject, function=row.function, until=until)
                await self._add(tx, row.function, await self._events(tx, span, retention))
            await tx.run(
                QUERIES["drop_blocks_before"], where | {"subject": row.subject, "function": row.function}
            )
            return 1

        rows = await tx.rows(_Over, QUERIES["blocks_over"], where)
        return sum([await self._apart(tx, row, partial(drop, row)) for row in rows])

    async def _apart(self, tx: Tx, row: _Due | _Over, work: Callable[[], Awaitable[int]]) -> int:
        """Do ``work`` by itself: when something of it does not open, nothing of it is done."""
        try:
            async with tx.conn.transaction():
                return await work()
        except (Unsealable, KeyDestroyed, Erased) as error:
            if row not in self._stuck:
                self._stuck.add(row)
                _LOG.warning("what is over of %s is not deleted: %s", row.function, type(error).__name__)
            return 0

    async def _settle(self, tx: Tx, row: _Due, now: datetime, *, early: bool = False) -> int:
        params = {"subject": row.subject, "function": row.function, "record": row.record}
        params |= {"now": _NEVER if early else now}
        await tx.run(QUERIES["door_erasing"], params)
        if not await tx.run(QUERIES["settle"], params):
            return 0  # another worker did it, or its end was moved
        if not await keys.still_live(tx, row.subject):
            return 1  # the erasure sees to everything
        if row.outcome == Outcome.ANONYMISE:
            await self._add(tx, row.function, await self._counted(tx, row))
        settled = await self._settled(tx, row)
        if row.record == closing.EVERYTHING:
            await closing.close(tx, row.subject, row.function, now)
        elif row.item is not None:
            await deletions.note(tx, now)
            await closing.close_item(tx, self._keyring, (row.subject, row.function), ItemName(row.item), now)
        else:
            await deletions.note(tx, now)
            await documents.let_go_of(tx, row.subject, row.function, row.record)
            await tx.run(QUERIES["forget_media"], params)
        entry = ledger.NewEntry(
            kind=EntryKind.TIME_OVER,
            at=now,
            policy=settled.policy,
            function=settled.function,
            subject=row.subject,
            details={"outcome": row.outcome},
        )
        await ledger.append(tx, entry)
        if self._told is not None and not await self._others(tx, row, settled):
            await self._told(tx, settled, now)
        return 1

    async def _others(self, tx: Tx, row: _Due, settled: Settled) -> bool:
        """Return whether the function holds more of the same item: then it is not over for it."""
        params = {"subject": row.subject, "function": row.function, "item": settled.item}
        return settled.item is not None and bool(await tx.value(QUERIES["more_of"], params))

    async def _settled(self, tx: Tx, row: _Due) -> Settled:
        item = row.item
        if item is None and row.record != closing.EVERYTHING:
            params = {"subject": row.subject, "record": row.record}
            item = next((one.item for one in await tx.rows(_Item, QUERIES["item_of"], params)), None)
        name = None if item is None else ItemName(item)
        return Settled(row.subject, *named(row.function), name)

    async def _counted(self, tx: Tx, row: _Due) -> Tally:
        params = {"subject": row.subject, "function": row.function, "record": row.record, "item": row.item}
        if row.record != closing.whole(None if row.item is None else ItemName(row.item)):
            found = await tx.rows(_Item, QUERIES["item_of"], params)
            return Counter(_month(one.item, one.at_day) for one in found)
        documents_over = QUERIES["items_for" if row.item is None else "items_of_one"]
        tally = Counter(_month(one.item, one.at_day) for one in await tx.rows(_Item, documents_over, params))
        span = events.Window(subject=row.subject, function=row.function)
        cursor = await tx.conn.execute(QUERIES["classes"], params, prepare=True)
        for (retention,) in await cursor.fetchall():
            tally += await self._events(tx, span, str(retention), row.item)
        return tally

    async def _events(self, tx: Tx, span: events.Window, retention: str, item: str | None = None) -> Tally:
        tally: Tally = Counter()
        async for row, _key, readings in events.opened(tx, self._keyring, span, retention):
            if span.until is None or row.at_day < span.until.date():
                tally.update(
                    _month(one.item, row.at_day) for one in readings if item is None or one.item == item
                )
        return tally

    async def _add(self, tx: Tx, function: str, tally: Tally) -> None:
        # In a fixed order, so that two workers never wait for each other in a ring.
        for (item, month), readings in sorted(tally.items()):
            row = {"function": function, "item": item, "month": month, "readings": readings}
            await tx.run(QUERIES["count_anonymous"], row)


def _month(item: str, day: date) -> tuple[str, date]:
    return item, day.replace(day=1)
