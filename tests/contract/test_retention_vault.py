"""What the vault keeps, against `spec/retention.py`: any policy, any order of events, a clock that is set."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from spec import retention as spec
from spec.deadlines import over
from tests.fakes.vault import START, Bench
from tests.spec import generate
from troth.db import Database
from troth.db.partitions import ensure
from troth.gate.policies import Policies
from troth.policy.calendar import WorkingDays
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
from troth.policy.period import Period, Unit
from troth.policy.statements import HoldClause
from troth.policy.words import Moment
from troth.retention import Retention
from troth.retention.retention import fixed_classes
from troth.terms import Basis, FunctionName, ItemName, Reading, Reference, Verb
from troth.vault import NotHeld
from troth.vault.expiry import Expiry
from troth.vault.growth import drop_over, growing, make_class
from troth.vault.rules import PolicyRules

F = FunctionName("f")
ORDER, MOTION = ItemName("phone"), ItemName("video")
FOLDERS = itertools.count()
FOUND = (Phase.explicit, Phase.reuse, Phase.generate)  # an example takes a database: shrinking takes minutes
SHORT = st.one_of(
    st.builds(Period, st.integers(1, 90), st.just(Unit.HOURS)),
    st.builds(Period, st.integers(1, 70), st.just(Unit.DAYS)),
    st.builds(Period, st.integers(1, 5), st.just(Unit.MONTHS)),
    st.builds(Period, st.integers(1, 2), st.just(Unit.YEARS)),
)
THEN = st.sampled_from(["delete", "anonymise"])


@st.composite
def policies(draw):
    made = [
        generate.clause(AcceptanceClause, "acceptance", shown_first=True),
        generate.clause(
            FunctionClause, "functions/f", function="f", basis=Basis.CONTRACT, starts=Starts.WITH_ACCEPTANCE
        ),
        generate.clause(RefusalClause, "functions/f/on_refusal", function="f", effect="no_effect"),
        *(
            generate.clause(
                ItemClause, f"functions/f/{item}", function="f", item=item, need=Need.WHEN_USED,
                keep=Keep.STORED,
            )
            for item in (ORDER, MOTION)
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
    if draw(st.booleans()):
        made.append(
            generate.clause(
                HoldClause, "legal_holds/orders", name="orders", items=(ORDER,), keep=draw(SHORT),
                counted_from="order_completed", bound="minimum", per="record", opens_for="legal_duty",
                survives="cancel",
            )
        )  # fmt: skip
    return generate.policy_of(made)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.none()),
        st.tuples(st.just("motion"), st.integers(0, 50)),
        st.tuples(st.just("complete"), st.integers(0, 5)),
        st.tuples(st.just("end"), st.none()),
        st.tuples(st.just("again"), st.none()),
        st.tuples(st.just("pass"), st.sampled_from([1, 20, 25, 24 * 20, 24 * 40, 24 * 200])),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class Kept:
    """One record of the model."""

    item: str
    events: dict[str, datetime]
    swept: bool = False
    value: dict = field(default_factory=dict)


class World:
    """The vault and the model beside it."""

    def __init__(self, bench, owner, policy, retention):
        self.bench, self.owner, self.policy, self.retention = bench, owner, policy, retention
        self.orders, self.motions = {}, {}
        self.open = True  # between an end and a new beginning the gate lets nothing in

    def permit(self, verb, item, **changed):
        return self.bench.permit(self.subject, verb, "f", item, policy=self.policy.name, **changed)

    async def order(self, _):
        if not self.open:
            return
        value = {"n": len(self.orders)}
        async with self.bench.tx() as tx:
            record = await self.bench.vault.add(tx, self.permit(Verb.COLLECT, ORDER), ORDER, value)
        self.orders[record] = Kept(ORDER, {"collected": self.bench.clock.at}, value=value)

    async def motion(self, hours):
        if not self.open:
            return
        at = self.bench.clock.at - timedelta(hours=hours)
        one = Reading(uuid4(), MOTION, at, {"n": len(self.motions)})
        async with self.bench.tx() as tx:
            stored = await self.bench.vault.append(tx, self.permit(Verb.COLLECT, MOTION), [one])
        fate = spec.fate(self.policy, F, MOTION, {"collected": at})
        too_late = fate is not None and fate.at <= self.bench.clock.at
        assert stored.over == too_late
        if not too_late:
            self.motions[one.id] = Kept(MOTION, {"collected": at})

    async def complete(self, n):
        live = [record for record, kept in self.orders.items() if not self.gone(kept)]
        if not live:
            return
        record = live[n % len(live)]
        at = self.bench.clock.at
        async with self.bench.tx() as tx:
            await self.retention.happened(
                tx, self.permit(Verb.COLLECT, ORDER), ORDER, record, event=Moment.ORDER_COMPLETED, at=at
            )
        self.orders[record].events["order_completed"] = at

    async def end(self, _):
        at = self.bench.clock.at
        async with self.bench.tx() as tx:
            await self.retention.ended(
                tx, self.subject, self.compiled, {F}, event=Moment.PURPOSE_ENDED, at=at
            )
        self.open = False
        for kept in self.all():
            if not kept.swept:
                kept.events.setdefault("purpose_ended", at)

    async def again(self, _):
        async with self.bench.tx() as tx:
            await self.retention.begins_again(tx, self.subject, self.policy.name, F)
        self.open = True
        for kept in self.all():
            kept.swept = kept.swept or "purpose_ended" in kept.events

    async def pass_(self, hours):
        self.bench.clock.pass_(hours=hours)

    def all(self):
        return [*self.orders.values(), *self.motions.values()]

    def gone(self, kept):
        fate = spec.fate(self.policy, F, kept.item, kept.events)
        return kept.swept or (fate is not None and fate.at <= self.bench.clock.at)

    async def work(self):
        now = self.bench.clock.at
        for _ in range(20):
            async with self.bench.tx() as tx:
                done = await self.retention.run(tx) + await self.retention.count(tx)
            if not done:
                break
        for fixed in fixed_classes([self.compiled]):
            async with self.owner.transaction() as tx:
                await drop_over(tx, fixed, now)
        for kept in self.all():
            kept.swept = kept.swept or self.gone(kept)

    async def agrees(self):
        async with self.bench.tx() as tx:
            permit = self.permit(Verb.USE, MOTION)
            seen = {one.id async for one in self.bench.vault.events(tx, permit)}
            assert seen == {of for of, kept in self.motions.items() if not self.gone(kept)}
            for record, kept in self.orders.items():
                try:
                    found = await self.bench.vault.open(tx, self.permit(Verb.USE, ORDER), ORDER, record)
                except NotHeld:
                    found = None
                assert found == (None if self.gone(kept) else kept.value)
            duty = self.permit(Verb.USE, ORDER, basis=Basis.LEGAL_DUTY, reference=Reference("law", "d"))
            held = {one.record: one.value async for one in self.bench.vault.holds.open(tx, duty)}
            assert held == {
                record: kept.value
                for record, kept in self.orders.items()
                if (until := spec.held_until(self.policy, ORDER, kept.events)) is not None
                and until > self.bench.clock.at
            }


async def live_through(database, folder, policy, steps):
    compiled = generate.compiled(policy)
    versions = Policies({policy.name: {policy.version: compiled}})
    async with (
        Bench(database, folder, rules=PolicyRules(versions)) as bench,
        Database(database.owner) as owner,
    ):
        retention = Retention(versions, bench.vault.holds, Expiry(bench.keyring, bench.clock))
        for fixed in fixed_classes([compiled]):
            async with owner.transaction() as tx:
                await make_class(tx, fixed)
                await ensure(tx, growing(fixed), START.date(), START.date() + timedelta(days=9))
        world = World(bench, owner, policy, retention)
        world.compiled, world.subject = compiled, await bench.subject()
        for name, arg in steps:
            await getattr(world, "pass_" if name == "pass" else name)(arg)
            await world.work()
            await world.agrees()
        async with bench.tx() as tx:
            rows = await tx.value("SELECT coalesce(sum(readings), 0) FROM anonymous")
            counts = any(clause.then == "anonymise" for clause in compiled.retention)
            assert 0 <= rows <= counts * len([kept for kept in world.all() if kept.swept])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=FOUND)
@given(policies(), STEPS)
def test_what_is_readable_is_what_the_specification_says(make_database, tmp_path, policy, steps):
    folder = tmp_path / str(next(FOLDERS))
    asyncio.run(live_through(make_database(), folder, policy, steps))


def test_periods_of_the_law_end_at_midnight_where_it_holds():
    """The clock of the test above crosses months; this pins one date by hand."""
    end = over(Period(3, Unit.YEARS), START, WorkingDays())
    assert end.isoformat() == "2029-03-03T00:00:00+08:00"
