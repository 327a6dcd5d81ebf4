"""One account's cancellation driven at random against its table, with crashes in the middle of steps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from tests.fakes.people import POLICY
from tests.flow.rights_rig import Desk, quick_hashes  # noqa: F401
from troth.rights.moves import OF_STAGE, Event, NoSuchMove, State, move
from troth.terms import Denied

BEFORE = frozenset({None, State.ASKED, State.LAPSED})
WAITS = {State.REFUSED: Event.END_EPOCH}
STEPS = {
    State.UNRECOVERABLE: Event.SWEEP,
    State.SWEPT: Event.TELL,
    State.TOLD: Event.CERTIFY,
}


class Crash(Exception):
    """the process died here"""


class Cancelling(RuleBasedStateMachine):
    make_database = None

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.state = None
        self.done = None
        self.offers = []
        self.turned = False

    def do(self, work):
        return self.runner.run(work)

    @initialize()
    def begin(self):
        self.desk = Desk(self.make_database(), Path(self.folder.name))
        self.do(self.desk.__aenter__())
        self.subject = self.do(self.desk.people.member())

    @precondition(lambda self: self.state in BEFORE)
    @rule()
    def ask(self):
        self.offers.append(self.do(self.desk.ask(self.subject)).confirm)
        self.state = State.ASKED

    @precondition(lambda self: self.state is State.ASKED)
    @rule()
    def time_runs_out(self):
        self.desk.people.clock.pass_(minutes=15)
        self.state = move(self.state, Event.LAPSE)

    @precondition(lambda self: self.offers and self.state is not State.ASKED)
    @rule()
    def confirm_what_is_not_on_offer(self):
        with pytest.raises((NoSuchMove, Denied)):
            self.do(self.desk.confirm(self.subject, self.offers[-1]))

    @precondition(lambda self: self.state is State.ASKED)
    @rule(crash=st.booleans())
    def confirm(self, crash):
        async def confirmed():
            async with self.desk.people.tx() as tx:
                done = await self.desk.cancellation.confirm(tx, self.subject, POLICY, self.offers[-1])
                if crash:
                    raise Crash
                return done

        if crash:
            with pytest.raises(Crash):
                self.do(confirmed())
            return
        self.done = self.do(confirmed())
        self.state = move(move(self.state, Event.CONFIRM), Event.REFUSE)
        assert self.done.state is self.state

    @precondition(lambda self: self.state is State.REFUSED)
    @rule()
    def turn_epoch(self):
        self.do(self.desk.turn_epoch())
        self.turned = True

    @precondition(lambda self: self.done is not None)
    @rule(crash=st.booleans())
    def advance(self, crash):
        async def advanced():
            async with self.desk.people.tx() as tx:
                stage = await self.desk.erasure.advance(tx, self.done.erasure)
                if crash:
                    raise Crash
                return OF_STAGE[stage]

        if crash:
            with pytest.raises(Crash):
                self.do(advanced())
            return
        event = STEPS.get(self.state) or (WAITS.get(self.state) if self.turned else None)
        self.state = move(self.state, event) if event else self.state
        assert self.do(advanced()) is self.state

    @invariant()
    def stands_where_the_table_says(self):
        if self.done is None:
            assert self.do(self.desk.state(self.subject)) is self.state
            assert self.do(self.desk.people.sign_in()).subject == self.subject
            return
        seen = self.do(self._erasing())
        assert seen is self.state
        assert self.do(self.desk.people.standing(self.subject)) is None

    async def _erasing(self):
        async with self.desk.people.tx() as tx:
            return await self.desk.erasing(tx, self.done.erasure)

    def teardown(self):
        self.do(self.desk.__aexit__())
        self.runner.close()
        self.folder.cleanup()


def test_a_cancellation_keeps_to_its_table(make_database):
    machine = type("Held", (Cancelling,), {"make_database": staticmethod(make_database)})
    run(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
