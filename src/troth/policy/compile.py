"""A checked policy to the tables that the gate reads. What has an error does not compile.

The tables do not depend on the order of the clauses. One pass over them, so that the time per clause
stays the same however many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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
    ItemClause,
    Need,
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
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.problems import PolicyRejected, Severity
from troth.policy.statements import Statement
from troth.terms import FunctionName

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
    | RecipientClause
)


def compile_policy(policy: Policy) -> Compiled:
    """Check and compile. Raises `PolicyRejected` with every error that the check found."""
    errors = [each.problem for each in check(policy) if each.severity is Severity.ERROR]
    if errors:
        raise PolicyRejected(errors)
    clauses = sorted(policy.clauses, key=lambda each: each.id)
    parts: defaultdict[FunctionName, list[Clause]] = defaultdict(list)
    switches: defaultdict[FunctionName, list[SwitchClause]] = defaultdict(list)
    for clause in clauses:
        if isinstance(clause, FunctionPart):
            parts[clause.function].append(clause)
        elif isinstance(clause, SwitchClause):
            for name in clause.functions:
                switches[name].append(clause)
    return Compiled(
        policy=policy,
        functions=MappingProxyType(
            {
                each.function: _function(each, parts[each.function], switches[each.function])
                for each in _all(clauses, FunctionClause)
            }
        ),
        switches=_by(_all(clauses, SwitchClause), lambda each: each.switch),
        exempt=_by(_all(clauses, ExemptClause), lambda each: (each.verb, each.ground)),
        duties=_by(_all(clauses, DutyClause), lambda each: (each.verb, each.ground)),
        regions=_by(_all(clauses, StoredInClause), lambda each: each.region),
        acceptance=_all(clauses, AcceptanceClause)[0],
        audience=next(iter(_all(clauses, AudienceClause)), None),
        retention=tuple(_all(clauses, RetentionClause)),
        rights=_by(_all(clauses, RightClause), lambda each: each.right),
        clauses=_by(clauses, lambda each: each.id),
        statements=_statements(clauses),
    )


def _function(clause: FunctionClause, parts: list[Clause], switches: list[SwitchClause]) -> FunctionTable:
    items = _all(parts, ItemClause)
    return FunctionTable(
        clause=clause,
        items=_by(items, lambda each: each.item),
        required=frozenset(each.item for each in items if each.need is Need.REQUIRED),
        needs=_by(_all(parts, NeedClause), lambda each: each.need),
        purposes=_by(_all(parts, PurposeClause), lambda each: each.purpose),
        refusal=_all(parts, RefusalClause)[0],
        never_about=_by(_all(parts, NeverAboutClause), lambda each: each.role),
        closed=_by(_all(parts, ClosedClause), lambda each: each.item),
        switches=tuple(switches),
        recipients=_by(_all(parts, RecipientClause), lambda each: each.recipient),
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
