"""What functions answer about a shop, as shapes: footfall, visits, alerts, the till, and who looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from troth.edges.api.answers import Answer


class HourShown(Answer):
    """One local hour."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    hour: int
    came_in: int = Field(alias="in")
    went_out: int = Field(alias="out")


class FootfallShown(Answer):
    """Who came and went on one day, hours without anyone left out."""

    day: date
    clause: str
    hours: tuple[HourShown, ...]


class ClipShown(Answer):
    """A film that shows a moment: play it from so many seconds into it."""

    media: UUID
    offset_s: float
    kind: str


class AlertShown(Answer):
    """Motion outside business hours, noticed ``times`` from ``at`` to ``last``; a picture and a film of it.

    ``device`` is the camera that saw it first, ``cameras`` each that did; ``places`` are where, as the camera
    calls it.
    """

    at: datetime
    last: datetime
    times: int
    device: UUID | None
    cameras: tuple[UUID, ...]
    places: tuple[str, ...]
    snapshot: UUID | None
    clip: ClipShown | None


class AlertsShown(Answer):
    """The alerts of one day."""

    day: date
    clause: str
    alerts: tuple[AlertShown, ...]


class VisitsShown(Answer):
    """The visits of one day."""

    day: date
    clause: str
    visits: int


class RungShown(Answer):
    """One transaction at a till: a sale, refund, void or no_sale."""

    at: datetime
    did: str
    amount: float
    currency: str
    number: str | None
    register_: str | None = Field(alias="register")


class FlagShown(Answer):
    """A transaction that till and camera tell differently; ``verdict``: confirmed, cleared or null."""

    flag: UUID
    reason: str
    says: Mapping[str, str]
    rung: RungShown
    clip: ClipShown | None
    verdict: str | None


class FlagsShown(Answer):
    """The flags of one day."""

    day: date
    function: str
    clause: str
    flags: tuple[FlagShown, ...]


class TillLineShown(Answer):
    """One transaction beside what the camera saw of its till."""

    rung: RungShown
    watched: bool
    behind: int
    before: int
    clip: ClipShown | None
    flags: tuple[FlagShown, ...]


class TillShown(Answer):
    """Every transaction of one day; so many values could not be read."""

    day: date
    function: str
    clause: str
    lines: tuple[TillLineShown, ...]
    left_out: int


class OpeningShown(Answer):
    """One time that the maker's people saw something of a person's, or were refused, and on what paper."""

    at: datetime
    entry: UUID
    who: str
    by: UUID
    verb: str
    function: str | None
    purpose: str | None
    ground: str | None
    document: str | None
    opened: bool
    reason: str | None
