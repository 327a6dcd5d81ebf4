"""What a policy says of a request: how it comes in, what proves who asks, why it may be refused.

Means what `spec/requests.py` says, from the compiled tables. Pure: keeps no request and knows no person.
Silence of the policy is the answer that takes less from the person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from troth.policy.compiled import Compiled
from troth.policy.statement_words import Proof, RefuseGround, RequestRule, Unreasonable
from troth.policy.statements import ContactClause, DeadlineClause, RefuseGroundClause, RequestClause
from troth.policy.words import Channel, Right
from troth.terms import ClauseId

IN_PERSON = frozenset({Channel.PRIVACY_PAGE, Channel.SETTINGS, Channel.FEEDBACK})
"""Ways that begin with signing in."""
AT_THE_DESK = frozenset({Channel.PHONE, Channel.EMAIL, Channel.LETTER, Channel.SMS, Channel.WEB})
"""Ways that end at somebody of the staff, who cannot see who asks."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What must be shown before a request is handled: every one of ``all_of`` and one of ``any_of``."""

    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()

    def enough(self, shown: Collection[str]) -> bool:
        """Return whether ``shown`` will do."""
        return self.all_of <= set(shown) and (not self.any_of or not self.any_of.isdisjoint(shown))

    def wanted(self, shown: Collection[str]) -> frozenset[str]:
        """Return what else would help."""
        more = frozenset[str]() if not self.any_of.isdisjoint(shown) else self.any_of
        return (self.all_of | more) - set(shown)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Where whoever is not content with an answer goes: our own ways, with their address, and authorities."""

    ways: Mapping[str, str | None]
    regulators: tuple[str, ...]
    clauses: frozenset[ClauseId]


def ways_in(compiled: Compiled, right: str) -> Mapping[str, ClauseId]:
    """Return through what a request may come in, and the clause that says so; its own clause first."""
    own = compiled.rights.get(right)
    if own is None:
        return {}
    found: dict[str, ClauseId] = dict.fromkeys(own.by, own.id)
    for rule in (RequestRule.SELF_SERVICE, RequestRule.OTHER_WAY, RequestRule.DISSATISFIED):
        clause = _rule(compiled, rule)
        if clause is not None and _about(clause, rule, right):
            found |= {channel: clause.id for channel in clause.by if channel not in found}
    return found


def proofs(compiled: Compiled, right: str, *, signed_in: bool) -> Proofs:
    """Return what must be shown first. Signing in is proof of identity, and of nothing else."""
    own = compiled.rights.get(right)
    all_of = frozenset(own.proofs if own else ())
    if signed_in:
        return Proofs(all_of - {Proof.IDENTITY})
    verify = _rule(compiled, RequestRule.VERIFY)
    return Proofs(all_of, frozenset(verify.proofs if verify else ()) or frozenset({Proof.IDENTITY.value}))


def ground_of(compiled: Compiled, ground: str) -> ClauseId | None:
    """Return the clause that lists a ground to refuse; None: a request is not refused on this ground."""
    listed = compiled.one(RefuseGroundClause, ground)
    if listed is not None:
        return listed.id
    unreasonable = _rule(compiled, RequestRule.REFUSE_UNREASONABLE)
    return unreasonable.id if unreasonable is not None and ground in unreasonable.grounds else None


def grounds(compiled: Compiled) -> tuple[str, ...]:
    """Return every ground on which this policy may refuse, in the order of the language."""
    return tuple(each.value for each in (*RefuseGround, *Unreasonable) if ground_of(compiled, each))


def complaint(compiled: Compiled) -> Complaint:
    """Return what an answer that refuses says of complaining."""
    clauses: set[ClauseId] = set()
    ways: dict[str, str | None] = {}
    if Right.COMPLAIN in compiled.rights:
        for channel, clause in ways_in(compiled, Right.COMPLAIN).items():
            clauses.add(clause)
            ways[channel] = _address(compiled, channel)
    for rule in (RequestRule.DISSATISFIED, RequestRule.OTHER_WAY):
        clause = _rule(compiled, rule)
        if clause is not None and Right.COMPLAIN not in compiled.rights:
            clauses.add(clause.id)
            ways |= {channel: _address(compiled, channel) for channel in clause.by}
    heard_by = _rule(compiled, RequestRule.REGULATORS)
    if heard_by is not None:
        clauses.add(heard_by.id)
    return Complaint(ways, heard_by.regulators if heard_by else (), frozenset(clauses))


def may_cost(compiled: Compiled, *, repeated: bool) -> ClauseId | None:
    """Return the clause by which a fee may be quoted: only for what was asked and answered before."""
    free = _rule(compiled, RequestRule.FREE)
    return free.id if free is not None and repeated else None


def taken_back(compiled: Compiled, right: str) -> ClauseId | None:
    """Return the clause that lets a request be taken back until it takes effect; None: it acts at once."""
    found = (each.id for each in compiled.all(DeadlineClause) if each.revocable and right in each.of)
    return min(found, default=None)


def recipients_told(compiled: Compiled) -> ClauseId | None:
    """Return the clause by which whoever was given something is told to delete it; None: nobody is."""
    tell = _rule(compiled, RequestRule.TELL_RECIPIENTS)
    return tell.id if tell is not None else None


def spared(compiled: Compiled, why: str) -> ClauseId | None:
    """Return the clause by which a recipient need not delete, with proof of ``why``."""
    tell = _rule(compiled, RequestRule.TELL_RECIPIENTS)
    return tell.id if tell is not None and why in tell.unless else None


def _about(clause: RequestClause, rule: RequestRule, right: str) -> bool:
    if rule is RequestRule.DISSATISFIED:
        return right == Right.COMPLAIN
    return not clause.rights or right in clause.rights


def _rule(compiled: Compiled, rule: RequestRule) -> RequestClause | None:
    return compiled.one(RequestClause, rule)


def _address(compiled: Compiled, channel: str) -> str | None:
    contact = compiled.one(ContactClause, channel)
    return contact.value if contact else None
