"""The tables of the workflows that tell people something: moves listed, states reached."""

from __future__ import annotations

import pytest

from troth.breach import moves as breach
from troth.cessation import moves as cessation
from troth.changes import moves as changes

TABLES = {
    "breach": (breach.MOVES, breach.turn, breach.NoSuchTurn, breach.State, breach.Event),
    "changes": (changes.MOVES, changes.turn, changes.NoSuchPassage, changes.State, changes.Event),
    "cessation": (cessation.MOVES, cessation.turn, cessation.NoSuchEnd, cessation.State, cessation.Event),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_move_that_is_not_listed_raises(name):
    table, turn, error, states, events = TABLES[name]
    assert set(table) == set(states)
    for state in states:
        for event in events:
            if event in table[state]:
                assert turn(state, event) is table[state][event]
            else:
                with pytest.raises(error):
                    turn(state, event)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_and_none_but_the_last_is_a_dead_end(name):
    table, _, _, states, _ = TABLES[name]
    first, *_ = states
    reached, todo = {first}, [first]
    while todo:
        for after in table[todo.pop()].values():
            if after not in reached:
                reached.add(after)
                todo.append(after)
    assert reached == set(states)
    assert sum(not moves for moves in table.values()) == 1


def test_nothing_that_went_out_is_rewritten():
    for state in breach.State:
        if state is not breach.State.DECLARED:
            assert breach.Event.WRITE not in breach.MOVES[state]
