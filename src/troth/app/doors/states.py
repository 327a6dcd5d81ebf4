"""What stands for a person, function by function: the gate is asked, nothing is worked out beside it.

Pure. A function that lives on what devices send is on when one of them may send for it now: the very question
that the broker's permissions are made of. Any other is on when the gate would let it begin, for one of its
purposes, with everything it takes; chosen and without its optional items it is on as well, and takes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from troth.app.views import FunctionState, ItemState, Lack, SwitchState
from troth.devices import permissions
from troth.gate import decide
from troth.gate.stands import look
from troth.policy.clauses import Need, Scope
from troth.policy.vocabulary import NEEDS, VOCABULARY
from troth.terms import Actor, ActorKind, Allow, Deny, Reason, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from troth.devices.names import DeviceKind
    from troth.policy.clauses import ItemClause, PurposeClause
    from troth.policy.compiled import Compiled, FunctionTable
    from troth.subjects.asking import Asking
    from troth.terms import Ask, ClauseId, Decision, DeviceId, FunctionName, ItemName, Standing

Sender = tuple["DeviceId", "DeviceKind"]
"""A bound device and its kind."""
_BEGINNING = (Verb.COLLECT, Verb.USE)


def functions(
    compiled: Compiled, standing: Standing, asking: Asking, senders: Sequence[Sender] = ()
) -> tuple[FunctionState, ...]:
    """Return every function of the accepted version, in the order of the policy."""
    of = compiled, standing, asking
    return tuple(_function(*of, f, t, senders=senders) for f, t in compiled.functions.items())


def _function(
    compiled: Compiled,
    standing: Standing,
    asking: Asking,
    function: FunctionName,
    table: FunctionTable,
    *,
    senders: Sequence[Sender],
) -> FunctionState:
    decision = _decision(compiled, standing, [*_asks(asking, function, table, senders)])
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
        lacks=tuple(_lacks(table, decision)),
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


def _decision(compiled: Compiled, standing: Standing, asks: list[Ask]) -> Decision:
    """Return a yes to any of ``asks``, or else the first no."""
    answers = [decide(compiled, standing, ask) for ask in asks]
    return next((answer for answer in answers if isinstance(answer, Allow)), answers[0])


def _asks(
    asking: Asking, function: FunctionName, table: FunctionTable, senders: Sequence[Sender]
) -> Iterator[Ask]:
    """Yield what has to be answered with yes once for the function to be on."""
    if permissions.streams(table):
        whose = permissions.Whose(asking.subject, asking.policy, asking.region, asking.at)
        able = [sender for sender in senders if permissions.arising(table, sender[1])]
        for sender in able or (None,):
            yield permissions.stream(whose, function, table, sender)
    else:
        yield _ask(asking, function, table)


def _lacks(table: FunctionTable, decision: Decision) -> Iterator[Lack]:
    """Yield what has to be there first."""
    match decision:
        case Deny(reason=Reason.NEED_MISSING, because=because):
            for need, clause in table.needs.items():
                if clause.id in because:
                    yield Lack(need, {language.value: label for language, label in NEEDS[need].items()})
        case Deny(reason=Reason.REQUIRED_ITEM_MISSING, because=because):
            for item, clause in table.items.items():
                if clause.id in because:
                    yield Lack(item, dict(_words(item)))
        case _:
            return


def _ask(asking: Asking, function: FunctionName, table: FunctionTable) -> Ask:
    """Return the question whether the function may begin."""
    purpose = min(table.purposes.values(), key=_first)
    kind = min(purpose.by, key=lambda each: (each is not ActorKind.SUBJECT, each.value))
    actor = Actor(kind, str(asking.subject) if kind is ActorKind.SUBJECT else "troth")
    verb = next((verb for verb in _BEGINNING if verb in purpose.verbs), Verb.USE)
    return structs.replace(asking.to(verb, function, purpose.purpose, table.items), actor=actor)


def _first(purpose: PurposeClause) -> tuple[bool, bool, str]:
    return Verb.COLLECT not in purpose.verbs, ActorKind.SUBJECT not in purpose.by, purpose.purpose


def switches(
    compiled: Compiled, standing: Standing, asking: Asking, senders: Sequence[Sender]
) -> tuple[SwitchState, ...]:
    """Return every switch, for each device that it can stop or once for the person."""
    stands = look(compiled, standing, asking.at)
    found: list[SwitchState] = []
    for clause in compiled.switches.values():
        tables = [compiled.functions[each] for each in clause.functions]
        stopped = [d for d, kind in senders if any(permissions.arising(t, kind) for t in tables)]
        places: Sequence[DeviceId | None] = stopped if clause.scope is Scope.DEVICE else (None,)
        on = {device: stands.on(clause, device, asking.at) for device in places}
        state = SwitchState(clause.switch, clause.id, tuple(sorted(clause.functions)), clause.scope.value, on)
        found.append(state)
    return tuple(found)
