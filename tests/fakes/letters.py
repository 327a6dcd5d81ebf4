"""A carrier that keeps what it carried, for a test to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from troth.subjects.senders import Channel


@dataclass(frozen=True, slots=True)
class Carried:
    """A letter that was carried."""

    channel: Channel
    to: str = field(repr=False)
    text: str = field(repr=False)


class KeptInMemory:
    """Keeps letters in this process."""

    def __init__(self) -> None:
        self.carried: list[Carried] = []

    async def send(self, channel: Channel, to: str, text: str) -> None:
        """Remember the letter."""
        self.carried.append(Carried(channel, to, text))
