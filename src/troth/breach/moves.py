"""The life of an incident as a table: which event leads from which state to which. Anything else raises.

What else must hold before an event (every part written, a report on file) is for `incidents`, which asks the
policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.terms import TrothError


class State(StrEnum):
    """Where an incident stands."""

    DECLARED = "declared"  # known; those concerned are written down, the notice is being written
    TELLING = "telling"  # letters go out, one way after the other
    TOLD = "told"  # everybody was told, or it was announced
    CLOSED = "closed"


class Event(StrEnum):
    """What moves it on."""

    WRITE = "write"
    CONTAIN = "contain"
    REPORT = "report"
    TELL = "tell"
    ANNOUNCE = "announce"
    FINISH = "finish"
    CLOSE = "close"


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.DECLARED: {
        Event.WRITE: State.DECLARED,
        Event.CONTAIN: State.DECLARED,
        Event.REPORT: State.DECLARED,
        Event.TELL: State.TELLING,
    },
    State.TELLING: {  # what is going out is not rewritten
        Event.CONTAIN: State.TELLING,
        Event.REPORT: State.TELLING,
        Event.ANNOUNCE: State.TELLING,
        Event.FINISH: State.TOLD,
    },
    State.TOLD: {
        Event.CONTAIN: State.TOLD,
        Event.REPORT: State.TOLD,
        Event.ANNOUNCE: State.TOLD,
        Event.CLOSE: State.CLOSED,
    },
    State.CLOSED: {},
}


class NoSuchTurn(TrothError):
    """this incident cannot do that where it stands: look at its state"""


def turn(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to; raises `NoSuchTurn`."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise NoSuchTurn(f"an incident that is {state} cannot {event}: look at its state") from None
