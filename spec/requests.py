"""What a policy means for a request: who may bring it where, what proves who asks, why it may be refused.

To be read from top to bottom. Says yes or no; does not keep requests. Deadlines are in `spec.deadlines`.

# INVARIANT: a right that the policy does not list is not asked for.
# INVARIANT: no ground but a listed one refuses.
# INVARIANT: nothing is handled at the desk without a proof.
# INVARIANT: a first request costs nothing.
# INVARIANT: one more way in never closes another.
"""

from __future__ import annotations

from collections.abc import Collection

from troth.policy.clauses import Policy, RightClause
from troth.policy.statements import DeadlineClause, RefuseGroundClause, RequestClause


def comes_in(policy: Policy, right: str, channel: str) -> bool:
    """Return whether a request for ``right`` may come in this way."""
    listed = [c for c in policy.clauses if isinstance(c, RightClause) and c.right == right]
    if not listed:
        return False
    for clause in policy.clauses:
        if isinstance(clause, RightClause) and clause.right == right and channel in clause.by:
            return True
        if isinstance(clause, RequestClause) and channel in clause.by:
            if clause.name in {"self_service", "other_way"} and (not clause.rights or right in clause.rights):
                return True
            if clause.name == "dissatisfied" and right == "complain":
                return True
    return False


def may_begin(policy: Policy, right: str, shown: Collection[str], *, signed_in: bool) -> bool:
    """Return whether a request is handled, these proofs having been shown."""
    for clause in policy.clauses:
        if isinstance(clause, RightClause) and clause.right == right:
            for proof in clause.proofs:
                if proof not in shown and not (signed_in and proof == "identity"):
                    return False
    if signed_in:
        return True
    accepted = {"identity"}
    for clause in policy.clauses:
        if isinstance(clause, RequestClause) and clause.name == "verify" and clause.proofs:
            accepted = set(clause.proofs)
    return any(proof in accepted for proof in shown)


def may_refuse(policy: Policy, ground: str) -> bool:
    """Return whether a request may be refused on this ground."""
    found = False
    for clause in policy.clauses:
        if isinstance(clause, RefuseGroundClause):
            found = found or clause.name == ground
        if isinstance(clause, RequestClause) and clause.name == "refuse_unreasonable":
            found = found or ground in clause.grounds
    return found


def may_cost(policy: Policy, *, repeated: bool) -> bool:
    """Return whether a fee may be quoted, before any work is done."""
    says = any(isinstance(c, RequestClause) and c.name == "free" for c in policy.clauses)
    return says and repeated


def can_be_taken_back(policy: Policy, right: str) -> bool:
    """Return whether the request waits, and can be taken back, until its time is over."""
    return any(isinstance(c, DeadlineClause) and c.revocable and right in c.of for c in policy.clauses)
