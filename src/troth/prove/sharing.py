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
    from troth.prove.world import Someone, World

_NEVER = frozenset({"password", "verification_code"})


@dataclass(frozen=True, slots=True)
class HandedOn:
    """Whose data went to whom."""

    who: Someone
    recipient: str


async def handed_on(world: World, case: Case) -> HandedOn:
    """Let a service hand something about somebody new to a recipient. Raises `NotTried`."""
    for table in case.compiled.functions.values():
        for clause in table.recipients.values():
            purpose = table.purposes.get(clause.purpose)
            if purpose is None or handler(purpose, Verb.SHARE) is None:
                continue
            try:
                who = await _shared(world, case, clause)
            except (NotTried, RuntimeError):
                continue
            return HandedOn(who, clause.recipient)
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
