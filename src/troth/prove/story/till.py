"""A day at the till, as plain numbers: what the till rings up, what the camera sees, what must be flagged.

Pure. The figures are invented; the hours are Shanghai time. A film is a few bytes that nobody could play:
what matters is who gets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from troth.prove.story.day import at
from troth.terms import ItemName, Reading

TRANSACTIONS = ItemName("store_transactions")
PRESENCE = ItemName("till_presence")
DRAWER = time(15, 10)
REFUND = time(16, 20)
VOID = time(17, 5)
NIGHT = time(23, 20)
FLAGGED: Mapping[time, str] = {
    DRAWER: "drawer_nobody_there",
    REFUND: "refund_no_customer",
    VOID: "void_after_payment",
}
SALES = (time(10, 2), time(11, 15), time(12, 40), time(14, 5), time(16, 58))
FILM_S = 120


@dataclass(frozen=True, slots=True)
class TillDay:
    """What the till and the camera above it send of one day."""

    date: date
    rung: tuple[Reading, ...]
    looks: tuple[Reading, ...]

    @property
    def flagged(self) -> tuple[tuple[datetime, str], ...]:
        """The transactions that must be flagged, by moment and reason."""
        return tuple((at(self.date, clock), reason) for clock, reason in FLAGGED.items())


def till_day(day: date, *, mark: str) -> TillDay:
    """Return the readings of ``day``; a transaction's number carries ``mark``, for the byte scan."""
    space = uuid5(UUID(int=day.toordinal()), f"till {mark}")

    def rung(clock: time, act: str, amount: int, **more: str) -> Reading:
        value = {"amount": amount, "currency": "CNY", "act": act, "number": f"{mark}:{clock:%H%M}", **more}
        return Reading(uuid5(space, f"rung {clock}"), TRANSACTIONS, at(day, clock), value)

    def look(clock: time, behind: int, before: int) -> Reading:
        since = at(day, clock) - timedelta(minutes=2)
        value = {"behind": behind, "before": before, "seconds": 240, "zone": "till"}
        return Reading(uuid5(space, f"look {clock}"), PRESENCE, since, value)

    paid = f"{mark}:{SALES[-1]:%H%M}"
    transactions = (
        *(rung(clock, "sale", 48) for clock in SALES),
        rung(DRAWER, "no_sale", 0),
        rung(REFUND, "refund", -48),
        rung(VOID, "void", -48, undoes=paid),
    )
    seen = (
        *(look(clock, 1, 1) for clock in (*SALES, VOID)),
        look(DRAWER, 0, 0),
        look(REFUND, 1, 0),
    )
    return TillDay(day, transactions, seen)


def film(mark: str, clock: time) -> bytes:
    """Return the bytes of a film that carries ``mark``."""
    return b"\x00\x00\x00\x18ftypmp42" + f"{mark} at {clock:%H:%M} ".encode() * 64
