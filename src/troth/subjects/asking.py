"""The questions that a person's own workflows put to the gate. Builds asks; answers none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from troth.subjects.names import ANSWER_REQUEST, COMPLETE_REGISTRATION, REGISTER, SIGN_IN
from troth.terms import (
    Actor,
    ActorKind,
    Ask,
    Basis,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    Reference,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from troth.policy.compiled import Compiled
    from troth.terms import Region, SubjectId

SERVICE = Actor(ActorKind.SERVICE, "troth.subjects")

_USUAL = {Verb.COLLECT: COMPLETE_REGISTRATION, Verb.USE: SIGN_IN}


@dataclass(frozen=True, slots=True)
class Behalf:
    """For which of the person's own requests something is done, and by whom: None is the person."""

    request: UUID
    right: str
    staff: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """One person, about one policy, at one moment."""

    subject: SubjectId
    policy: PolicyName
    region: Region
    at: datetime

    def to(
        self,
        verb: Verb,
        function: FunctionName,
        purpose: Purpose,
        items: Iterable[ItemName],
        *,
        actor: Actor | None = None,
        basis: Basis | None = None,
    ) -> Ask:
        """Ask for the person themselves, or for ``actor``."""
        return Ask(
            verb=verb,
            policy=self.policy,
            function=function,
            items=frozenset(items),
            purpose=purpose,
            subject=self.subject,
            actor=actor or Actor(ActorKind.SUBJECT, str(self.subject)),
            region=self.region,
            at=self.at,
            basis=basis,
        )

    def account(self, compiled: Compiled, verb: Verb, items: Iterable[ItemName]) -> Ask:
        """Ask for what an account needs: registering (collect, use) and signing in (use)."""
        purpose = purpose_of(compiled, REGISTER, verb, usual=_USUAL.get(verb))
        return self.to(verb, REGISTER, purpose, items)

    def by_right(self, verb: Verb, function: FunctionName, items: Iterable[ItemName]) -> Ask:
        """Ask on the person's own right, which outlives their acceptance."""
        return self.to(verb, function, ANSWER_REQUEST, items, basis=Basis.OWN_RIGHT)

    def for_request(
        self, behalf: Behalf, verb: Verb, function: FunctionName, items: Iterable[ItemName]
    ) -> Ask:
        """Ask on the person's own right for one request of theirs; staff carry its reference."""
        ask = self.by_right(verb, function, items)
        if behalf.staff is None:
            return ask
        reference = Reference(behalf.right, str(behalf.request))
        return structs.replace(ask, actor=Actor(ActorKind.STAFF, str(behalf.staff)), reference=reference)


def purpose_of(
    compiled: Compiled,
    function: FunctionName,
    verb: Verb,
    *,
    usual: Purpose | None = None,
    actor: ActorKind = ActorKind.SUBJECT,
) -> Purpose:
    """Return the purpose for which ``actor`` does this with a function.

    The usual one, where the policy has it; else the first that fits. Where there is none, a name that no
    policy has: the gate refuses it.
    """
    table = compiled.functions.get(function)
    fits = [
        purpose
        for purpose, clause in (table.purposes.items() if table else ())
        if verb in clause.verbs and actor in clause.by
    ]
    return usual if usual in fits and usual is not None else (fits or [Purpose("")])[0]
