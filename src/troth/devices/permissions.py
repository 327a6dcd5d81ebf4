"""What a device may send now, compiled from the gate: function by function, never from a list of its own.

Pure. A function is open to a device when the gate would let it collect, at this moment and for a purpose that
names devices, at least one of the items that come up in use. Each reading is asked about again when it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from troth.devices.bound import BoundDevice, Source
from troth.devices.names import KINDS, DeviceKind, kind_of, unsent
from troth.gate.decide import decide
from troth.policy.clauses import Need
from troth.policy.compiled import Compiled, FunctionTable
from troth.terms import (
    Actor,
    ActorKind,
    Allow,
    Ask,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    Region,
    Standing,
    SubjectId,
    Verb,
)

_ARISING = frozenset({Need.WHEN_USED, Need.REQUIRED})
NO_DEVICE = "none"
NO_PURPOSE = Purpose("none")
"""Asked where no purpose of the function names devices; the gate knows no such purpose and says no."""


def purpose_of(table: FunctionTable | None) -> Purpose | None:
    """Return the purpose for which devices collect for a function, or None: they don't."""
    if table is None:
        return None
    fit = [
        clause.purpose
        for clause in table.purposes.values()
        if ActorKind.DEVICE in clause.by and Verb.COLLECT in clause.verbs
    ]
    return min(fit, default=None)


def arising(table: FunctionTable, kind: DeviceKind | None = None) -> frozenset[ItemName]:
    """Return what a kind of device has to send when a function is used; without one, what any has to."""
    kinds = tuple(KINDS.values()) if kind is None else (kind,)
    return frozenset(
        item
        for item, clause in table.items.items()
        if any(
            item in each.sends if clause.need is Need.REQUIRED else not unsent(each, {item}) for each in kinds
        )
        and clause.need in _ARISING
    )


def question(
    bound: BoundDevice, function: FunctionName, table: FunctionTable | None, region: Region, at: datetime
) -> Ask:
    """Return the ask of a device for all that comes up in use of ``function``, measured now."""
    whose = Whose(bound.subject, bound.policy, region, at)
    return stream(whose, function, table, (bound.device, kind_of(bound.kind)))


class Sender(NamedTuple):
    """A device that sends for a function, and the purpose for which it may (None: it may not)."""

    source: Source
    function: FunctionName
    purpose: Purpose | None
    region: Region

    def asks(
        self, at: datetime, measured: datetime, items: frozenset[ItemName], unfit: frozenset[ItemName]
    ) -> Ask:
        """Return its ask for readings of ``items``, measured then."""
        source = self.source
        return Ask(
            verb=Verb.COLLECT,
            policy=source.policy,
            function=self.function,
            items=items,
            purpose=self.purpose or NO_PURPOSE,
            subject=source.subject,
            actor=_itself(source.device),
            region=self.region,
            at=at,
            measured=measured,
            device=source.device,
            unfit=unfit,
        )


@lru_cache(maxsize=4096)
def _itself(device: DeviceId) -> Actor:
    return Actor(ActorKind.DEVICE, str(device))


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose stream it is, under which policy, where and when."""

    subject: SubjectId
    policy: PolicyName
    region: Region
    at: datetime


def stream(
    whose: Whose,
    function: FunctionName,
    table: FunctionTable | None,
    sender: tuple[DeviceId, DeviceKind] | None,
) -> Ask:
    """Return the ask whether a function's stream may flow: what the broker and the owner's page both go by.

    Without a sender it is that of a person who has none: the gate says what is missing.
    """
    device, kind = sender or (None, None)
    return Ask(
        verb=Verb.COLLECT,
        policy=whose.policy,
        function=function,
        items=arising(table, kind) if table else frozenset(),
        purpose=purpose_of(table) or NO_PURPOSE,
        subject=whose.subject,
        actor=Actor(ActorKind.DEVICE, str(device or NO_DEVICE)),
        region=whose.region,
        at=whose.at,
        device=device,
    )


def streams(table: FunctionTable) -> bool:
    """Tell whether a function lives on what devices send."""
    return purpose_of(table) is not None and bool(arising(table))


def open_functions(
    compiled: Compiled, standing: Standing, bound: BoundDevice, *, region: Region, at: datetime
) -> frozenset[FunctionName]:
    """Return the functions that the device may send for at this moment."""
    asks = {
        function: question(bound, function, table, region, at)
        for function, table in compiled.functions.items()
        if streams(table)
    }
    return frozenset(f for f, ask in asks.items() if isinstance(decide(compiled, standing, ask), Allow))
