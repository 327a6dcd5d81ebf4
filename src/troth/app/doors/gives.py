"""Doors to what functions give their owner: footfall, alerts. Plug-ins compute; a use door lets them see."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.app.views import AlertLine, DayAlerts, DayFootfall, HourCount
from troth.functions import customer_flow, store_guard
from troth.subjects.use import OwnUse
from troth.terms import LEGAL_TIME, ClauseId, FunctionName

if TYPE_CHECKING:
    from collections.abc import Iterable


class GivesDoors(Doors):
    """What the owner's functions compute for one local day."""

    async def footfall(self, token: str, day: date) -> DayFootfall:
        """Count who came and went, per local hour; raises `Denied`."""
        since, until = _bounds(day)
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            seen = await customer_flow.footfall(
                OwnUse(self._system.parts, tx, asking.subject, asking.policy), since, until
            )
        hours = tuple(
            HourCount(hour.starts.astimezone(LEGAL_TIME).hour, hour.came_in, hour.went_out)
            for hour in seen.hours
        )
        return DayFootfall(day, _clause(seen.because, customer_flow.FUNCTION), hours)

    async def alerts(self, token: str, day: date) -> DayAlerts:
        """List motion outside business hours; raises `Denied`."""
        since, until = _bounds(day)
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            seen = await store_guard.guard(
                OwnUse(self._system.parts, tx, asking.subject, asking.policy), since, until
            )
        lines = tuple(AlertLine(alert.first, None) for alert in seen.alerts)
        return DayAlerts(day, _clause(seen.because, store_guard.FUNCTION), lines)


def _bounds(day: date) -> tuple[datetime, datetime]:
    since = datetime.combine(day, time(), LEGAL_TIME)
    return since, since + timedelta(days=1)


def _clause(because: Iterable[ClauseId], function: FunctionName) -> ClauseId:
    """Return the clause to show: the purpose it was opened for, among those that said yes."""
    ours = [clause for clause in because if f"/functions/{function}" in clause]
    return min(ours, key=lambda clause: ("/purposes/" not in clause, clause), default=ClauseId(""))
