"""Doors to what functions give their owner: footfall, visits, alerts, the till and its flags.

Plug-ins compute; a use door lets them see.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.app.tills import ClipLine, DayFlags, DayTill, DayVisits, FlagLine, RungLine, TillLine
from troth.app.views import AlertLine, DayAlerts, DayFootfall, HourCount
from troth.devices.names import CAMERA
from troth.functions import audit, customer_flow, films, store_guard, visits
from troth.subjects.use import OwnUse
from troth.terms import LEGAL_TIME, ClauseId, FunctionName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from troth.db import Tx
    from troth.functions.audit import Audited, Line, Raised, Verdict
    from troth.functions.films import Clip
    from troth.functions.store_guard import Alert
    from troth.functions.till import Rung
    from troth.functions.use import Film
    from troth.terms import DeviceId, SubjectId


class GivesDoors(Doors):
    """What the owner's functions compute for one local day."""

    async def footfall(self, token: str, day: date) -> DayFootfall:
        """Count who came and went, per local hour; raises `Denied`."""
        async with self._open() as tx:
            _, use = await self._use(tx, token)
            seen = await customer_flow.footfall(use, *_bounds(day))
        hours = tuple(
            HourCount(hour.starts.astimezone(LEGAL_TIME).hour, hour.came_in, hour.went_out)
            for hour in seen.hours
        )
        return DayFootfall(day, _clause(seen.because, customer_flow.FUNCTION), hours)

    async def visits(self, token: str, day: date) -> DayVisits:
        """Count the visits of a day; raises `Denied`."""
        async with self._open() as tx:
            _, use = await self._use(tx, token)
            seen = await visits.visits(use, *_bounds(day))
        return DayVisits(day, _clause(seen.because, visits.FUNCTION), seen.days.get(day, 0))

    async def alerts(self, token: str, day: date) -> DayAlerts:
        """List motion outside business hours, with the picture or film of it; raises `Denied`."""
        since, until = _bounds(day)
        async with self._open() as tx:
            subject, use = await self._use(tx, token)
            seen = await store_guard.guard(use, since, until)
            shown = await films.films(use, since, until) if seen.alerts else ()
            only = await self._only_camera(tx, subject)
        lines = tuple(_alert(alert, shown, only) for alert in seen.alerts)
        return DayAlerts(day, _clause(seen.because, store_guard.FUNCTION), lines)

    async def till(self, token: str, function: FunctionName, day: date) -> DayTill:
        """List every transaction beside what the camera saw; raises `NotAtTills`, `Denied`."""
        seen = await self._audited(token, function, day)
        lines = tuple(_line(line) for line in seen.lines)
        return DayTill(day, function, _clause(seen.because, function), lines, seen.left_out)

    async def flags(self, token: str, function: FunctionName, day: date) -> DayFlags:
        """List what till and camera tell differently, and why; raises `NotAtTills`, `Denied`."""
        seen = await self._audited(token, function, day)
        raised = tuple(_flag(one) for one in seen.raised)
        return DayFlags(day, function, _clause(seen.because, function), raised)

    async def review(
        self, token: str, function: FunctionName, day: date, *, flag: UUID, verdict: Verdict
    ) -> None:
        """Keep what the owner says of a flag of that day. Raises `NoSuchFlag`, `NotAtTills`, `Denied`."""
        async with self._open() as tx:
            _, use = await self._use(tx, token)
            at = self._system.clock.now()
            await audit.review(use, function, flag, verdict, within=_bounds(day), at=at)

    async def _audited(self, token: str, function: FunctionName, day: date) -> Audited:
        async with self._open() as tx:
            subject, use = await self._use(tx, token)
            cameras = await self._cameras(tx, subject)
            return await audit.audit(use, *_bounds(day), function=function, cameras=cameras)

    async def _use(self, tx: Tx, token: str) -> tuple[SubjectId, OwnUse]:
        asking = await self._asking(tx, await self._who(tx, token))
        parts, media = self._system.parts, self._system.media
        return asking.subject, OwnUse(parts, tx, asking.subject, asking.policy, media=media)

    async def _only_camera(self, tx: Tx, subject: SubjectId) -> Sequence[DeviceId]:
        """Return their camera, where they have one: earlier readings do not say which sent them."""
        lines = await self._system.devices.listed(tx, subject)
        cameras = [line.device for line in lines if line.kind == CAMERA]
        return cameras if len(cameras) == 1 else ()

    async def _cameras(self, tx: Tx, subject: SubjectId) -> frozenset[DeviceId]:
        """Return the cameras that have a till in view, as their owner said."""
        lines = await self._system.devices.listed(tx, subject)
        return frozenset(line.seen_by for line in lines if line.seen_by is not None)


def _bounds(day: date) -> tuple[datetime, datetime]:
    since = datetime.combine(day, time(), LEGAL_TIME)
    return since, since + timedelta(days=1)


def _clause(because: Iterable[ClauseId], function: FunctionName) -> ClauseId:
    """Return the clause to show: the purpose it was opened for, among those that said yes."""
    ours = [clause for clause in because if f"/functions/{function}" in clause]
    return min(ours, key=lambda clause: ("/purposes/" not in clause, clause), default=ClauseId(""))


def _alert(alert: Alert, shown: Sequence[Film], only: Sequence[DeviceId]) -> AlertLine:
    """Tell an alert with its film; ``only``: their one camera, which saw what no reading says of whom."""
    seen_by = alert.cameras or only
    still = films.still(shown, alert.first, seen_by)
    clip = films.clip(shown, alert.first, alert.last, seen_by)
    filmed = still or (clip.film if clip else None)
    cameras = seen_by or ((filmed.device,) if filmed and filmed.device else ())
    return AlertLine(
        at=alert.first,
        last=alert.last,
        times=alert.readings,
        device=cameras[0] if cameras else None,
        cameras=tuple(cameras),
        places=tuple(sorted(alert.places)),
        snapshot=still.record if still else None,
        clip=_clip(clip),
    )


def _clip(clip: Clip | None) -> ClipLine | None:
    return None if clip is None else ClipLine(clip.film.record, clip.offset_s, clip.film.kind)


def _rung(rung: Rung) -> RungLine:
    return RungLine(
        at=rung.at,
        did=rung.did.value,
        amount=rung.amount,
        currency=rung.currency,
        number=rung.number,
        register=rung.register,
    )


def _flag(raised: Raised) -> FlagLine:
    flag = raised.flag
    return FlagLine(
        flag=flag.id,
        reason=flag.rule.reason,
        says={language.value: said for language, said in flag.rule.says.items()},
        rung=_rung(flag.rung),
        clip=_clip(raised.clip),
        verdict=raised.verdict.value if raised.verdict else None,
    )


def _line(line: Line) -> TillLine:
    return TillLine(
        rung=_rung(line.rung),
        watched=bool(line.looks),
        behind=max((look.behind for look in line.looks), default=0),
        before=max((look.before for look in line.looks), default=0),
        clip=_clip(line.clip),
        flags=tuple(_flag(one) for one in line.raised),
    )
