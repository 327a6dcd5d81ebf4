"""Someone in a trial: their account, what they sign in with, their devices; and what came of what was asked.

Values only; what is done with them is `world`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.prove.simulator import Way
from troth.prove.story.person import FORBIDDEN, Answer, Person


@dataclass(slots=True)
class Someone:
    """A person with an account under one policy."""

    account: str
    phone: str
    person: Person
    home: str
    """The policy that the account is under."""
    email: str = ""
    way: Way | None = None
    device: str | None = None
    tills: dict[str, Way] = field(default_factory=dict[str, Way])
    """Ways of other devices than cameras, by their kind."""
    policy: str | None = None
    """Which policy they are about, where that is not the one of their account."""

    @property
    def login(self) -> str:
        """What one signs in with, and letters go to."""
        return self.phone or self.email

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everywhere that a letter may come, whichever way a clause names first."""
        return tuple(each for each in (self.phone, self.email) if each)

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Ask the API as this person."""
        if self.policy is not None and path.startswith("/v1/me"):
            path = f"{path}{'&' if '?' in path else '?'}policy={self.policy}"
        return await self.person.ask(method, path, body)


@dataclass(frozen=True, slots=True)
class Did:
    """What came of an ask: the answer, which items got through, which were dropped and why."""

    answer: Answer
    items: frozenset[str] = frozenset()
    dropped: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def refused(self) -> bool:
        """Whether the gate said no, rather than something being broken."""
        return self.answer.status == FORBIDDEN and bool(self.answer.reason)

    def refused_for(self, *reasons: str) -> bool:
        """Whether it was refused for one of these reasons."""
        return self.refused and self.answer.reason in reasons

    def says(self) -> str:
        """Say what was answered, in a few words."""
        if not self.answer.ok:
            clause = f" by {self.answer.clause}" if self.answer.clause else ""
            return f"{self.answer.status} {self.answer.reason or self.answer.body.get('detail', '')}{clause}"
        lost = ", ".join(f"{item} dropped: {why}" for item, why in sorted(self.dropped.items()))
        return f"got {', '.join(sorted(self.items)) or 'nothing'}" + (f"; {lost}" if lost else "")
