"""What stands for a person now, read from the history of their acts. Plain loops, no tables.

Says since when each yes has held without a break. Does not say what a yes is needed for: that is `spec.gate`.

Acts are taken in commit order, which decides between two acts of the same instant. An act that opens counts
from its own time on. An act that closes counts from the moment it is committed, whatever time it carries,
and is read broadly: without a function or a device it speaks for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from troth.policy.clauses import Scope, SwitchClause
from troth.terms import Act, ActKind, DeviceId, FunctionName, ItemName, PolicyName

CLOSING = frozenset(
    map(
        ActKind,
        ("ended", "withdrawn", "switched_off", "found_minor", "guardian_withdrew", "removed", "cancelled"),
    )
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Stands:
    """``since`` when a yes has held (None: it does not), and the last act that took it back."""

    since: datetime | None
    closed_by: Act | None


def heard(acts: Sequence[Act], now: datetime) -> list[Act]:
    """Return the acts that count now. INVARIANT: a withdrawal counts at once, whatever time it carries."""
    return [act for act in acts if act.kind in CLOSING or act.at <= now]


def unbroken(acts: Sequence[Act], opens: Callable[[Act], bool], closes: Callable[[Act], bool]) -> Stands:
    """Return since when. INVARIANT: what was measured before a withdrawal never comes in after it."""
    since: datetime | None = None
    closed_by: Act | None = None
    floor = LONG_AGO
    for act in acts:
        if closes(act):
            since, closed_by, floor = None, act, max(floor, act.at)
        elif opens(act) and since is None:
            since = max(act.at, floor)
    return Stands(since, closed_by)


def cancelled(acts: Sequence[Act]) -> bool:
    """Return whether the account was ended, for every policy. INVARIANT: nothing opens after cancellation."""
    return any(act.kind is ActKind.CANCELLED for act in acts)


def choice(
    acts: Sequence[Act],
    where: tuple[PolicyName, FunctionName, ItemName | None],
    *,
    separate: bool,
    lost_with: Collection[FunctionName] = (),
) -> Stands:
    """Whether a function, or one item of it, was chosen. Withdrawing the whole takes its items along.

    So does withdrawing one of the functions that it is ``lost_with``.
    """
    policy, function, item = where
    gone = ActKind.WITHDRAWN
    return unbroken(
        [act for act in acts if act.policy == policy],
        opens=lambda act: (
            act.kind is ActKind.CHOSEN
            and (act.function, act.item) == (function, item)
            and (act.separate or not separate)
        ),
        closes=lambda act: (
            act.kind is ActKind.ENDED
            or (act.kind is gone and act.function in {function, None} and act.item in {item, None})
            or (act.kind is gone and act.function in lost_with and act.item is None)
        ),
    )


def supply(
    acts: Sequence[Act],
    policy: PolicyName,
    function: FunctionName,
    thing: tuple[str | None, ItemName | None],
    *,
    device: DeviceId | None = None,
) -> datetime | None:
    """Return since when a need is met or an item on file: the earliest over the devices, or of one alone."""
    taken = [act for act in acts if act.kind is ActKind.REMOVED and act.function in {function, None}]
    whose = {function, None} if thing[1] is None else {function}
    given = [act for act in acts if act.kind is ActKind.SUPPLIED and act.function in whose]
    about = [act for act in acts if act in given + taken]
    about = [act for act in about if act.policy == policy and (act.need, act.item) == thing]
    starts: list[datetime] = []
    devices = {act.device for act in about}
    for each in devices if device is None else devices & {device}:
        mine = [a for a in about if a.device == each or (a in taken and None in {each, a.device})]
        held = unbroken(mine, opens=given.__contains__, closes=taken.__contains__).since
        if held is not None:
            starts.append(held)
    return min(starts, default=None)


def switched_on(
    acts: Sequence[Act], policy: PolicyName, clause: SwitchClause, device: DeviceId | None, then: datetime
) -> bool:
    """Return whether a switch is on now and was on ``then``.

    An ask without a device stands for all devices. Put off without a device, a switch is off for all of them,
    until it is put on likewise, or for the device in question.
    """
    kinds = {ActKind.SWITCHED_ON, ActKind.SWITCHED_OFF}
    about = [a for a in acts if (a.policy, a.switch) == (policy, clause.switch) and a.kind in kinds]
    per_device = clause.scope is Scope.DEVICE
    asked = {device if per_device else None}
    if per_device and device is None:
        asked |= {act.device for act in about}
    for history in (about, [act for act in about if act.at <= then]):
        for one in asked:
            on, off_for_all = clause.default_on, False
            for act in history:
                puts_on = act.kind is ActKind.SWITCHED_ON
                if act.device == one or not (per_device or puts_on):
                    on, off_for_all = puts_on, False
                elif act.device is None:
                    off_for_all = not puts_on
            if off_for_all or not on:
                return False
    return True
