"""Who carries letters: the delivery interface, and two carriers for trying things out.

Neither writes to disk: what a letter says and where it goes is personal. A maker's SMS or mail gateway stands
behind the same interface, in `edges`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Carried:
    """A letter that was carried."""

    channel: Channel
    to: str = field(repr=False)
    text: str = field(repr=False)


class KeptInMemory:
    """Keeps letters in this process, for a demo or a test to read."""

    def __init__(self) -> None:
        self.carried: list[Carried] = []

    async def send(self, channel: Channel, to: str, text: str) -> None:
        """Remember the letter."""
        self.carried.append(Carried(channel, to, text))


class ToTerminal:
    """Shows letters to who sits at the terminal; refuses where standard error goes to a file."""

    async def send(self, channel: Channel, to: str, text: str) -> None:
        """Show the letter. The address is shown by its last two characters only."""
        if not sys.stderr.isatty():
            raise NotCarried("letters are shown on a terminal only: a file would keep what they say")
        sys.stderr.write(f"[{channel.value} to …{to[-2:]}] {text}\n")
