"""Kinds of devices, as the vocabulary tells them, and which functions of a policy know of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.vocabulary import DEVICES, NOT_SENT, DeviceKind
from troth.terms import FunctionName, ItemName, TrothError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from troth.policy.compiled import Compiled

__all__ = ["BIND", "BY_DEED", "CAMERA", "KINDS", "DeviceKind", "UnknownKind", "kind_of", "takers", "unsent"]

KINDS: Mapping[str, DeviceKind] = DEVICES
CAMERA = "camera"
_SENT = frozenset[ItemName]().union(*(kind.sends for kind in KINDS.values()))
_STRANGE = {name: (_SENT - kind.sends) | NOT_SENT for name, kind in KINDS.items()}
BIND = FunctionName("bind")
"""Asked where no function of the policy takes what is told of such a device; the gate says no."""
BY_DEED = frozenset(kind.supplies for kind in KINDS.values())
"""Needs that a bound device meets, so that nobody meets them by saying so."""


class UnknownKind(TrothError):
    """there is no such kind of device: name one of the vocabulary, such as camera or cash_register"""


def kind_of(name: str) -> DeviceKind:
    """Return the kind of this name. Raises `UnknownKind`."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind from None


def takers(compiled: Compiled, kind: DeviceKind) -> tuple[FunctionName, ...]:
    """Return the functions that take all that is told of such a device, in the order of the policy."""
    return tuple(name for name, table in compiled.functions.items() if kind.items <= table.items.keys())


def unsent(kind: DeviceKind, items: Iterable[ItemName]) -> frozenset[ItemName]:
    """Return those items that such a device does not send: another kind's, or nobody's but people's own.

    What no kind is known to send, any may.
    """
    return _STRANGE[kind.name].intersection(items)
