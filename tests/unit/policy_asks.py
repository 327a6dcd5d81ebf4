"""What the tests of one maker's policy have its people do, and what they ask the gate then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Ask,
    FunctionName,
    PolicyName,
    Purpose,
    Region,
    SubjectId,
    Verb,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)
WHO = SubjectId(UUID(int=7))
TEXT = {"version": 1, "language": "en", "text_hash": "aa"}


def by(kind: ActorKind) -> Actor:
    """Return an actor of a kind: the person themselves, or one of the maker's."""
    return Actor(kind, str(WHO) if kind is ActorKind.SUBJECT else "troth")


@dataclass(frozen=True, slots=True)
class Asks:
    """Acts and asks under one policy. ``usual``: what its asks say unless they say otherwise."""

    policy: str
    usual: Mapping[str, object] = field(default_factory=dict)

    def did(self, kind: ActKind, **more: object) -> Act:
        """Return something that was done the day before."""
        return Act(kind=kind, policy=PolicyName(self.policy), at=BEFORE, **more)

    def ask(self, function: str, purpose: str, *items: str, **more: object) -> Ask:
        """Return a question to the gate: the person gives something, unless ``more`` says otherwise."""
        told = {"verb": Verb.COLLECT, "actor": by(ActorKind.SUBJECT)} | dict(self.usual) | more
        return Ask(
            policy=PolicyName(self.policy),
            function=FunctionName(function),
            items=frozenset(items),
            purpose=Purpose(purpose),
            subject=WHO,
            region=Region("CN"),
            at=NOW,
            **told,
        )
