"""Who carries letters: the interface that a maker's message gateway stands behind, in `edges`.

A carrier writes nothing to disk: what a letter says and where it goes is personal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from troth.terms import TrothError


class Channel(StrEnum):
    """How a person is reached."""

    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"  # read out to them: a call
    RECIPIENT = "recipient"  # somebody else who holds something of theirs, by the policy's name


class NotCarried(TrothError):
    """the carrier did not take the letter: it is tried again later"""


class Sender(Protocol):
    """A carrier. ``send`` returns once the letter is taken over and raises `NotCarried` otherwise."""

    async def send(self, channel: Channel, to: str, text: str) -> None:
        """Carry one letter."""
        ...
