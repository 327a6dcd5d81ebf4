"""The life of a request as a table: which event leads from which state to which. Anything else raises.

Who may cause an event, and what else must hold, is for `desk`; what the policy says, for `policy.requests`.
A cancellation that acts at once has a table of its own (`moves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.terms import TrothError


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"  # came in; who asks is not proven, so nothing of the person is opened for it
    OPEN = "open"  # being seen to
    ASKED = "asked"  # waits for the person: something is missing
    QUOTED = "quoted"  # waits for the person: it would cost something
    APPLIED = "applied"  # takes effect when its time is over, and can be taken back until then
    MET = "met"
    REFUSED = "refused"
    REVOKED = "revoked"  # taken back by the person


class Event(StrEnum):
    """What moves it on."""

    PROVE = "prove"
    ASK = "ask"
    TELL = "tell"
    CHECK = "check"
    QUOTE = "quote"
    AGREE = "agree"
    APPLY = "apply"
    TAKE_EFFECT = "take_effect"
    MEET = "meet"
    REFUSE = "refuse"
    REVOKE = "revoke"


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.RECEIVED: {
        Event.PROVE: State.OPEN,
        Event.ASK: State.RECEIVED,
        Event.TELL: State.RECEIVED,
        Event.REFUSE: State.REFUSED,
        Event.REVOKE: State.REVOKED,
    },
    State.OPEN: {
        Event.ASK: State.ASKED,
        Event.TELL: State.OPEN,
        Event.CHECK: State.OPEN,
        Event.QUOTE: State.QUOTED,
        Event.APPLY: State.APPLIED,
        Event.MEET: State.MET,
        Event.REFUSE: State.REFUSED,
        Event.REVOKE: State.REVOKED,
    },
    State.ASKED: {
        Event.TELL: State.OPEN,
        Event.REFUSE: State.REFUSED,
        Event.REVOKE: State.REVOKED,
    },
    State.QUOTED: {  # the quote comes before any work: nothing is met from here
        Event.AGREE: State.OPEN,
        Event.REFUSE: State.REFUSED,
        Event.REVOKE: State.REVOKED,
    },
    State.APPLIED: {Event.TAKE_EFFECT: State.MET, Event.REVOKE: State.REVOKED},
    State.MET: {},
    State.REFUSED: {},
    State.REVOKED: {},
}

ENDED = frozenset(state for state, moves in MOVES.items() if not moves)
PROVEN = frozenset({State.OPEN, State.ASKED, State.QUOTED, State.APPLIED})
"""Where staff may see, on the person's own right and for this request, what they need to answer it."""


class NoSuchStep(TrothError):
    """this request cannot do that where it stands: look at its state"""


def step(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to; raises `NoSuchStep`."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise NoSuchStep(f"a request that is {state} cannot {event}: look at its state") from None
