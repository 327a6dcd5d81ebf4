"""Someone whose data was handed on: of all recipients that a policy names, the first that can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.prove.case import Case, NotTried
from troth.prove.ways import free, handler
from troth.prove.world import REGISTER, needed, reference
from troth.terms import ActorKind, Basis, Verb

if TYPE_CHECKING:
    from troth.policy.clauses import RecipientClause
    from troth.policy.compiled import FunctionTable
    from troth.prove.world import Someone, World
    from troth.terms import FunctionName

_NEVER = frozenset({"password", "verification_code"})


@dataclass(frozen=True, slots=True)
class HandedOn:
    """Whose data went to whom."""

    who: Someone
    recipient: str
    function: FunctionName


def handed_to(table: FunctionTable) -> list[RecipientClause]:
    """Return the recipients that a service or staff hand something of a function to."""
    purposes = table.purposes
    return [
        each
        for each in table.recipients.values()
        if each.purpose in purposes and handler(purposes[each.purpose], Verb.SHARE) is not None
    ]


async def handed_on(world: World, case: Case, *, but: FunctionName | None = None) -> HandedOn:
    """Let something about somebody new be handed to a recipient, of any function ``but`` one.

    Raises `NotTried`.
    """
    tables = case.compiled.functions
    found = [clause for name, table in tables.items() if name != but for clause in handed_to(table)]
    for clause in sorted(found, key=lambda each: bool(tables[each.function].purposes[each.purpose].only_on)):
        try:
            who = await _shared(world, case, clause)
        except (NotTried, RuntimeError):
            continue
        return HandedOn(who, clause.recipient, clause.function)
    raise NotTried("nothing_shared")


async def _shared(world: World, case: Case, clause: RecipientClause) -> Someone:
    table = case.compiled.functions[clause.function]
    items = sorted(clause.items & table.items.keys() - clause.only_if_shown.keys() - _NEVER)[:1]
    if not items:
        raise NotTried("gets_nothing", recipient=clause.recipient, function=clause.function)
    who = await world.user(case, clause.function)
    if clause.function != REGISTER:
        for item in items:
            if not free(table.items[item]):
                (await world.choose(case, who, clause.function, item)).require()
        (await world.collect(case, who, clause.function, needed(table, *items))).answer.require()
    only = table.purposes[clause.purpose].only_on
    grounds = {
        Basis.LEGAL_DUTY: [ground for verb, ground in case.compiled.duties if verb is Verb.SHARE],
        Basis.EXEMPTION: [ground for verb, ground in case.compiled.exempt if verb is Verb.SHARE],
    }
    listed = sorted(ground for basis in only for ground in grounds.get(basis, ()))
    if only and not listed:
        raise NotTried("no_ground_listed", verb=Verb.SHARE)
    more = {"reference": reference(listed[0])} if listed else {}
    by = handler(table.purposes[clause.purpose], Verb.SHARE) or ActorKind.SERVICE
    did = await world.open(
        Verb.SHARE, who, clause.function, clause.purpose, items, by=by, recipient=clause.recipient, **more
    )
    did.answer.require()
    return who
