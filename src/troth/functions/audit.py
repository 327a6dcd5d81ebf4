"""Cashier auditing and jobbery prevention: each transaction beside what the camera saw, and the flags of it.

Both rest on the same items and the same rules (`rules`), each for itself: one shows every transaction, the
other only those that till and camera tell differently. What the owner says of a flag is kept with them;
nothing here decides about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth.functions import films
from troth.functions.films import Clip, clip
from troth.functions.rules import Flag, flags, seen
from troth.functions.till import PRESENCE, TRANSACTIONS, Look, Rung, Till, read
from troth.terms import ClauseId, FunctionName, ItemName, Purpose, Reading, TrothError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from troth.functions.use import Film, Use
    from troth.terms import DeviceId

CASHIER_AUDIT = FunctionName("cashier_audit")
JOBBERY = FunctionName("jobbery")
FUNCTIONS = frozenset({CASHIER_AUDIT, JOBBERY})
PURPOSE = Purpose("verify_transactions")
REVIEW = ItemName("flag_review")
ITEMS = frozenset({TRANSACTIONS, PRESENCE, REVIEW})
_BESIDE_S = 30
_EDGE = timedelta(minutes=5)
"""What is told at the edges of a period needs what came shortly before and after."""
_LATE = timedelta(days=30)
"""So long after a period its flags may be reviewed, and the review is still found."""


class NoSuchFlag(TrothError):
    """there is no such flag on that day: see the list of flags"""


class NotAtTills(TrothError):
    """this function has nothing to do with tills: ask for cashier_audit or jobbery"""


class Verdict(StrEnum):
    """What an owner says of a flag. Closed."""

    CONFIRMED = "confirmed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag, the film that shows it, and what its owner last said of it."""

    flag: Flag
    clip: Clip | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction beside the looks of the camera within half a minute (none: it did not look)."""

    rung: Rung
    looks: tuple[Look, ...]
    clip: Clip | None
    raised: tuple[Raised, ...]


@dataclass(frozen=True, slots=True)
class Audited:
    """A period: every transaction, what is flagged of it, and the clauses that opened it."""

    lines: tuple[Line, ...]
    left_out: int
    because: frozenset[ClauseId]

    @property
    def raised(self) -> tuple[Raised, ...]:
        """The flags alone, in order of time."""
        return tuple(raised for line in self.lines for raised in line.raised)


def compare(
    till: Till, shown: Iterable[Film], said: Mapping[UUID, Verdict], cameras: Collection[DeviceId] = ()
) -> tuple[Line, ...]:
    """Put each transaction beside what was seen."""
    shown, by_rung = tuple(shown), dict[UUID, list[Raised]]()
    for flag in flags(till):
        of_it = clip(shown, flag.since, flag.until, cameras)
        by_rung.setdefault(flag.rung.id, []).append(Raised(flag, of_it, said.get(flag.id)))
    beside = timedelta(seconds=_BESIDE_S)
    return tuple(
        Line(
            rung,
            tuple(seen(till, rung, _BESIDE_S, _BESIDE_S)),
            clip(shown, rung.at - beside, rung.at + beside, cameras),
            tuple(by_rung.get(rung.id, ())),
        )
        for rung in till.rung
    )


def verdicts(readings: Iterable[Reading]) -> Mapping[UUID, Verdict]:
    """Return what was said of each flag last."""
    said: dict[UUID, Verdict] = {}
    for reading in sorted(readings, key=lambda each: each.measured):
        if reading.item == REVIEW and (verdict := str(reading.value.get("said"))) in set(Verdict):
            said[UUID(str(reading.value.get("flag")))] = Verdict(verdict)
    return said


async def audit(
    use: Use, since: datetime, until: datetime, *, function: FunctionName, cameras: Collection[DeviceId] = ()
) -> Audited:
    """Answer the owner's question; raises `NotAtTills`, `troth.terms.Denied` when no clause allows it."""
    if function not in FUNCTIONS:
        raise NotAtTills
    opened = await use.events(function, PURPOSE, ITEMS, since - _EDGE, until + _LATE)
    till = read(reading for reading in opened.readings if reading.measured < until + _EDGE)
    shown = await films.films(use, since - _EDGE, until + _EDGE)
    every = compare(till, shown, verdicts(opened.readings), cameras)
    lines = tuple(line for line in every if since <= line.rung.at < until)
    return Audited(lines, till.left_out, opened.because)


async def review(
    use: Use,
    function: FunctionName,
    flag: UUID,
    verdict: Verdict,
    *,
    within: tuple[datetime, datetime],
    at: datetime,
) -> None:
    """Keep what an owner says of a flag of a period. Raises `NoSuchFlag`, `Denied`."""
    found = await audit(use, *within, function=function)
    if all(raised.flag.id != flag for raised in found.raised):
        raise NoSuchFlag
    said = Reading(uuid4(), REVIEW, at, {"flag": str(flag), "said": verdict.value})
    await use.note(function, PURPOSE, said)
