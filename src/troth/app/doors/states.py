"""What stands for a person, function by function: the gate is asked, nothing is worked out beside it.

Pure. A function is on when the gate would let it begin, for one of its purposes, with everything that it
takes. One that was chosen and still lacks its optional items is on as well: it merely takes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from troth.app.views import FunctionState, ItemState, SwitchState
from troth.gate import decide
from troth.gate.stands import look
from troth.policy.clauses import Need, Scope
from troth.policy.vocabulary import VOCABULARY
from troth.terms import Actor, ActorKind, Allow, Reason, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troth.policy.clauses import ItemClause, PurposeClause
    from troth.policy.compiled import Compiled, FunctionTable
    from troth.subjects.asking import Asking
    from troth.terms import Ask, ClauseId, Deny, DeviceId, FunctionName, ItemName, Standing

_BEGINNING = (Verb.COLLECT, Verb.USE)


def functions(compiled: Compiled, standing: Standing, asking: Asking) -> tuple[FunctionState, ...]:
    """Return every function of the accepted version, in the order of the policy."""
    tables = compiled.functions
    return tuple(_function(compiled, standing, asking, f, t) for f, t in tables.items())


def _function(
    compiled: Compiled, standing: Standing, asking: Asking, function: FunctionName, table: FunctionTable
) -> FunctionState:
    decision = decide(compiled, standing, _ask(asking, function, table))
    clause = table.clause
    match decision:
        case Allow():
            on, why, decided = True, "allowed", clause.id
        case _:
            on = decision.reason is Reason.ITEM_NOT_CHOSEN
            why, decided = decision.reason.value, _deciding(decision)
    stands = look(compiled, standing, asking.at)

    def chosen(item: ItemClause) -> bool | None:
        if item.need is not Need.OPTIONAL:
            return None
        return stands.chosen(function, item.item, separate=False).at(asking.at)

    return FunctionState(
        function=function,
        on=on,
        why=why,
        clause=decided,
        starts=clause.starts.value,
        basis=clause.basis.value,
        title=clause.title,
        gives=clause.gives,
        effect=table.refusal.effect,
        costs=table.refusal.id,
        items=tuple(
            ItemState(item.item, dict(_words(item.item)), item.need.value, item.id, chosen(item))
            for item in table.items.values()
        ),
    )


def _words(item: ItemName) -> Iterable[tuple[str, str]]:
    return ((language.value, label) for language, label in VOCABULARY[item].label.items())


def _deciding(decision: Deny) -> ClauseId | None:
    return min(decision.because, default=None)


def _ask(asking: Asking, function: FunctionName, table: FunctionTable) -> Ask:
    """Return the question whether the function may begin."""
    purpose = min(table.purposes.values(), key=_first)
    kind = min(purpose.by, key=lambda each: (each is not ActorKind.SUBJECT, each.value))
    actor = Actor(kind, str(asking.subject) if kind is ActorKind.SUBJECT else "troth")
    verb = next((verb for verb in _BEGINNING if verb in purpose.verbs), Verb.USE)
    return replace(asking.to(verb, function, purpose.purpose, table.items), actor=actor)


def _first(purpose: PurposeClause) -> tuple[bool, bool, str]:
    return Verb.COLLECT not in purpose.verbs, ActorKind.SUBJECT not in purpose.by, purpose.purpose


def switches(
    compiled: Compiled, standing: Standing, asking: Asking, devices: Iterable[DeviceId]
) -> tuple[SwitchState, ...]:
    """Return every switch, for each device or once for the person."""
    stands = look(compiled, standing, asking.at)
    bound = tuple(devices)
    found: list[SwitchState] = []
    for clause in compiled.switches.values():
        places: tuple[DeviceId | None, ...] = bound if clause.scope is Scope.DEVICE else (None,)
        on = {device: stands.on(clause, device, asking.at) for device in places}
        state = SwitchState(clause.switch, clause.id, tuple(sorted(clause.functions)), clause.scope.value, on)
        found.append(state)
    return tuple(found)
