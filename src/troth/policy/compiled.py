"""A policy as the gate reads it: plain tables, built once per version by `policy.compile`.

Every row keeps the id of the clause it came from, so that a decision can name what decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from troth.policy.clauses import (
    AcceptanceClause,
    AudienceClause,
    Clause,
    ClosedClause,
    DutyClause,
    ExemptClause,
    FunctionClause,
    HoldClause,
    ItemClause,
    NeedClause,
    NeverAboutClause,
    Policy,
    PurposeClause,
    RecipientClause,
    RefusalClause,
    RetentionClause,
    RightClause,
    StoredInClause,
    SwitchClause,
)
from troth.policy.statements import MinorClause, Statement
from troth.terms import ClauseId, FunctionName, ItemName, Purpose, Region, Role, SwitchName, Verb

S = TypeVar("S", bound=Statement)


@dataclass(frozen=True, slots=True)
class FunctionTable:
    """All that the policy says of one function, by key.

    ``takes`` are the items about people in a role; ``unkept`` are used and not kept; of ``either`` one is
    needed. ``switches`` stop all of it, ``stops`` single items. ``lost_with`` are the
    refusals with which this function is lost, of functions that wait to be chosen; ``gone_with``: withdrawing
    one of these withdraws this one. ``along``: the functions that items come along with, by item.
    """

    clause: FunctionClause
    waits: bool
    items: Mapping[ItemName, ItemClause]
    takes: Mapping[Role, Mapping[ItemName, ItemClause]]
    unkept: frozenset[ItemName]
    along: Mapping[ItemName, ClauseId]
    required: frozenset[ItemName]
    either: frozenset[ItemName]
    needs: Mapping[str, NeedClause]
    purposes: Mapping[Purpose, PurposeClause]
    refusal: RefusalClause
    lost_with: tuple[RefusalClause, ...]
    gone_with: frozenset[FunctionName]
    holds: Mapping[ItemName, HoldClause]
    never_about: Mapping[Role, NeverAboutClause]
    closed: Mapping[ItemName, ClosedClause]
    switches: tuple[SwitchClause, ...]
    stops: Mapping[ItemName, tuple[SwitchClause, ...]]
    recipients: Mapping[str, RecipientClause]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The tables of one policy version.

    Below ``own_age`` the clause ``guardian`` asks for a guardian's consent. ``continued_use``: going on after
    a newer version was shown binds to that as well.
    """

    policy: Policy
    functions: Mapping[FunctionName, FunctionTable]
    switches: Mapping[SwitchName, SwitchClause]
    exempt: Mapping[tuple[Verb, str], ExemptClause]
    duties: Mapping[tuple[Verb, str], DutyClause]
    regions: Mapping[Region, StoredInClause]
    acceptance: AcceptanceClause
    audience: AudienceClause | None
    guardian: MinorClause | None
    own_age: int
    continued_use: bool
    retention: tuple[RetentionClause, ...]
    rights: Mapping[str, RightClause]
    clauses: Mapping[ClauseId, Clause]
    statements: Mapping[type[Statement], tuple[Statement, ...]]

    def all(self, kind: type[S]) -> tuple[S, ...]:
        """Return the statements of one type, in the order of their addresses."""
        return cast("tuple[S, ...]", self.statements.get(kind, ()))

    def one(self, kind: type[S], name: str = "") -> S | None:
        """Return the statement of one type and name, if the policy makes it."""
        return next((each for each in self.all(kind) if each.name == name), None)
