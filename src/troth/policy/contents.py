"""Which clauses tell of a topic that a text announces. A table; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from troth.policy import clauses as c
from troth.policy import statements as s
from troth.policy.statement_words import Topic
from troth.terms import ClauseId

_TELLS: Mapping[Topic, tuple[type[c.Clause], ...]] = MappingProxyType(
    {
        Topic.COLLECTION: (c.FunctionClause,),
        Topic.TRACKERS: (s.TrackerClause,),
        Topic.SHARING: (c.RecipientClause, s.CaseClause),
        Topic.PROTECTION: (s.ProtectionClause,),
        Topic.RIGHTS: (c.RightClause,),
        Topic.CHILDREN: (c.AudienceClause, s.MinorClause),
        Topic.ABROAD: (c.StoredInClause,),
        Topic.RETENTION: (c.RetentionClause,),
        Topic.CHANGES: (s.ChangeClause,),
        Topic.CONTACT: (s.ContactClause,),
    }
)


def told_of(policy: c.Policy, topic: Topic) -> tuple[ClauseId, ...]:
    """Return the clauses that tell of a topic, in the order of the policy."""
    return tuple(each.id for each in policy.clauses if isinstance(each, _TELLS[topic]))
