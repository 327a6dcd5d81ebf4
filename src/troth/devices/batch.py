"""What a device hands in at once, what it hears back, and the closed list of what is wrong with either.

Values only. Whether a reading may be taken is the gate's to say, per reading; this is about messages that
are not even a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from troth.terms import FunctionName, Reading, TrothError


class Refusal(StrEnum):
    """Why a message or a connection was turned away before the gate was asked. Closed; counted by word."""

    OVERSIZED = "oversized"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    TOO_MANY_READINGS = "too_many_readings"
    NAIVE_TIME = "naive_time"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 - a word for a reason
    UNPROCESSABLE = "unprocessable"
    ANONYMOUS = "anonymous"
    WRONG_CLIENT_ID = "wrong_client_id"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a word for a reason


class Malformed(TrothError):
    """a device's message cannot be read: see the reference of the device link for its form"""

    def __init__(self, reason: Refusal, batch: UUID | None = None) -> None:
        super().__init__(f"{reason.value}: {type(self).__doc__}")
        self.reason = reason
        self.batch = batch
        """The batch's own id where at least that could be read, so that the sender can be told to stop."""


class Apart(TrothError):
    """some of these batches cannot be taken: take the others without them"""

    def __init__(self, which: Mapping[int, Exception]) -> None:
        super().__init__(Apart.__doc__)
        self.which = which
        """Their places among those handed in, and what is wrong with each."""


class Entangled(TrothError):
    """this batch or one that was looked at together with it cannot be taken: take each alone"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings sent together, under an id that the acknowledgement names."""

    id: UUID
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it came: with the token that was shown and for the function that was named."""

    token: str = field(repr=False)
    function: FunctionName
    batch: Batch


class Ack(Struct, frozen=True):
    """What became of a batch, by reading: every one is in exactly one of the four figures.

    ``dropped``: no clause takes that item, it was not chosen, or it is used and not kept.
    ``denied``: it may not be taken at all.
    """

    batch: UUID
    stored: int
    duplicates: int
    dropped: int
    denied: int
