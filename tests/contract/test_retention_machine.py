"""Retention against `spec/retention.py`, step by step: whatever ends, begins again, crashes or waits.

The model is a dict of records, each with what has happened to it; what becomes of it the specification says.
A worker is late, or dies at any statement: until it has caught up, only what must still be there is checked.
``TROTH_SPEC_EXAMPLES`` asks for more examples.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from spec import retention as spec
from tests.contract.test_retention_vault import FOUND, MOTION, ORDER, SHORT, THEN, F
from tests.fakes.vault import START, Bench
from tests.spec import generate
from troth.db import Database, Tx
from troth.db.partitions import ensure
from troth.gate.policies import Policies
from troth.policy.clauses import (
    AcceptanceClause,
    FunctionClause,
    ItemClause,
    Keep,
    Need,
    RefusalClause,
    RetentionClause,
    Starts,
)
from troth.policy.statements import HoldClause
from troth.policy.words import Moment
from troth.retention import Retention
from troth.retention.retention import fixed_classes
from troth.terms import Basis, Reading, Reference, Verb
from troth.vault import Erased, NotHeld
from troth.vault.expiry import Expiry
from troth.vault.farewell import Farewell
from troth.vault.growth import drop_over, growing, make_class
from troth.vault.rules import PolicyRules

EXAMPLES = max(12, int(os.environ.get("TROTH_SPEC_EXAMPLES", "0")) // 100)
ITEMS = (ORDER, MOTION)
HOURS = st.sampled_from([1, 20, 24 * 20, 24 * 40, 24 * 200])
ALIVE = precondition(lambda self: not self.cancelled)


@st.composite
def policies(draw):
    made = [
        generate.clause(AcceptanceClause, "acceptance", shown_first=True),
        generate.clause(
            FunctionClause, "functions/f", function="f", basis=Basis.CONTRACT, starts=Starts.WHEN_CHOSEN
        ),
        generate.clause(RefusalClause, "functions/f/on_refusal", function="f", effect="no_effect"),
        *(
            generate.clause(
                ItemClause, f"functions/f/{item}", function="f", item=item, need=Need.OPTIONAL,
                keep=Keep.STORED,
            )
            for item in ITEMS
        ),
        generate.clause(
            RetentionClause, "retention/purpose_ended", after="purpose_ended", then=draw(THEN),
            keep=draw(st.none() | SHORT),
        ),
    ]  # fmt: skip
    if draw(st.booleans()):
        made.append(
            generate.clause(
                RetentionClause, "retention/collected", after="collected", then=draw(THEN), keep=draw(SHORT)
            )
        )
    moments = ["order_completed", "purpose_ended", "account_cancelled"]
    for moment in draw(st.lists(st.sampled_from(moments), unique=True)):
        made.append(  # noqa: PERF401 - drawn one by one
            generate.clause(
                HoldClause, f"legal_holds/{moment}", name=moment, items=(ORDER,), keep=draw(SHORT),
                counted_from=moment, bound="minimum", per="record", opens_for="legal_duty", survives="cancel",
            )
        )  # fmt: skip
    return generate.policy_of(made)


@dataclass
class Kept:
    """One record of the model."""

    item: str
    events: dict[str, datetime]
    value: dict = field(default_factory=dict)
    gone: bool = False
    """Nothing but a hold has it any more."""


class Crash(Exception):
    """The process died."""


class Fuse:
    """Lets so many statements through, then dies. Takes the place of `Tx.run`."""

    def __init__(self, left):
        self.left, self.real = left, Tx.run

    def __enter__(self):
        fuse = self

        async def run(tx, *args):
            if not fuse.left:
                raise Crash
            fuse.left -= 1
            return await fuse.real(tx, *args)

        Tx.run = run

    def __exit__(self, *exc):
        Tx.run = self.real


class CurrentRules:
    """The rules of the example that runs."""

    rules = None

    def fixed(self, permit):
        return self.rules.fixed(permit)

    def history(self, permit, item):
        return self.rules.history(permit, item)


class RetentionAgainstSpec(RuleBasedStateMachine):
    bench: Bench
    owner: Database
    runner: asyncio.Runner
    current: CurrentRules

    def run(self, work):
        return self.runner.run(work)

    @initialize(policy=policies())
    def begin(self, policy):
        self.policy, self.compiled = policy, generate.compiled(policy)
        versions = Policies({policy.name: {policy.version: self.compiled}})
        self.current.rules = PolicyRules(versions)
        self.bench.clock.at = START
        self.retention = Retention(
            versions, self.bench.vault.holds, Expiry(self.bench.keyring, self.bench.clock)
        )
        self.kept, self.cancelled, self.caught_up = {}, False, True
        self.open, self.chosen = True, dict.fromkeys(ITEMS, True)
        self.fixed = fixed_classes([self.compiled])
        self.run(self._begin())

    async def _begin(self):
        for one in self.fixed:
            async with self.owner.transaction() as tx:
                await make_class(tx, one)
                await ensure(tx, growing(one), START.date(), START.date() + timedelta(days=2))
        self.subject = await self.bench.subject()

    @property
    def now(self):
        return self.bench.clock.at

    def permit(self, verb, item, **changed):
        return self.bench.permit(self.subject, verb, F, item, policy=self.policy.name, **changed)

    def do(self, step, crash):
        """Take a step in a transaction; when it crashes before its commit, nothing of it has happened."""

        async def act():
            async with self.bench.tx() as tx:
                done = await step(tx)
                if crash:
                    raise Crash
                return done

        if not crash:
            return self.run(act())
        event("crash")
        with suppress(Crash):
            self.run(act())
        return None

    def over(self, kept):
        fate = spec.fate(self.policy, F, kept.item, kept.events)
        return kept.gone or (fate is not None and fate.at <= self.now)

    def catch_up(self):
        """Have the worker do all there is to do."""

        async def work():
            for _ in range(30):
                async with self.bench.tx() as tx:
                    done = await self.retention.run(tx) + await self.retention.count(tx)
                if not done:
                    break
            for one in self.fixed:
                async with self.owner.transaction() as tx:
                    await drop_over(tx, one, self.now)

        self.run(work())
        for kept in self.kept.values():
            kept.gone = self.over(kept)
        self.caught_up = True

    def happen(self, name, items=ITEMS):
        for kept in self.kept.values():
            if kept.item in items and not kept.gone:
                kept.events.setdefault(name, self.now)

    # What a person and a service do.

    @ALIVE
    @precondition(lambda self: self.open and self.chosen[ORDER])
    @rule(crash=st.booleans())
    def order(self, crash):
        value = {"n": len(self.kept)}
        record = self.do(
            lambda tx: self.bench.vault.add(tx, self.permit(Verb.COLLECT, ORDER), ORDER, value), crash
        )
        if record:
            self.kept[record] = Kept(ORDER, {"collected": self.now}, value)

    @ALIVE
    @precondition(lambda self: self.open and self.chosen[MOTION])
    @rule(hours=st.integers(0, 50), crash=st.booleans())
    def motion(self, hours, crash):
        at = self.now - timedelta(hours=hours)
        one = Reading(uuid4(), MOTION, at, {"n": len(self.kept)})
        stored = self.do(
            lambda tx: self.bench.vault.append(tx, self.permit(Verb.COLLECT, MOTION), [one]), crash
        )
        if stored and stored.stored:
            self.kept[one.id] = Kept(MOTION, {"collected": at})

    @ALIVE
    @rule(n=st.integers(0, 9), crash=st.booleans())
    def complete(self, n, crash):
        self.catch_up()
        live = [one for one, kept in self.kept.items() if kept.item == ORDER and not kept.gone]
        if not live or not self.open:
            return
        record = live[n % len(live)]
        held = self.do(
            lambda tx: self.retention.happened(
                tx, self.permit(Verb.COLLECT, ORDER), ORDER, record, event=Moment.ORDER_COMPLETED, at=self.now
            ),
            crash,
        )
        if held is not None:  # completed twice, the later end stands
            self.kept[record].events["order_completed"] = self.now

    @ALIVE
    @precondition(lambda self: self.open)
    @rule(crash=st.booleans())
    def withdraw(self, crash):
        self.catch_up()

        async def step(tx):
            await self.retention.ended(
                tx, self.subject, self.compiled, {F}, event=Moment.PURPOSE_ENDED, at=self.now
            )
            return True

        if self.do(step, crash):
            self.open, self.chosen, self.caught_up = False, dict.fromkeys(ITEMS, False), False
            self.happen("purpose_ended")

    @ALIVE
    @precondition(lambda self: not self.open)
    @rule(crash=st.booleans())
    def choose_again(self, crash):
        async def step(tx):
            await self.retention.begins_again(tx, self.subject, self.policy.name, F)
            return True

        if self.do(step, crash):
            self.open = True
            for kept in self.kept.values():
                kept.gone = kept.gone or "purpose_ended" in kept.events

    @ALIVE
    @rule(item=st.sampled_from(ITEMS), crash=st.booleans())
    def withdraw_item(self, item, crash):
        if not (self.open and self.chosen[item]):
            return
        self.catch_up()

        async def step(tx):
            await self.retention.item_ended(tx, self.subject, self.compiled, F, item, at=self.now)
            return True

        if self.do(step, crash):
            self.chosen[item], self.caught_up = False, False
            self.happen("purpose_ended", {item})

    @ALIVE
    @rule(item=st.sampled_from(ITEMS), crash=st.booleans())
    def choose_item_again(self, item, crash):
        if not self.open or self.chosen[item]:
            return

        async def step(tx):
            await self.retention.begins_again(tx, self.subject, self.policy.name, F, item)
            return True

        if self.do(step, crash):
            self.chosen[item] = True
            for kept in self.kept.values():
                kept.gone = kept.gone or (kept.item == item and "purpose_ended" in kept.events)

    @ALIVE
    @rule(crash=st.booleans(), steps=st.integers(0, 25))
    def cancel(self, crash, steps):
        """End the account: what a law wants from here on is held first, then everything is refused."""
        if steps:  # seldom, and not as the first thing
            return
        self.catch_up()

        async def step(tx):
            await self.retention.ended(
                tx, self.subject, self.compiled, {F}, event=Moment.ACCOUNT_CANCELLED, at=self.now
            )
            own = self.bench.own(self.subject, Verb.FORGET)
            begun = await self.bench.erasure.begin(tx, own, Farewell())
            return await self.bench.erasure.advance(tx, begun.erasure)

        if self.do(step, crash) is not None:
            event("cancelled")
            self.happen("account_cancelled")
            self.cancelled = True
            for kept in self.kept.values():
                kept.gone = True

    # What goes on by itself.

    @rule(hours=HOURS)
    def pass_time(self, hours):
        self.bench.clock.pass_(hours=hours)
        self.caught_up = False

    @rule(statements=st.integers(0, 12))
    def worker_dies(self, statements):
        """Die at some statement; what was begun is undone, what was committed stays."""

        async def work():
            async with self.bench.tx() as tx:
                await self.retention.run(tx)
            async with self.bench.tx() as tx:
                await self.retention.count(tx)

        with Fuse(statements), suppress(Crash):
            self.run(work())
            event("the worker lived")

    @rule()
    def worker_lives(self):
        self.catch_up()

    # What must be so at any time.

    @invariant()
    def what_is_readable_is_what_the_specification_says(self):
        if not hasattr(self, "kept"):
            return
        self.run(self._agrees())

    async def _agrees(self):
        async with self.bench.tx() as tx:
            must = {one for one, kept in self.kept.items() if not self.over(kept)}
            seen = await self._seen(tx)
            assert must <= seen
            if self.caught_up:
                assert seen == must
            assert not seen & {one for one, kept in self.kept.items() if kept.gone}
            duty = self.permit(Verb.USE, ORDER, basis=Basis.LEGAL_DUTY, reference=Reference("law", "d"))
            held = {one.record: one.value async for one in self.bench.vault.holds.open(tx, duty)}
            assert held == {
                record: kept.value
                for record, kept in self.kept.items()
                if (until := spec.held_until(self.policy, kept.item, kept.events)) is not None
                and until > self.now
            }

    async def _seen(self, tx):
        try:
            permit = self.permit(Verb.USE, MOTION)
            seen = {one.id async for one in self.bench.vault.events(tx, permit)}
        except Erased:
            assert self.cancelled
            return set()
        for record, kept in self.kept.items():
            if kept.item == ORDER:
                with suppress(NotHeld):
                    value = await self.bench.vault.open(tx, self.permit(Verb.USE, ORDER), ORDER, record)
                    assert value == kept.value
                    seen.add(record)
        return seen


def test_retention_agrees_with_the_specification_through_crashes(database, tmp_path):
    with asyncio.Runner() as runner:
        current = CurrentRules()
        bench, owner = Bench(database, tmp_path, rules=current), Database(database.owner)
        runner.run(bench.__aenter__())
        runner.run(owner.__aenter__())
        try:
            parts = {"bench": bench, "owner": owner, "runner": runner, "current": current}
            run_state_machine_as_test(
                type("Machine", (RetentionAgainstSpec,), parts),
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=FOUND,
                ),
            )
        finally:
            runner.run(owner.__aexit__())
            runner.run(bench.__aexit__())
