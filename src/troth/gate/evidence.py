"""What the ledger is told of a decision: closed words and ids that the policy knows.

Nothing that a caller may have written freely goes there. Does not decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from troth import ledger
from troth.db import Tx
from troth.policy.compiled import Compiled
from troth.policy.words import Ground, Right
from troth.terms import ActorKind, Allow, Ask, Decision, Deny, EntryId, FunctionName, PolicyName, SubjectId

_NAMED = frozenset({ActorKind.STAFF, ActorKind.SERVICE})
_GROUNDS = frozenset({each.value for each in (*Ground, *Right)})
"""What something may rest on besides consent and contract: any other word is the caller's own."""


class Judged(Struct, frozen=True):
    """A decision and what it was made from. ``known``: the subject has a standing here."""

    decision: Decision
    compiled: Compiled | None = None
    known: bool = False

    def policy(self) -> PolicyName | None:
        """Return the policy's name, when there is such a policy."""
        return self.compiled.policy.name if self.compiled else None

    def function(self, ask: Ask) -> FunctionName | None:
        """Return the function asked for, when the policy has it."""
        return ask.function if self.compiled and ask.function in self.compiled.functions else None

    def details(self, ask: Ask) -> dict[str, str | int]:
        """Return what else belongs on record."""
        said: dict[str, str | int] = {"verb": ask.verb.value, "actor": ask.actor.kind.value}
        if ask.basis:
            said["basis"] = ask.basis.value
        if ask.actor.kind in _NAMED:
            said["by"] = ask.actor.id
        if isinstance(self.decision, Deny) or self.compiled is None:
            return said
        table = self.compiled.functions[ask.function]
        if ask.purpose in table.purposes or ask.purpose in self.compiled.rights:
            said["purpose"] = ask.purpose
        if ask.reference:
            said["document"] = ask.reference.document
            if ask.reference.ground in _GROUNDS:
                said["ground"] = ask.reference.ground
        if ask.recipient in table.recipients:
            said["recipient"] = str(ask.recipient)
        if self.decision.dropped:
            said["dropped"] = len(self.decision.dropped)
        return said

    def entry(self, ask: Ask, at: datetime) -> ledger.NewEntry:
        """Return the entry that is evidence of this decision."""
        allowed = isinstance(self.decision, Allow)
        return ledger.NewEntry(
            kind=ledger.EntryKind.DECISION if allowed else ledger.EntryKind.DENIED,
            at=at,
            policy=self.policy(),
            version=self.compiled.policy.version if self.compiled else None,
            function=self.function(ask),
            subject=SubjectId(ask.subject),
            reason=self.decision.reason if isinstance(self.decision, Deny) else None,
            clauses=tuple(sorted(self.decision.because)),
            details=self.details(ask),
        )


def counted(judged: Judged, ask: Ask) -> Counter[ledger.Counted]:
    """Return what a decision that is not written adds to the counts: itself, and each item it dropped."""
    policy, function = judged.policy(), judged.function(ask)
    if isinstance(judged.decision, Deny):
        return Counter([ledger.Counted(policy, function, "deny", judged.decision.reason)])
    found = Counter(ledger.Counted(policy, function, "deny", drop.reason) for drop in judged.decision.dropped)
    found[ledger.Counted(policy, function, "allow", None)] += 1
    return found


def counted_each(
    answers: Iterable[tuple[Judged, Ask, int]],
) -> tuple[Counter[ledger.Counted], Counter[ledger.Counted]]:
    """Return what many decisions, each made for so many messages, add to the counts: yeses and noes apart."""
    allowed: Counter[ledger.Counted] = Counter()
    denied: Counter[ledger.Counted] = Counter()
    whole: Counter[tuple[PolicyName | None, FunctionName | None]] = Counter()
    for judged, ask, n in answers:
        if isinstance(judged.decision, Allow) and not judged.decision.dropped:  # mostly
            whole[judged.policy(), judged.function(ask)] += n
            continue
        side = allowed if isinstance(judged.decision, Allow) else denied
        for one, times in counted(judged, ask).items():
            side[one] += times * n
    for (policy, function), times in whole.items():
        allowed[ledger.Counted(policy, function, "allow", None)] += times
    return allowed, denied


async def put_on_record(tx: Tx, judged: Judged, ask: Ask, at: datetime, *, counted: bool) -> EntryId | None:
    """Write the decision, or only count it; return the entry, if one was written."""
    if not counted:
        return await ledger.append(tx, judged.entry(ask, at))
    outcome = "allow" if isinstance(judged.decision, Allow) else "deny"
    reason = judged.decision.reason if isinstance(judged.decision, Deny) else None
    await ledger.count(tx, judged.policy(), judged.function(ask), outcome, reason, at)
    return None
