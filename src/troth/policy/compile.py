"""A checked policy to the tables that the gate reads. What has an error does not compile.

The tables do not depend on the order of the clauses. One pass over them, so that the time per clause
stays the same however many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from troth.policy.check import check
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
    Keep,
    Need,
    NeedClause,
    NeverAboutClause,
    Policy,
    PurposeClause,
    RecipientClause,
    RefusalClause,
    RetentionClause,
    RightClause,
    Starts,
    StoredInClause,
    SwitchClause,
)
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.problems import PolicyRejected, Severity
from troth.policy.statement_words import ChangeRule, MinorRule
from troth.policy.statements import ChangeClause, MinorClause, Statement
from troth.terms import Basis, ClauseId, FunctionName, ItemName, Role

C = TypeVar("C", bound=Clause)
K = TypeVar("K")
T = TypeVar("T")
FunctionPart = (
    ItemClause
    | NeedClause
    | PurposeClause
    | RefusalClause
    | NeverAboutClause
    | ClosedClause
    | HoldClause
    | RecipientClause
)
CONSENTS = frozenset({Basis.CONSENT, Basis.SEPARATE_CONSENT})
_ON_AN_ACCOUNT = frozenset({Role.HOLDER, Role.CHILD, Role.GUARDIAN, Role.GUEST})


def compile_policy(policy: Policy) -> Compiled:
    """Check and compile. Raises `PolicyRejected` with every error that the check found."""
    errors = [each.problem for each in check(policy) if each.severity is Severity.ERROR]
    if errors:
        raise PolicyRejected(errors)
    return tables(policy)


def tables(policy: Policy) -> Compiled:
    """Build the tables of a policy that was checked; of any other they may mean nothing."""
    clauses = sorted(policy.clauses, key=lambda each: each.id)
    parts: defaultdict[FunctionName, list[Clause]] = defaultdict(list)
    switches: defaultdict[FunctionName, list[SwitchClause]] = defaultdict(list)
    functions = _all(clauses, FunctionClause)
    waiting = frozenset(each.function for each in functions if _waits(each))
    known = {each.function: each.id for each in functions}
    losses = _Losses()
    for clause in clauses:
        if isinstance(clause, FunctionPart):
            parts[clause.function].append(clause)
        elif isinstance(clause, SwitchClause):
            for name in clause.functions:
                switches[name].append(clause)
        if isinstance(clause, RefusalClause):
            losses.add(clause, waits=clause.function in waiting)
    guardian = next(filter(_asks_a_guardian, _all(clauses, MinorClause)), None)
    return Compiled(
        policy=policy,
        functions=MappingProxyType(
            {
                each.function: _function(each, parts[each.function], switches[each.function], losses, known)
                for each in functions
            }
        ),
        switches=_by(_all(clauses, SwitchClause), lambda each: each.switch),
        exempt=_by(_all(clauses, ExemptClause), lambda each: (each.verb, each.ground)),
        duties=_by(_all(clauses, DutyClause), lambda each: (each.verb, each.ground)),
        regions=_by(_all(clauses, StoredInClause), lambda each: each.region),
        acceptance=_all(clauses, AcceptanceClause)[0],
        audience=next(iter(_all(clauses, AudienceClause)), None),
        guardian=guardian,
        own_age=(guardian.age or 0) + (1 if guardian.inclusive else 0) if guardian else 0,
        continued_use=any(each.name == ChangeRule.CONTINUED_USE for each in _all(clauses, ChangeClause)),
        retention=tuple(_all(clauses, RetentionClause)),
        rights=_by(_all(clauses, RightClause), lambda each: each.right),
        clauses=_by(clauses, lambda each: each.id),
        statements=_statements(clauses),
    )


def _waits(clause: FunctionClause) -> bool:
    return clause.starts is Starts.WHEN_CHOSEN or clause.basis in CONSENTS


def _asks_a_guardian(clause: MinorClause) -> bool:
    return clause.name == MinorRule.PARENTAL_CONSENT and clause.age is not None


@dataclass(frozen=True, slots=True)
class _Losses:
    """Which refusals take other functions along."""

    of: defaultdict[FunctionName, list[RefusalClause]] = field(default_factory=lambda: defaultdict(list))
    gone: defaultdict[FunctionName, set[FunctionName]] = field(default_factory=lambda: defaultdict(set))

    def add(self, clause: RefusalClause, *, waits: bool) -> None:
        for name in clause.also:
            self.gone[name].add(clause.function)
            if waits and name != clause.function:
                self.of[name].append(clause)


def _function(
    clause: FunctionClause,
    parts: list[Clause],
    switches: list[SwitchClause],
    losses: _Losses,
    known: Mapping[FunctionName, ClauseId],
) -> FunctionTable:
    items = _all(parts, ItemClause)
    return FunctionTable(
        clause=clause,
        waits=_waits(clause),
        items=_by(items, lambda each: each.item),
        takes=MappingProxyType({role: _taken(items, role) for role in Role}),
        unkept=frozenset(each.item for each in items if each.keep is Keep.NONE),
        along=MappingProxyType(
            {
                each.item: known[each.only_while]
                for each in items
                if each.only_while is not None and each.only_while in known
            }
        ),
        required=frozenset(each.item for each in items if each.need is Need.REQUIRED),
        either=frozenset(each.item for each in items if each.need is Need.EITHER),
        needs=_by(_all(parts, NeedClause), lambda each: each.need),
        purposes=_by(_all(parts, PurposeClause), lambda each: each.purpose),
        refusal=_all(parts, RefusalClause)[0],
        lost_with=tuple(losses.of[clause.function]),
        gone_with=frozenset(losses.gone[clause.function]),
        holds=_by(_all(parts, HoldClause), lambda each: each.item),
        never_about=_by(_all(parts, NeverAboutClause), lambda each: each.role),
        closed=_by(_all(parts, ClosedClause), lambda each: each.item),
        switches=tuple(each for each in switches if not each.items),
        stops=_stops(switches),
        recipients=_by(_all(parts, RecipientClause), lambda each: each.recipient),
    )


def _stops(switches: list[SwitchClause]) -> Mapping[ItemName, tuple[SwitchClause, ...]]:
    """Return the switches that stop single items, by item."""
    found: defaultdict[ItemName, list[SwitchClause]] = defaultdict(list)
    for clause in switches:
        for item in clause.items:
            found[item].append(clause)
    return MappingProxyType({item: tuple(clauses) for item, clauses in found.items()})


def _taken(items: list[ItemClause], role: Role) -> Mapping[ItemName, ItemClause]:
    """Return the items about people in a role; one that does not say is about someone on the account."""
    plain = role in _ON_AN_ACCOUNT
    return _by(
        (each for each in items if each.about is role or (each.about is None and plain)),
        lambda each: each.item,
    )


def _statements(clauses: list[Clause]) -> Mapping[type[Statement], tuple[Statement, ...]]:
    found: defaultdict[type[Statement], list[Statement]] = defaultdict(list)
    for each in clauses:
        if isinstance(each, Statement):
            found[type(each)].append(each)
    return MappingProxyType({kind: tuple(rows) for kind, rows in found.items()})


def _all(clauses: Iterable[Clause], kind: type[C]) -> list[C]:
    return [each for each in clauses if isinstance(each, kind)]


def _by(rows: Iterable[T], key: Callable[[T], K]) -> Mapping[K, T]:
    return MappingProxyType({key(row): row for row in rows})
