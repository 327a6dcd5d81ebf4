"""The gate's questions for one function: one that all is well with, and then one thing amiss at a time.

Which gate answers is an argument, because the gate stands above the policy. Decisions are compared without
the clauses they name: a clause counts only if the answer itself changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import structs

from troth.policy import answers
from troth.policy.clauses import PERMISSION, SUPPLIER, Clause, DutyClause, ExemptClause, Scope, SwitchClause
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.words import Language
from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Decision,
    DeviceId,
    FunctionName,
    Purpose,
    Reference,
    Region,
    Role,
    Standing,
    SubjectId,
    Verb,
)

Decide = Callable[[Compiled, Standing | None, Ask], Decision]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHO = SubjectId(UUID(int=1))
DEVICE = DeviceId(UUID(int=2))
_NEVER = Purpose("never_declared")


def touched(before: Compiled, clause: Clause) -> tuple[FunctionName, ...]:
    """Return the functions whose decisions a clause can change; one stands for all if it is not about one."""
    function: FunctionName | None = getattr(clause, "function", None)
    if function is not None:
        return (function,)
    if isinstance(clause, SwitchClause):
        return tuple(sorted(clause.functions))
    with_items = (name for name, table in before.functions.items() if table.items)
    return tuple(with_items)[:2]


def documented(
    compiled: Compiled, decide: Decide, clause: DutyClause | ExemptClause
) -> Iterator[tuple[str, object]]:
    """Ask for every function whether a ground opens a verb to staff or a service, with its document."""
    basis = Basis.LEGAL_DUTY if isinstance(clause, DutyClause) else Basis.EXEMPTION
    reference = Reference(clause.ground, "document")
    for function, table in compiled.functions.items():
        standing = Standing(WHO, tuple(_everything(compiled, table)))
        for purpose in table.purposes:
            for kind in (ActorKind.STAFF, ActorKind.SERVICE):
                for recipient in (*table.recipients, None):
                    ask = _ask(compiled, table, purpose, clause.verb, kind)
                    ask = structs.replace(ask, basis=basis, reference=reference, recipient=recipient)
                    answer = _plain(decide(compiled, standing, ask))
                    yield f"{function}/{purpose}/{kind}/{recipient}", answer


def decisions(
    compiled: Compiled, decide: Decide, functions: tuple[FunctionName, ...]
) -> Iterator[tuple[str, object]]:
    """Ask everything about these functions, one answer at a time; a function that is gone has none."""
    yield "old enough", [answers.old_enough(compiled, age) for age in range(20)]
    for function in functions:
        table = compiled.functions.get(function)
        if table is None:
            yield function, None
            continue
        taken = {i: (each.need, each.keep, each.about, each.only_while) for i, each in table.items.items()}
        yield f"{function}/takes", taken
        yield f"{function}/costs", (table.refusal.effect, sorted(table.refusal.also))
        for key, standing, ask in _questions(compiled, table):
            yield f"{function}/{key}", _plain(decide(compiled, standing, ask))


def _plain(decision: Decision) -> object:
    if isinstance(decision, Allow):
        dropped = sorted((each.item, each.reason) for each in decision.dropped)
        return "allow", sorted(decision.items), dropped
    return decision.reason, decision.effect


def _questions(compiled: Compiled, table: FunctionTable) -> Iterator[tuple[str, Standing | None, Ask]]:
    acts = tuple(_everything(compiled, table))
    well = Standing(WHO, acts)
    for purpose in (*sorted(table.purposes), _NEVER):
        for verb in Verb:
            for kind in ActorKind:
                ask = _ask(compiled, table, purpose, verb, kind)
                yield f"{purpose}/{verb}/{kind}", well, ask
                if verb is Verb.SHARE:
                    yield from _to_others(table, acts, ask, f"{purpose}/{kind}")
    own = min(table.purposes)
    clause = table.purposes[own]
    verb, kind = min(clause.verbs, default=Verb.USE), min(clause.by, default=ActorKind.STAFF)
    ask = structs.replace(_ask(compiled, table, own, verb, kind), device=DEVICE)
    yield from _amiss(compiled, table, acts, ask)
    yield from _other_bases(compiled, table, well, ask)


def _to_others(
    table: FunctionTable, acts: tuple[Act, ...], ask: Ask, key: str
) -> Iterator[tuple[str, Standing, Ask]]:
    for recipient, clause in table.recipients.items():
        for language in Language:
            shown = tuple(replace(act, language=language.value) if act.language else act for act in acts)
            for item in clause.items:
                to = structs.replace(ask, recipient=recipient, items=frozenset({item}), device=DEVICE)
                yield f"{key}/{recipient}/{language}/{item}", Standing(WHO, shown), to
                elsewhere = structs.replace(to, device=None)
                yield f"{key}/{recipient}/{language}/{item}/no device", Standing(WHO, shown), elsewhere


def _amiss(
    compiled: Compiled, table: FunctionTable, acts: tuple[Act, ...], ask: Ask
) -> Iterator[tuple[str, Standing | None, Ask]]:
    """One thing amiss at a time: an act that was not done, a switch, a role, a region, an item that lacks."""
    yield "nobody", None, ask
    for n in range(len(acts)):
        yield f"without {acts[n].kind}/{n}", Standing(WHO, acts[:n] + acts[n + 1 :]), ask
    minor = Act(kind=ActKind.FOUND_MINOR, policy=compiled.policy.name, at=NOW)
    yield "minor", Standing(WHO, (*acts, minor)), ask
    for switch in (*table.switches, *{each for clauses in table.stops.values() for each in clauses}):
        for kind in (ActKind.SWITCHED_OFF, ActKind.SWITCHED_ON):
            device = DEVICE if switch.scope is Scope.DEVICE else None
            put = Act(
                kind=kind, policy=compiled.policy.name, at=acts[0].at, switch=switch.switch, device=device
            )
            yield f"{kind}/{switch.switch}", Standing(WHO, (*acts, put)), ask
            elsewhere = structs.replace(ask, device=DeviceId(UUID(int=3)))
            yield f"{kind}/{switch.switch}/elsewhere", Standing(WHO, (*acts, put)), elsewhere
    for role in Role:
        yield f"role {role}", Standing(WHO, acts), structs.replace(ask, role=role)
    for region in ("CN", "US", "DE"):
        yield f"region {region}", Standing(WHO, acts), structs.replace(ask, region=Region(region))
    for item in table.items:
        yield f"only {item}", Standing(WHO, acts), structs.replace(ask, items=frozenset({item}))
        yield f"all but {item}", Standing(WHO, acts), structs.replace(ask, items=ask.items - {item})


def _other_bases(
    compiled: Compiled, table: FunctionTable, well: Standing, ask: Ask
) -> Iterator[tuple[str, Standing, Ask]]:
    listed = (*compiled.duties.values(), *compiled.exempt.values())
    grounds = {each.ground for each in listed} | {"agreement", "legal_order"}
    for basis in (Basis.LEGAL_DUTY, Basis.EXEMPTION, None):
        for ground in sorted(grounds):
            for verb in Verb:
                staff = Actor(ActorKind.STAFF, "desk")
                reference = Reference(ground, "document")
                asks = structs.replace(ask, verb=verb, basis=basis, reference=reference, actor=staff)
                yield f"{basis}/{ground}/{verb}", well, asks
                if table.holds:
                    yield f"{basis}/{ground}/{verb}/gone", _gone(compiled, well), asks
                yield from _only_on(table, well, asks)


def _gone(compiled: Compiled, standing: Standing) -> Standing:
    cancelled = Act(kind=ActKind.CANCELLED, policy=compiled.policy.name, at=NOW)
    return Standing(standing.subject, (*standing.acts, cancelled))


def _only_on(table: FunctionTable, well: Standing, ask: Ask) -> Iterator[tuple[str, Standing, Ask]]:
    """Ask for the purposes that rest on no other basis, of a recipient who may get it."""
    for name, clause in table.purposes.items():
        if clause.only_on or ask.basis is None:
            to = next((r for r, each in table.recipients.items() if each.purpose == name), None)
            ground = ask.reference.ground if ask.reference else ""
            towards = structs.replace(ask, purpose=name, recipient=to)
            yield f"{name}/{ask.basis}/{ground}/{ask.verb}", well, towards


def _everything(compiled: Compiled, table: FunctionTable) -> Iterator[Act]:
    """Yield what a person does who agrees to all there is."""
    policy, at = compiled.policy, NOW - timedelta(days=1)
    text: dict[str, object] = {"version": policy.version, "language": "zh", "text_hash": "aa"}

    def did(kind: ActKind, **more: object) -> Act:
        fields: dict[str, object] = {"kind": kind, "policy": policy.name, "at": at, **more}
        return Act(**fields)  # type: ignore[arg-type]

    yield did(ActKind.DECLARED_ADULT)
    yield did(ActKind.SHOWN, **text)
    yield did(ActKind.ACCEPTED, **text)
    function = table.clause.function
    yield did(ActKind.CHOSEN, function=function, separate=True)
    for item, clause in table.items.items():
        yield did(ActKind.CHOSEN, function=function, item=item, separate=True)
        if clause.permission is not None:
            yield did(ActKind.SUPPLIED, function=function, need=PERMISSION + clause.permission)
    for need in table.needs:
        yield did(ActKind.SUPPLIED, function=function, need=need)
    for name, recipient in table.recipients.items():
        if recipient.own_devices:
            yield did(ActKind.SUPPLIED, need=SUPPLIER + name, device=DEVICE)


def _ask(compiled: Compiled, table: FunctionTable, purpose: Purpose, verb: Verb, kind: ActorKind) -> Ask:
    return Ask(
        verb=verb,
        policy=compiled.policy.name,
        function=table.clause.function,
        items=frozenset(table.items),
        purpose=purpose,
        subject=WHO,
        actor=Actor(kind, str(WHO) if kind is ActorKind.SUBJECT else "troth"),
        region=min(compiled.regions, default=Region("CN")),
        at=NOW,
    )
