"""The cancellation's table: every stage of the vault has its state, and nothing leads anywhere unlisted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.rights import steps
from troth.rights.moves import MOVES, OF_STAGE, Event, NoSuchMove, State, move
from troth.vault.stages import NEXT, Stage

FORWARD = (Event.REFUSE, Event.END_EPOCH, Event.SWEEP, Event.TELL, Event.CERTIFY, Event.OUTLIVE)


def test_every_state_is_in_the_table_and_reached():
    assert set(MOVES) == set(State)
    reached = {State.ASKED} | {to for moves in MOVES.values() for to in moves.values()}
    assert reached == set(State)


def test_the_states_follow_the_stages_of_the_vault():
    for (stage, following), event in zip(NEXT.items(), FORWARD, strict=True):
        assert move(OF_STAGE[stage], event) is OF_STAGE[following]
    assert set(OF_STAGE) == set(Stage)


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_after_a_confirmation_nothing_leads_back(events):
    state, confirmed = State.ASKED, False
    for event in events:
        if event not in MOVES[state]:
            with pytest.raises(NoSuchMove):
                move(state, event)
            continue
        state = move(state, event)
        confirmed |= event is Event.CONFIRM
        assert confirmed == (state not in {State.ASKED, State.LAPSED})


def test_every_state_of_a_request_is_in_the_table_and_reached():
    assert set(steps.MOVES) == set(steps.State)
    reached = {steps.State.RECEIVED} | {to for moves in steps.MOVES.values() for to in moves.values()}
    assert reached == set(steps.State)


@given(st.lists(st.sampled_from(steps.Event), max_size=12))
def test_a_request_ends_once_and_nothing_is_met_before_proof_or_agreement(events):
    state, proven = steps.State.RECEIVED, False
    for event in events:
        if event not in steps.MOVES[state]:
            with pytest.raises(steps.NoSuchStep):
                steps.step(state, event)
            continue
        before, state = state, steps.step(state, event)
        proven |= event is steps.Event.PROVE
        assert proven or state not in steps.PROVEN | {steps.State.MET}
        assert before not in steps.ENDED
        assert state is not steps.State.MET or before in {steps.State.OPEN, steps.State.APPLIED}
