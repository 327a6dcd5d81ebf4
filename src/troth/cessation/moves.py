"""The life of an end as a table: announced, told, come, erased."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.terms import TrothError


class State(StrEnum):
    """Where an end stands."""

    ANNOUNCED = "announced"  # those concerned are written down and told
    TOLD = "told"
    ENDED = "ended"  # nothing comes in any more; what is held waits to be erased
    ERASED = "erased"


class Event(StrEnum):
    """What moves it on."""

    FINISH = "finish"
    COME = "come"
    ERASE = "erase"


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.ANNOUNCED: {Event.FINISH: State.TOLD, Event.COME: State.ENDED},  # time waits for no letter
    State.TOLD: {Event.COME: State.ENDED},
    State.ENDED: {Event.ERASE: State.ERASED},
    State.ERASED: {},
}


class NoSuchEnd(TrothError):
    """this end cannot do that where it stands: look at its state"""


def turn(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to; raises `NoSuchEnd`."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise NoSuchEnd(f"an end that is {state} cannot {event}: look at its state") from None
