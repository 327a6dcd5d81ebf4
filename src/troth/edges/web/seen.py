"""What a shop's functions have of one day, each asked only where it runs.

Every figure comes through the doors that the API has. A function that was switched off still shows what there
is: a switch stops what comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.functions.audit import FUNCTIONS
from troth.functions.business_hours import BadBusinessHours
from troth.functions.customer_flow import FUNCTION as CUSTOMER_FLOW
from troth.functions.registry import PLUGINS
from troth.functions.store_guard import FUNCTION as STORE_GUARD
from troth.functions.visits import FUNCTION as VISITS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from troth.app.tills import DayFlags, DayVisits
    from troth.app.views import DayAlerts, DayFootfall, FunctionState, Me
    from troth.app.wiring import Troth
    from troth.terms import FunctionName

FILMED = frozenset({STORE_GUARD, *FUNCTIONS})
"""Functions that point at a moment of which there may be a film."""
PAUSED = "switched_off"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the functions that run have of a day; None: that one is off."""

    flow: DayFootfall | None = None
    visits: DayVisits | None = None
    alerts: DayAlerts | None = None
    tills: tuple[DayFlags, ...] = ()
    hours_missing: bool = False
    """The guard cannot tell when the shop is closed."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing of this day at all."""
        came = self.flow and self.flow.hours
        moved = self.alerts and self.alerts.alerts
        return not (came or moved or (self.visits and self.visits.visits) or any(t.flags for t in self.tills))


def shows(state: FunctionState) -> bool:
    """Tell whether a function shows something."""
    return state.function in PLUGINS and (state.on or state.why == PAUSED)


def running(me: Me) -> frozenset[FunctionName]:
    """Return the functions of a person that show something."""
    return frozenset(state.function for state in me.functions if shows(state))


async def seen(troth: Troth, token: str, functions: Collection[FunctionName], day: date) -> Seen:
    """Ask these functions for a day."""
    alerts, hours_missing = None, False
    try:
        alerts = await troth.alerts(token, day) if STORE_GUARD in functions else None
    except BadBusinessHours:
        hours_missing = True
    return Seen(
        await troth.footfall(token, day) if CUSTOMER_FLOW in functions else None,
        await troth.visits(token, day) if VISITS in functions else None,
        alerts,
        tuple([await troth.flags(token, each, day) for each in sorted(FUNCTIONS) if each in functions]),
        hours_missing,
    )
