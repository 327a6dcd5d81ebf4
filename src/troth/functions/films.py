"""Which films show a moment: those that their owner has in the cloud, found by when they were made.

Asks for their owner, who may play their own; where cloud video is off, or nothing was uploaded, there is
none. Opens no film.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.terms import Denied, DeviceId, FunctionName, ItemName, Purpose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from troth.functions.use import Film, Use

FUNCTION = FunctionName("cloud")
PURPOSE = Purpose("access_video")
VIDEO = ItemName("cloud_video")
_STILL = "image/"
_NEAR = timedelta(seconds=90)
"""How far from a moment a still may be taken and yet show it."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A film that shows a moment, and how far into it that is."""

    film: Film
    offset_s: float


async def films(use: Use, since: datetime, until: datetime) -> tuple[Film, ...]:
    """Return the films of a period; none where their owner may not have any."""
    try:
        return await use.films(FUNCTION, PURPOSE, VIDEO, since, until)
    except Denied:
        return ()


def clip(
    found: Iterable[Film], since: datetime, until: datetime, cameras: Collection[DeviceId]
) -> Clip | None:
    """Return the film that shows most of a span, of one of these cameras (none: of any)."""
    best: tuple[timedelta, Clip] | None = None
    for film in found:
        if film.kind.startswith(_STILL) or (cameras and film.device not in cameras):
            continue
        shown = min(film.until, until) - max(film.at, since)
        if shown >= timedelta(0) and (best is None or shown > best[0]):
            offset = max((since - film.at).total_seconds(), 0.0)
            best = shown, Clip(film, offset)
    return None if best is None else best[1]


def still(found: Iterable[Film], at: datetime, cameras: Collection[DeviceId]) -> Film | None:
    """Return the picture that was taken nearest to a moment, if one is near, by these cameras (none: any)."""
    stills = [film for film in found if film.kind.startswith(_STILL) and abs(film.at - at) <= _NEAR]
    near = [film for film in stills if not cameras or film.device in cameras]
    return min(near, key=lambda film: (abs(film.at - at), film.record), default=None)
