"""The sequencer against a list: whatever happens in between, numbers follow commits, without gap or fork."""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from troth import ledger
from troth.db import Database
from troth.ledger import EntryKind, NewEntry
from troth.ledger.proofs import latest_head
from troth.ledger.sequencer import Sequencer
from troth.ledger.signing import Signer
from troth.ledger.tail import Tail
from troth.ledger.verify import Verified, verify

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NAME = "troth/test"


class Clock:
    at = START

    def now(self):
        return self.at


class Crash(Exception):
    pass


class DyingTail(Tail):
    """Dies after writing, before the commit, when told to."""

    dies = False

    def add(self, new):
        super().add(new)
        if self.dies:
            self.dies = False
            raise Crash


class SequencerAgainstList(RuleBasedStateMachine):
    make = None  # a fresh database; set by the test

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="troth-machine-"))
        self.clock = Clock()
        self.tail = DyingTail(self.folder / "ledger.tail")
        self.committed, self.waiting, self.numbered = set(), set(), []
        self.open, self.heads, self.people = [], [], []
        self.db = Database(type(self).make().app, size=6)
        self.runner.run(self.db.__aenter__())
        self.restart()

    def restart(self):
        signer = Signer.load(self.folder / "sign", NAME)
        self.signer = signer
        self.sequencers = [
            Sequencer(self.db, signer, self.clock, tail=self.tail, most=most) for most in (3, 64)
        ]

    def teardown(self):
        async def end():
            for tx, _ in self.open:
                await tx.__aexit__(None, None, None)
            await self.db.__aexit__(None, None, None)

        self.runner.run(end())
        self.runner.close()
        shutil.rmtree(self.folder)

    async def _append(self, tx, n, subject=None):
        new = NewEntry(kind=EntryKind.DECISION, at=self.clock.at, subject=subject)
        return {await ledger.append(tx, new) for _ in range(n)}

    @rule(n=st.integers(1, 5))
    def commit(self, n):
        async def work():
            async with self.db.transaction() as tx:
                return await self._append(tx, n)

        self.waiting |= self.runner.run(work())

    @rule(n=st.integers(1, 3))
    def roll_back(self, n):
        async def work():
            async with self.db.transaction() as tx:
                await self._append(tx, n)
                raise Crash

        with pytest.raises(Crash):
            self.runner.run(work())

    @precondition(lambda self: len(self.open) < 2)
    @rule(n=st.integers(1, 3))
    def begin(self, n):
        async def work():
            held = self.db.transaction()
            return held, await self._append(await held.__aenter__(), n)

        self.open.append(self.runner.run(work()))

    @precondition(lambda self: self.open)
    @rule()
    def end(self):
        held, made = self.open.pop(0)
        self.runner.run(held.__aexit__(None, None, None))
        self.waiting |= made

    @rule(which=st.integers(0, 1), minutes=st.integers(0, 5))
    def number(self, which, minutes):
        self.clock.at += timedelta(minutes=minutes)
        self.runner.run(self.sequencers[which].run_once())
        self._note()

    @rule(which=st.integers(0, 1))
    def crash(self, which):
        self.tail.dies = bool(self.waiting) and (
            self.tail.last() is None or self.tail.last().size == len(self.numbered)
        )
        if self.tail.dies:
            with pytest.raises(Crash):
                self.runner.run(self.sequencers[which].run_once())
        self.restart()

    @rule(finished=st.booleans())
    def rotate(self, finished):
        while self.runner.run(self.sequencers[1].run_once()):
            pass

        async def work():
            after = Signer.next(self.folder / "sign", NAME)
            async with self.db.transaction() as tx:
                entry = await ledger.append(tx, self.sequencers[1].announced(after))
            await self.sequencers[1].rotate(after, entry)
            return after, entry

        after, entry = self.runner.run(work())
        self.waiting.add(entry)
        if finished:
            assert self.signer.settle(after.public)
        self.restart()
        self._note()

    @rule(forget=st.booleans())
    def person(self, forget):
        async def work():
            async with self.db.transaction() as tx:
                subject = await ledger.new_subject(tx)
                made = await self._append(tx, 2, subject)
            if forget:
                async with self.db.transaction() as tx:
                    await ledger.forget(tx, subject)
            return made

        self.waiting |= self.runner.run(work())

    def _note(self):
        """Read what has a number now: what had one keeps it, and only what was committed gets one."""

        async def work():
            async with self.db.transaction() as tx:
                found = await tx.conn.execute("SELECT entry FROM ledger_leaf ORDER BY leaf")
                return [row[0] for row in await found.fetchall()], await latest_head(tx)

        entries, head = self.runner.run(work())
        assert entries[: len(self.numbered)] == self.numbered
        new = set(entries[len(self.numbered) :])
        assert new <= self.waiting
        self.waiting -= new
        self.numbered = entries
        if head and head not in self.heads:
            self.heads.append(head)

    @invariant()
    def verifies(self):
        async def work(against):
            async with self.db.transaction() as tx:
                return await verify(tx, self.signer.public, against)

        for against in {None, *self.heads[:1], *self.heads[-1:]}:
            found = self.runner.run(work(against))
            assert isinstance(found, Verified), found
            assert (found.size, found.pending) == (len(self.numbered), len(self.waiting))


def test_numbers_follow_commits_whatever_happens(make_database):
    SequencerAgainstList.make = make_database
    run_state_machine_as_test(
        SequencerAgainstList,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
