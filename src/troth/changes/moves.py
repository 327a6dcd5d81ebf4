"""The life of a next version as a table: from its publication to the day from which it is the policy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.terms import TrothError


class State(StrEnum):
    """Where telling people of a next version stands."""

    PUBLISHED = "published"  # its file is here; those under an older version are written down
    TELLING = "telling"
    TOLD = "told"  # everybody has their notice
    IN_FORCE = "in_force"  # its day has come; who has not agreed keeps the older one


class Event(StrEnum):
    """What moves it on."""

    TELL = "tell"
    FINISH = "finish"
    TAKE_EFFECT = "take_effect"


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.PUBLISHED: {Event.TELL: State.TELLING},
    State.TELLING: {Event.FINISH: State.TOLD},
    State.TOLD: {Event.TAKE_EFFECT: State.IN_FORCE},
    State.IN_FORCE: {},
}


class NoSuchPassage(TrothError):
    """this version cannot do that where it stands: look at its state"""


def turn(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to; raises `NoSuchPassage`."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise NoSuchPassage(f"a version that is {state} cannot {event}: look at its state") from None
