"""Taking in the people of a file: batch by batch, each in one transaction with how far the file has come.

So a run that was killed goes on where the last batch ended, and a second run of the same file does nothing.
Who may be stored is `arrivals`' to read and the gate's to say; nothing here reads a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from troth import ledger
from troth.subjects.arrivals import Desk, Fault, Newcomer, Refused
from troth.subjects.names import REGISTER
from troth.subjects.sql import QUERIES
from troth.terms import Denied, ItemName, Permit, PolicyName, TrothError
from troth.vault import Arrival, Claimed

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.parts import Parts

BATCH = 1000
_TRIES = 5
_ACCOUNT = ("uuid", "text", "text", "text", "timestamptz", "timestamptz")
_LINE = ("bytea", "text", "int8", "bool", "text")


class ImportedElsewhere(TrothError):
    """another run is taking in this file: wait for it, or end it, then run this again"""


class NoAccounts(TrothError):
    """this policy has no accounts, so nobody can be imported under it: name the policy of their account"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, by its line; ``said`` is None where the line could not be read."""

    line: int
    said: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows were seen to, by all runs, and how many people were stored."""

    reached: int
    stored: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was not stored as it stood: not at all, or (``stored``) without an unknown choice."""

    line: int
    stored: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Kept:
    reached: int
    stored: int
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A batch as it was read: how many rows, who may be stored, and the lines of who may not."""

    rows: int
    people: Sequence[tuple[int, Newcomer]] = field(repr=False)
    lines: Sequence[Line]


class Import:
    """One file for one policy; ``file`` is the SHA-256 of its bytes."""

    def __init__(self, parts: Parts, policy: PolicyName, file: bytes) -> None:
        self._parts, self._policy, self._file = parts, policy, file

    async def take(self, db: Database, rows: Iterable[Row]) -> AsyncGenerator[Progress]:
        """Take in what no run has seen to, a batch at a time; say after each how far that is.

        Raises `NoSuchPolicy`, `NoAccounts`, `ImportedElsewhere`.
        """
        where: dict[str, object] = {"file": self._file, "policy": self._policy}
        if REGISTER not in self._parts.gate.policies.current(self._policy).functions:
            raise NoAccounts
        async with db.transaction() as tx:
            await tx.run(QUERIES["begin_import"], where | {"now": self._parts.clock.now()})
            kept = await tx.row(_Kept, QUERIES["import"], where)
        if kept is None:
            raise AssertionError("an import that has begun has a row")
        so_far = Progress(kept.reached, kept.stored)
        yield so_far
        if kept.ended is not None:
            return
        left = islice(rows, so_far.reached, None)
        ahead = await asyncio.to_thread(self._next, left)
        while ahead.rows:
            batch = ahead
            async with asyncio.TaskGroup() as both:  # the next is read while the database is waited for
                reading = both.create_task(asyncio.to_thread(self._next, left))
                storing = both.create_task(self._again(db, batch, so_far))
            ahead, so_far = reading.result(), storing.result()
            yield so_far
        async with db.transaction() as tx:
            await tx.run(QUERIES["end_import"], where | {"now": self._parts.clock.now()})

    async def _again(self, db: Database, batch: _Read, so_far: Progress) -> Progress:
        """Take in one batch; once more when someone registered with one of its numbers meanwhile."""
        for _ in range(_TRIES - 1):
            try:
                async with db.transaction() as tx:
                    return await self._batch(tx, batch, so_far)
            except Claimed:
                continue
        async with db.transaction() as tx:
            return await self._batch(tx, batch, so_far)

    async def _batch(self, tx: Tx, batch: _Read, so_far: Progress) -> Progress:
        where: dict[str, object] = {"file": self._file, "policy": self._policy}
        held = await tx.row(_Kept, QUERIES["import_held"], where)
        if held is None or held.reached != so_far.reached:
            raise ImportedElsewhere
        now, lines = self._parts.clock.now(), [*batch.lines]
        new = await self._unknown(tx, batch.people, lines)
        for line, newcomer in new:
            lines += [Line(line, stored=True, reason=reason) for reason in sorted(newcomer.without)]
        if new:
            await self._store(tx, [newcomer for _, newcomer in new], now)
        told = [(self._file, self._policy, one.line, one.stored, one.reason) for one in lines]
        await tx.copy(QUERIES["copy_import_lines"], _LINE, told)
        done = Progress(so_far.reached + batch.rows, so_far.stored + len(new))
        await tx.run(QUERIES["import_goes_on"], where | {"reached": done.reached, "stored": done.stored})
        return done

    def _next(self, left: Iterator[Row]) -> _Read:
        """Read the next batch of the file; nothing here waits or writes."""
        parts, now = self._parts, self._parts.clock.now()
        desk = Desk(self._policy, parts.gate.policies.versions(self._policy), parts.region, now)
        rows = 0
        people: list[tuple[int, Newcomer]] = []
        lines: list[Line] = []
        for row in islice(left, BATCH):
            rows += 1
            try:
                people.append((row.line, desk.read(row.said, ledger.stranger())))
            except Refused as refused:
                lines.append(Line(row.line, stored=False, reason=refused.reason))
        return _Read(rows, people, lines)

    async def _unknown(
        self, tx: Tx, read: Sequence[tuple[int, Newcomer]], lines: list[Line]
    ) -> list[tuple[int, Newcomer]]:
        """Return those whom nobody is yet, here or further up in the batch; note the others in ``lines``."""
        fields: dict[ItemName, list[str]] = {}
        for _, newcomer in read:
            for item, text in newcomer.logins.items():
                fields.setdefault(item, []).append(text)
        taken = {
            (item, text)
            for item, texts in sorted(fields.items())
            for text in await self._parts.vault.lookup.taken(tx, item, texts)
        }
        new: list[tuple[int, Newcomer]] = []
        for line, newcomer in read:
            logins = newcomer.logins.items()
            if taken.isdisjoint(logins):
                new.append((line, newcomer))
                taken |= logins
            else:
                lines.append(Line(line, stored=False, reason=Fault.DUPLICATE))
        return new

    async def _store(self, tx: Tx, new: Sequence[Newcomer], now: datetime) -> None:
        parts = self._parts
        source = ledger.Source(self._policy, REGISTER, self._file.hex())
        await ledger.arrive(tx, [ledger.Arrival(one.subject, one.acts) for one in new], source, now)
        held = await parts.gate.hold(tx, [one.subject for one in new])
        permits = await parts.gate.admit_each(tx, held, [one.ask for one in new])
        arrivals = [
            Arrival(_granted(permit), one.values, one.logins)
            for one, permit in zip(new, permits, strict=True)
        ]
        await parts.vault.arrive(tx, arrivals)
        accounts = [(one.subject, self._policy, one.language, "verified", now, now) for one in new]
        await tx.copy(QUERIES["copy_accounts"], _ACCOUNT, accounts)


def _granted(answer: Permit | Denied) -> Permit:
    if isinstance(answer, Denied):  # it was rehearsed: the clock or the policy turned in between
        raise answer
    return answer


async def lines(tx: Tx, policy: PolicyName, file: bytes) -> Sequence[Line]:
    """Return the lines that were not stored as they stood, in the order of the file."""
    return await tx.rows(Line, QUERIES["import_lines"], {"file": file, "policy": policy})
