"""On which days something was collected of a subject, from what stands in plain. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.vault import covers
from troth.vault.sql import QUERIES

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.terms import Clock, ItemName, Permit


class Trace(StrEnum):
    """What lies on a day."""

    EVENTS = "events"
    DOCUMENT = "document"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that lies on a day (UTC). ``function``: ``policy/function``; ``item`` empty for events."""

    day: date
    trace: str
    function: str
    item: ItemName


class Timeline:
    """Looks up days. Takes a permit for USE on the subject's own right. The caller owns ``tx``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def newest(self, tx: Tx, permit: Permit, until: date) -> date | None:
        """Return the newest day up to ``until`` with anything on it. Raises `NotCovered`."""
        covers.demand_own_right(permit, self._clock.now(), covers.OWN_COPY)
        params = {"subject": permit.ask.subject, "until": until}
        found: date | None = await tx.value(QUERIES["newest_day"], params)
        return found

    async def marks(self, tx: Tx, permit: Permit, since: date, until: date) -> Sequence[Mark]:
        """Return what lies on the days from ``since`` to ``until``. Raises `NotCovered`."""
        covers.demand_own_right(permit, self._clock.now(), covers.OWN_COPY)
        params = {"subject": permit.ask.subject, "since": since, "until": until}
        return await tx.rows(Mark, QUERIES["marks_of_days"], params)
