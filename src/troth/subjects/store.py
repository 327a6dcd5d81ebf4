"""The shop that functions are tied to: its name, address and hours, for each function that takes them.

Each function asks the gate for itself and holds its own copy of the key, so that the shop is gone for a
function that is withdrawn and stays for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs

from troth import ledger
from troth.gate import accepted_version, decide
from troth.policy.values import VALUES
from troth.subjects import corrected, needs
from troth.subjects.asking import Asking
from troth.subjects.business_hours import BusinessHours
from troth.subjects.names import (
    ASSOCIATE_STORE,
    BUSINESS_HOURS,
    SET_BUSINESS_HOURS,
    STORE_ADDRESS,
    STORE_NAME,
)
from troth.terms import Act, ActKind, Allow, FunctionName, ItemName, PolicyName, Reason, SubjectId, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from troth.db import Tx
    from troth.policy.compiled import FunctionTable
    from troth.subjects.parts import Parts
    from troth.terms import Ask

_PURPOSES = {
    ASSOCIATE_STORE: frozenset({STORE_NAME, STORE_ADDRESS}),
    SET_BUSINESS_HOURS: frozenset({BUSINESS_HOURS}),
}
_SHOP = frozenset({STORE_NAME, STORE_ADDRESS, BUSINESS_HOURS})


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as its owner describes it. Hours are local, ``{"opens": "09:00", "closes": "21:00"}``."""

    name: str = field(repr=False)
    address: str = field(repr=False)
    hours: Mapping[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `BadBusinessHours` before anything is stored."""
        BusinessHours.read(self.hours)

    def value(self, item: ItemName) -> Mapping[str, object]:
        """Return what is stored for ``item``."""
        if item == BUSINESS_HOURS:
            return dict(self.hours)
        return {"value": self.name if item == STORE_NAME else self.address}


async def link_store(
    parts: Parts,
    tx: Tx,
    subject: SubjectId,
    policy: PolicyName,
    *,
    shop: Shop,
    functions: Iterable[FunctionName] | None = None,
) -> frozenset[FunctionName]:
    """Put the shop on file for ``functions``, or for every one that takes it and that the gate lets have it.

    Returns the functions that have it now. Raises `Denied` when one that was named may not, or none may.
    """
    standing = await ledger.standing(tx, subject, lock=True)
    asking = Asking(subject, policy, parts.region, parts.clock.now())
    version = accepted_version(standing, policy, asking.at)
    policies = parts.gate.policies
    compiled = policies.current(policy) if version is None else policies.version(policy, version)
    standing = await needs.meet(tx, standing, compiled, _SHOP, asking.at)
    takers = {f: t for f, t in sorted(compiled.functions.items()) if _SHOP & t.items.keys()}
    if functions is not None:
        takers = {f: t for f, t in takers.items() if f in set(functions)}
    else:
        first = {f: next(_asks(asking, f, t)) for f, t in takers.items()}
        answers = {f: decide(compiled, standing, ask) for f, ask in first.items()}
        willing = {f for f, answer in answers.items() if isinstance(answer, Allow)}
        # Where none may have it, one that was chosen says best what is still missing.
        chosen = {
            f for f, answer in answers.items() if getattr(answer, "reason", None) is not Reason.NOT_CHOSEN
        }
        takers = {f: t for f, t in takers.items() if f in (willing or chosen)} or takers
    for function, table in takers.items():
        for ask in _asks(asking, function, table):
            unfit = VALUES.unfit({item: shop.value(item) for item in ask.items})
            permit = await parts.gate.admit(tx, structs.replace(ask, unfit=unfit))
            for item in sorted(permit.allow.items - permit.allow.unkept):
                await corrected.put(tx, parts, permit, item, shop.value(item))
                supplied = Act(
                    kind=ActKind.SUPPLIED, policy=policy, at=asking.at, function=function, item=item
                )
                await ledger.record(tx, subject, supplied)
    return frozenset(takers)


def _asks(asking: Asking, function: FunctionName, table: FunctionTable) -> Iterator[Ask]:
    """Yield what to ask for one function, the items it cannot do without first."""
    for purpose, items in _PURPOSES.items():
        taken = items & table.items.keys()
        if taken:
            yield asking.to(Verb.COLLECT, function, purpose, taken)
