"""The vault against a dict: storing, editing, reading, letting go, ending keys, epochs and people."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fakes.vault import START, Bench
from troth.terms import ItemName, Reading, Verb
from troth.vault import Claimed, Erased, Form, NotHeld
from troth.vault.farewell import Farewell
from troth.vault.stages import Stage

FUNCTIONS = st.sampled_from(["register", "cloud", "watch"])
ITEMS = st.sampled_from(["phone", "email"])
VALUES = st.dictionaries(
    st.sampled_from("ab"), st.integers(-9, 9) | st.text("xé", max_size=3) | st.none(), max_size=2
)
EXAMPLES = itertools.count()
NUMBERS = st.sampled_from(["+8613800138000", "+8613900139000"])
READINGS = st.lists(
    st.builds(
        Reading,
        id=st.integers(0, 12).map(lambda n: UUID(int=n)),
        item=st.just(ItemName("motion")),
        # One id, one time: a sender that gives an old id to another day's reading has made a new one.
        measured=st.just(START),
        value=VALUES,
    ).map(lambda one: Reading(one.id, one.item, START - timedelta(hours=9 * (one.id.int % 7)), one.value)),
    max_size=6,
)


class Rollback(Exception):
    pass


class Person:
    def __init__(self):
        self.documents = {}  # item -> (value, {functions})
        self.events = {}  # function -> {id: reading}
        self.sent = {}  # function -> {id}: what was deleted does not come back when it is resent
        self.number = None
        self.erasure = None
        self.erased = False


class VaultAgainstDict(RuleBasedStateMachine):
    bench: Bench
    runner: asyncio.Runner

    people = Bundle("people")

    def __init__(self):
        super().__init__()
        self.model = {}
        self.example = next(EXAMPLES)  # one database for all of them: their numbers must not meet

    def run(self, work):
        return self.runner.run(work)

    @initialize(target=people)
    def begin(self):
        found = [self.run(self.bench.subject()) for _ in range(2)]
        self.model = {subject: Person() for subject in found}
        return multiple(*found)

    @rule(who=people, function=FUNCTIONS, item=ITEMS, value=VALUES)
    def put(self, who, function, item, value):
        one = self.model[who]
        if one.erased:
            with pytest.raises(Erased):
                self.run(self.bench.put(who, item, value, function=function))
            return
        self.run(self.bench.put(who, item, value, function=function))
        holders = one.documents.get(item, (None, set()))[1]
        one.documents[item] = (value, holders | {function})

    @rule(who=people, function=FUNCTIONS, item=ITEMS)
    def open(self, who, function, item):
        one = self.model[who]
        value, holders = one.documents.get(item, (None, set()))
        if one.erased or function not in holders:
            with pytest.raises(Erased if one.erased else NotHeld):
                self.run(self.bench.open(who, item, function=function))
        else:
            assert self.run(self.bench.open(who, item, function=function)) == value

    @rule(who=people, function=FUNCTIONS, item=ITEMS)
    def let_go(self, who, function, item):
        one = self.model[who]

        async def act():
            async with self.bench.tx() as tx:
                permit = self.bench.permit(who, Verb.FORGET, function, item)
                return await self.bench.vault.let_go(tx, permit, frozenset({ItemName(item)}))

        if one.erased:
            with pytest.raises(Erased):
                self.run(act())
            return
        value, holders = one.documents.pop(item, (None, set()))
        left = holders - {function}
        assert self.run(act()) == (1 if holders and not left else 0)
        if left:
            one.documents[item] = (value, left)

    @rule(who=people, function=FUNCTIONS, readings=READINGS, crash=st.booleans())
    def append(self, who, function, readings, crash):
        one = self.model[who]

        async def act():
            async with self.bench.tx() as tx:
                permit = self.bench.permit(who, Verb.COLLECT, function, "motion")
                stored = await self.bench.vault.append(tx, permit, readings)
                if crash:
                    raise Rollback
                return stored

        if one.erased:
            with pytest.raises(Erased):
                self.run(act())
        elif crash:
            with suppress(Rollback):
                self.run(act())
        else:
            held = one.events.setdefault(function, {})
            sent = one.sent.setdefault(function, set())
            new = {r.id: r for r in reversed(readings) if r.id not in sent}
            stored = self.run(act())
            assert (stored.stored, stored.duplicates) == (len(new), len(readings) - len(new))
            held.update(new)
            sent.update(new)

    @rule(who=people, function=FUNCTIONS, number=st.integers(0, 12), value=VALUES)
    def correct(self, who, function, number, value):
        one = self.model[who]
        held = one.events.get(function, {}).get(UUID(int=number))
        corrected = Reading(UUID(int=number), ItemName("motion"), held.measured if held else START, value)
        if one.erased or held is None:
            with pytest.raises(Erased if one.erased else NotHeld):
                self.run(self.bench.correct(who, corrected, function=function))
        else:
            self.run(self.bench.correct(who, corrected, function=function))
            one.events[function][held.id] = corrected

    @rule(who=people, function=FUNCTIONS, number=st.integers(0, 12))
    def delete(self, who, function, number):
        one, which = self.model[who], UUID(int=number)
        if one.erased or which not in one.events.get(function, {}):
            with pytest.raises(Erased if one.erased else NotHeld):
                self.run(self.bench.delete(who, which, function=function))
        else:
            self.run(self.bench.delete(who, which, function=function))
            del one.events[function][which]

    @rule(steps=st.integers(1, 5))
    def rekey(self, steps):
        self.run(self.bench.rekey(steps))

    @rule(who=people, function=FUNCTIONS, after=st.integers(0, 70), hours=st.integers(0, 70))
    def window(self, who, function, after, hours):
        one = self.model[who]
        since = START - timedelta(hours=after)
        until = since + timedelta(hours=hours)
        if one.erased:
            with pytest.raises(Erased):
                self.run(self.bench.events(who, function=function, since=since, until=until))
            return
        held = one.events.get(function, {}).values()
        expected = sorted((r for r in held if since <= r.measured < until), key=lambda r: (r.measured, r.id))
        assert self.run(self.bench.events(who, function=function, since=since, until=until)) == expected

    @rule(who=people, function=FUNCTIONS)
    def close(self, who, function):
        one = self.model[who]

        async def act():
            async with self.bench.tx() as tx:
                await self.bench.vault.close(tx, self.bench.permit(who, Verb.FORGET, function))

        if one.erased:
            with pytest.raises(Erased):
                self.run(act())
            return
        self.run(act())
        one.events.pop(function, None)
        if function == "register":
            one.number = None
        kept = {item: (value, holders - {function}) for item, (value, holders) in one.documents.items()}
        one.documents = {item: (value, holders) for item, (value, holders) in kept.items() if holders}

    @rule(who=people, number=NUMBERS)
    def claim(self, who, number):
        number = f"{number} {self.example}"
        one = self.model[who]

        async def act():
            async with self.bench.tx() as tx:
                permit = self.bench.permit(who, Verb.COLLECT, "register", "phone")
                await self.bench.vault.lookup.claim(tx, permit, ItemName("phone"), number)

        taken = any(other.number == number for other in self.model.values() if other is not one)
        if one.erased or taken:
            with pytest.raises(Erased if one.erased else Claimed):
                self.run(act())
        else:
            self.run(act())
            one.number = number

    @rule(number=NUMBERS)
    def find(self, number):
        number = f"{number} {self.example}"

        async def act():
            async with self.bench.tx() as tx:
                return await self.bench.vault.lookup.find(tx, ItemName("phone"), number)

        expected = [who for who, one in self.model.items() if one.number == number]
        assert self.run(act()) == (expected[0] if expected else None)

    @rule(steps=st.integers(0, 4))
    def turn_or_crash(self, steps):
        async def act():
            turning = self.bench.rotation.turn()
            for _ in range(steps):
                with suppress(StopAsyncIteration):
                    await anext(turning)
            await turning.aclose()

        self.run(act())

    @rule()
    def resume(self):
        async def act():
            return [one async for one in self.bench.rotation.resume()]

        self.run(act())

    @precondition(lambda self: not all(one.erasure for one in self.model.values()))
    @rule(who=people)
    def plan(self, who):
        one = self.model[who]
        if one.erased:
            return
        begun = self.run(self.bench.begin(who, Farewell()))
        assert one.erasure in {None, begun.erasure}
        one.erasure = begun.erasure

    @rule(who=people)
    def advance(self, who):
        one = self.model[who]
        if one.erasure is None:
            return
        self.bench.clock.pass_(seconds=1)
        if self.run(self.bench.advance(one.erasure)) >= Stage.REFUSED:
            self.model[who] = gone = Person()
            gone.erasure, gone.erased = one.erasure, True

    @invariant()
    def the_copy_is_the_model(self):
        for who, one in self.model.items():
            if one.erased:
                with pytest.raises(Erased):
                    self.run(self.bench.everything(who))
                continue
            copy = self.run(self.bench.everything(who))
            documents = {x.item: (x.value, x.functions) for x in copy if x.form is Form.DOCUMENT}
            assert documents == {
                item: (value, tuple(sorted(f"sunmi-camera/{name}" for name in holders)))
                for item, (value, holders) in one.documents.items()
            }
            events = sorted((x.functions[0], x.id, x.at) for x in copy if x.form is Form.EVENT)
            assert events == sorted(
                (f"sunmi-camera/{function}", r.id, r.measured)
                for function, held in one.events.items()
                for r in held.values()
            )


def test_the_vault_agrees_with_a_dict(database, tmp_path):
    with asyncio.Runner() as runner:
        bench = Bench(database, tmp_path)
        runner.run(bench.__aenter__())
        try:
            machine = type("Machine", (VaultAgainstDict,), {"bench": bench, "runner": runner})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(bench.__aexit__())
