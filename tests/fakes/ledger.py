"""The ledger in memory: same calls, same answers, no database. Held to the real one by `tests/contract`.

A transaction works on a copy and puts it back when it ends well. Nothing is numbered: a leaf needs a commit.
"""

from __future__ import annotations

import copy
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from troth.ledger.entries import Entry, NewEntry, body, commitment, entry_of
from troth.ledger.history import NoSuchSubject
from troth.ledger.log import Count
from troth.terms import Act, EntryId, Standing, SubjectId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class _State:
    def __init__(self):
        self.entries: dict[EntryId, Entry] = {}
        self.openings: dict[SubjectId, dict[EntryId, bytes]] = {}
        self.acts: dict[SubjectId, list[Act] | None] = {}  # None: erased
        self.counts: dict[tuple, int] = {}


class FakeLedger:
    """Use its methods where `troth.ledger`'s functions stand; ``transaction()`` where the database's does."""

    def __init__(self):
        self._state = _State()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[_State]:
        work = copy.deepcopy(self._state)
        yield work
        self._state = work

    async def append(self, tx, entry: NewEntry) -> EntryId:
        made = EntryId(uuid4())
        salt = secrets.token_bytes(32)
        committed = commitment(entry.subject, salt) if entry.subject else None
        tx.entries[made] = Entry(made, entry.at, entry.kind, body(made, entry, committed))
        if entry.subject and tx.acts.get(entry.subject) is not None:
            tx.openings.setdefault(entry.subject, {})[made] = salt
        return made

    async def about(self, tx, subject, kinds=None):
        found = [tx.entries[entry] for entry in tx.openings.get(subject, {})]
        found = [entry for entry in found if kinds is None or entry.kind in kinds]
        return tuple(sorted(found, key=lambda entry: (entry.at, entry.entry)))

    async def count(self, tx, policy, function, outcome, reason, minute, n=1):  # noqa: PLR0917  # as the real one
        minute = minute.replace(second=0, microsecond=0)
        key = (policy or "", function or "", outcome, reason.value if reason else "", minute)
        tx.counts[key] = tx.counts.get(key, 0) + n

    async def counts(self, tx, since, until):
        found = [Count(*key, n) for key, n in tx.counts.items() if since <= key[-1] < until]
        return tuple(sorted(found, key=lambda c: (c.minute, c.policy, c.function, c.outcome, c.reason)))

    async def new_subject(self, tx):
        subject = SubjectId(uuid4())
        tx.acts[subject] = []
        return subject

    async def act(self, tx, subject, act, entry):
        if tx.acts.get(subject) is None:
            raise NoSuchSubject
        tx.acts[subject].append(act)

    async def record(self, tx, subject, done):
        if tx.acts.get(subject) is None:
            raise NoSuchSubject
        entry = await self.append(tx, entry_of(done, subject))
        await self.act(tx, subject, done, entry)
        return entry

    async def standing(self, tx, subject, *, lock):
        acts = tx.acts.get(subject)
        return None if acts is None else Standing(subject, tuple(acts))

    async def forget(self, tx, subject):
        if subject in tx.acts:
            tx.acts[subject] = None
            tx.openings.pop(subject, None)
