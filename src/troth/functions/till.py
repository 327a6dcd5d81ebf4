"""What a till rings up and who stands at it, as values: read from readings, judged by nobody here.

The till sends transactions; the camera above it counts how many people stand behind and before it, and sends
only these figures (the catalogue's `gap.video_vs_stats`). A value that is neither is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.terms import ItemName

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from troth.terms import Reading

TRANSACTIONS = ItemName("store_transactions")
PRESENCE = ItemName("till_presence")
_A_LOOK = timedelta(seconds=60)
"""How long a count stands that does not say for how long."""


class Did(StrEnum):
    """What was done at a till. Closed."""

    SALE = "sale"
    REFUND = "refund"
    VOID = "void"
    NO_SALE = "no_sale"
    """The drawer was opened without a sale."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One transaction. ``undoes`` is the number of the one that a void or a refund takes back."""

    id: UUID
    at: datetime
    did: Did
    amount: float = field(repr=False)
    currency: str
    number: str | None = None
    undoes: str | None = None
    register: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What the camera saw of a till from ``since`` until ``until``: people behind it and before it."""

    since: datetime
    until: datetime
    behind: int
    before: int
    register: str | None = None

    def sees(self, rung: Rung) -> bool:
        """Whether it is about the till that rang this up: one that names no till sees each."""
        return self.register is None or rung.register is None or self.register == rung.register


@dataclass(frozen=True, slots=True)
class Till:
    """A period at the tills, in order of time; ``left_out`` values could not be read."""

    rung: tuple[Rung, ...]
    looks: tuple[Look, ...]
    left_out: int = 0


def rung(reading: Reading) -> Rung | None:
    """Read one transaction; None for a value that is none."""
    value = reading.value
    amount, currency = value.get("amount"), value.get("currency")
    paid = value.get("paid_by")
    did = value.get("act", Did.REFUND if paid == "refund" else Did.SALE)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not isinstance(currency, str):
        return None
    if not isinstance(did, str) or did not in set(Did):
        return None
    return Rung(
        id=reading.id,
        at=reading.measured,
        did=Did(did),
        amount=float(amount),
        currency=currency,
        number=_word(value.get("number")),
        undoes=_word(value.get("undoes")),
        register=_word(value.get("register")),
    )


def look(reading: Reading) -> Look | None:
    """Read one count of people at a till; None for a value that is none."""
    value = reading.value
    behind, before, lasts = value.get("behind"), value.get("before"), value.get("seconds")
    if not _count(behind) or not _count(before):
        return None
    span = _A_LOOK if not isinstance(lasts, int | float) else timedelta(seconds=float(lasts))
    return Look(
        since=reading.measured,
        until=reading.measured + span,
        behind=int(str(behind)),
        before=int(str(before)),
        register=_word(value.get("register")),
    )


def read(readings: Iterable[Reading]) -> Till:
    """Sort readings into what was rung up and what was seen, whatever their order."""
    found: list[Rung] = []
    looks: list[Look] = []
    left_out = 0
    for reading in readings:
        one = rung(reading) if reading.item == TRANSACTIONS else None
        seen = look(reading) if reading.item == PRESENCE else None
        if one is not None:
            found.append(one)
        elif seen is not None:
            looks.append(seen)
        elif reading.item in (TRANSACTIONS, PRESENCE):
            left_out += 1
    return Till(
        tuple(sorted(found, key=lambda each: (each.at, each.id))),
        tuple(sorted(looks, key=lambda each: (each.since, each.until))),
        left_out,
    )


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
