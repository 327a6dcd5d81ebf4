"""The life of a cancellation as a table: which event leads from which state to which. Anything else raises.

The first two states are this package's rows; from ``refused`` on, the vault's stages carry the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.terms import TrothError
from troth.vault.stages import Stage


class State(StrEnum):
    """Where a cancellation stands."""

    ASKED = "asked"  # warned that it cannot be undone; nothing has happened yet
    CONFIRMED = "confirmed"  # the farewell plan is sealed
    REFUSED = "refused"  # everything about this person is refused, everywhere
    UNRECOVERABLE = "unrecoverable"  # the keys that could open old rows are gone
    SWEPT = "swept"  # rows deleted, and looked for
    TOLD = "told"  # recipients told, acknowledgements in
    CERTIFIED = "certified"  # the certificate waits for its owner
    BACKUPS = "backups"  # no backup opens any more either
    LAPSED = "lapsed"  # not confirmed in time: as if it had never been asked


class Event(StrEnum):
    """What moves it on."""

    ASK_AGAIN = "ask_again"
    CONFIRM = "confirm"
    LAPSE = "lapse"
    REFUSE = "refuse"
    END_EPOCH = "end_epoch"
    SWEEP = "sweep"
    TELL = "tell"
    CERTIFY = "certify"
    OUTLIVE = "outlive"


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.ASKED: {
        Event.ASK_AGAIN: State.ASKED,
        Event.CONFIRM: State.CONFIRMED,
        Event.LAPSE: State.LAPSED,
    },
    State.LAPSED: {Event.ASK_AGAIN: State.ASKED},
    State.CONFIRMED: {Event.REFUSE: State.REFUSED},
    State.REFUSED: {Event.END_EPOCH: State.UNRECOVERABLE},
    State.UNRECOVERABLE: {Event.SWEEP: State.SWEPT},
    State.SWEPT: {Event.TELL: State.TOLD},
    State.TOLD: {Event.CERTIFY: State.CERTIFIED},
    State.CERTIFIED: {Event.OUTLIVE: State.BACKUPS},
    State.BACKUPS: {},
}

OF_STAGE: Mapping[Stage, State] = {
    Stage.PLANNED: State.CONFIRMED,
    Stage.REFUSED: State.REFUSED,
    Stage.UNRECOVERABLE: State.UNRECOVERABLE,
    Stage.SWEPT: State.SWEPT,
    Stage.TOLD: State.TOLD,
    Stage.CERTIFIED: State.CERTIFIED,
    Stage.BACKUPS: State.BACKUPS,
}


class NoSuchMove(TrothError):
    """this cancellation cannot do that where it stands: begin to cancel again"""


def move(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to; raises `NoSuchMove`."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise NoSuchMove from None
