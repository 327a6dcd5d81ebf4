"""What a shop's functions show their owner: frozen values, ready for any edge. What stands is in `views`.

Nothing here knows JSON, HTML or HTTP. What only its owner may see hides its `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from troth.terms import ClauseId, FunctionName, RecordId


@dataclass(frozen=True, slots=True)
class ClipLine:
    """A film of the owner's that shows a moment: play ``media`` from so many seconds into it."""

    media: RecordId
    offset_s: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RungLine:
    """One transaction at a till, as it was rung up: a sale, refund, void or no_sale."""

    at: datetime
    did: str
    amount: float = field(repr=False)
    currency: str
    number: str | None = None
    register: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLine:
    """A transaction that till and camera tell differently, why, and what its owner said of it.

    ``says`` is the reason in words of each language; ``verdict`` is confirmed, cleared, or None: not yet.
    """

    flag: UUID
    reason: str
    says: Mapping[str, str]
    rung: RungLine
    clip: ClipLine | None
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillLine:
    """One transaction beside what the camera saw of its till; without ``watched`` it did not look."""

    rung: RungLine
    watched: bool
    behind: int
    before: int
    clip: ClipLine | None
    flags: tuple[FlagLine, ...]


@dataclass(frozen=True, slots=True)
class DayTill:
    """Every transaction of a local day; ``left_out`` values could not be read."""

    day: date
    function: FunctionName
    clause: ClauseId
    lines: tuple[TillLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class DayFlags:
    """The flags of a local day, in order of time."""

    day: date
    function: FunctionName
    clause: ClauseId
    flags: tuple[FlagLine, ...]


@dataclass(frozen=True, slots=True)
class DayVisits:
    """The visits of one local day."""

    day: date
    clause: ClauseId
    visits: int
