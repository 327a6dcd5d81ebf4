"""Someone who has given something: a function of the policy that was chosen, and items on file for it.

Finds out by trying: of all that a policy lets people choose, the first that runs in a trial will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.prove.case import Case, NotTried
from troth.prove.world import REGISTER, chosen, purpose_for
from troth.terms import ActorKind, Verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from troth.prove.world import Someone, World
    from troth.terms import FunctionName, ItemName

NO_FUNCTIONS: frozenset[FunctionName] = frozenset()


@dataclass(frozen=True, slots=True)
class Holding:
    """What a function holds of someone."""

    who: Someone
    function: FunctionName
    items: frozenset[ItemName]

    async def rows(self, world: World, case: Case) -> int:
        """Return how many documents and blocks the tables hold of it."""
        return await rows(world, case, self.who, self.function)

    async def emptied(self, world: World, case: Case) -> int:
        """Return how many are left once the worker had its time to delete them."""
        return await world.seen(0, _HELD, _whose(case, self.who, self.function))


async def holding(
    world: World, case: Case, who: Someone | None = None, *, but: Collection[FunctionName] = NO_FUNCTIONS
) -> Holding:
    """Let ``who``, or somebody new, choose a function and give it something. Raises `NotTried`."""
    for function in _possible(case, but):
        whose = who or await world.person(case)
        try:
            await world.start(case, whose, function)
            items = await world.stuff(case, whose, function)
            did = await world.collect(case, whose, function, items)
        except (NotTried, RuntimeError):
            continue
        if did.answer.ok and await rows(world, case, whose, function):
            return Holding(whose, function, items)
    raise NotTried("nothing_held")


async def rows(world: World, case: Case, who: Someone, function: FunctionName) -> int:
    """Return how many documents and blocks the tables hold for a person and a function."""
    return await world.evidence.value(_HELD, _whose(case, who, function))


def undeclared(case: Case) -> ItemName:
    """Return an item of the policy that the account itself does not take. Raises `NotTried`."""
    for table in case.compiled.functions.values():
        for item in sorted(table.items):
            if item not in case.compiled.functions[REGISTER].items:
                return item
    raise NotTried("all_of_the_account")


_HELD = """
SELECT (SELECT count(*) FROM document_wrap WHERE subject = %(subject)s AND function = %(function)s)
     + (SELECT count(*) FROM event_block WHERE subject = %(subject)s AND function = %(function)s)
"""


def _whose(case: Case, who: Someone, function: FunctionName) -> dict[str, object]:
    under = who.home if function == REGISTER else case.policy
    return {"subject": who.account, "function": f"{under}/{function}"}


def _possible(case: Case, but: Collection[FunctionName]) -> Iterator[FunctionName]:
    """Yield functions that people choose and that a person or a service feeds."""
    for name, table in sorted(case.compiled.functions.items()):
        fed = any(purpose_for(table, Verb.COLLECT, by) for by in (ActorKind.SUBJECT, ActorKind.SERVICE))
        if name != REGISTER and name not in but and chosen(table) and fed:
            yield name
