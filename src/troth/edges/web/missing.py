"""What is still missing for a function to run, as the gate told it, and where one adds it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.devices.names import BY_DEED, KINDS
from troth.policy.vocabulary import MET_BY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.app.views import FunctionState, Lack, Me
    from troth.devices.names import DeviceKind

_STORE = "store"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: where it is added, or the need that the person states; neither: nowhere."""

    lack: Lack
    href: str | None = None
    states: str | None = None


def missing(state: FunctionState, me: Me) -> Sequence[Missing]:
    """Return what a function still lacks, each with the way to add it."""
    return [_missing(state, me, lack) for lack in state.lacks]


def kinds(me: Me) -> Sequence[DeviceKind]:
    """Return the kinds of devices that this person's functions know of."""
    items = [{item.item for item in state.items} for state in me.functions]
    return [kind for kind in KINDS.values() if any(kind.items <= each for each in items)]


def _missing(state: FunctionState, me: Me, lack: Lack) -> Missing:
    takes = {item.item for item in state.items}
    supplied = next((kind for kind in KINDS.values() if kind.supplies == lack.name), None)
    told_with = next((kind for kind in KINDS.values() if kind.items <= takes), None)
    shop = lack.name == _STORE or lack.name in MET_BY[_STORE]
    if supplied is not None:
        return Missing(lack, _device(me, supplied))
    if told_with is not None and (shop or lack.name in told_with.items | told_with.sends):
        return Missing(lack, _device(me, told_with))  # told in one breath: one without the other is refused
    if shop:
        return Missing(lack, "/privacy/store")
    if lack.name in takes:
        return Missing(lack, f"/privacy/details#{lack.name}")
    return Missing(lack, states=None if lack.name in BY_DEED else lack.name)


def _device(me: Me, kind: DeviceKind) -> str:
    bound = next((line.device for line in me.devices if line.kind == kind.name), None)
    return f"/privacy/devices/{bound}" if bound else f"/privacy/devices/add?kind={kind.name}"
