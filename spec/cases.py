"""What a listed case means: an act beyond the function is allowed only in a case that the policy lists.

Says yes, or what is missing. Does not say whether a fact on record is true.

# INVARIANT: what is not listed is refused.
# INVARIANT: one missing fact refuses.
# INVARIANT: what holds always holds in every case.
# INVARIANT: more facts never close.
"""

from __future__ import annotations

from collections.abc import Collection

from troth.policy.clauses import Policy
from troth.policy.statements import CaseClause

ALWAYS = "always"


def missing(
    policy: Policy,
    act: str,
    case: str,
    met: Collection[str],
    *,
    receiver: str | None = None,
    items: Collection[str] = (),
) -> frozenset[str] | None:
    """Return the conditions not met (none of them: allowed), or None where no such case is listed.

    A receiver or an item that the case does not name makes it another case, which is not listed.
    """
    listed = [c for c in policy.clauses if isinstance(c, CaseClause) and c.act == act]
    these = [c for c in listed if c.name == case and case != ALWAYS]
    these = [c for c in these if not c.to or receiver in c.to]
    these = [c for c in these if not c.items or set(items) <= set(c.items)]
    if not these:
        return None
    always = [c for c in listed if c.name == ALWAYS]
    return frozenset(need for c in [*these, *always] for need in c.needs if need not in met)
