"""What a person sees of themselves: frozen values, ready for any edge. What stands for them is in `views`.

Nothing here knows JSON, HTML or HTTP. What only its owner may see hides its `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from troth.terms import ClauseId, FunctionName, ItemName, PolicyName, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One item of one function: its value if it is on file, and what its person may do about it here."""

    function: FunctionName
    item: ItemName
    clause: ClauseId
    on_file: bool
    value: Mapping[str, object] | None = field(repr=False)
    """None: nothing on file, or nothing that is one value to show, such as a password."""
    may_give: bool
    may_take_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How often one item of one function was collected on a local day, first and last.

    ``many``: how many people, visits and so on that tells of.
    """

    policy: PolicyName
    function: FunctionName
    item: ItemName
    times: int
    many: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day: what was measured, and which items and objects were put on file (that day, UTC)."""

    day: date
    measured: tuple[Times, ...] = ()
    put: tuple[tuple[FunctionName, ItemName], ...] = ()
    films: tuple[tuple[FunctionName, ItemName], ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Days with something on them, the newest first; ``before``: ask again with this for older ones."""

    days: tuple[Day, ...]
    before: date | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading as it is held; ``reading``: its id, by which it is corrected or deleted."""

    reading: UUID
    at: datetime
    item: ItemName
    value: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of one function on one local day, the first ones; ``times``: how many there are."""

    day: date
    times: int
    shown: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class MayReceive:
    """Someone else who may get items of a function, and the clause that says so.

    ``aim``: what for, in words; ``only_on``: on no other basis than these, none: on that of the function.
    """

    recipient: str
    title: Mapping[str, str]
    function: FunctionName
    purpose: Purpose
    items: tuple[ItemName, ...]
    clause: ClauseId
    aim: Mapping[str, str] = field(default_factory=dict[str, str])
    only_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RightLine:
    """A right of the policy: whether it can be asked for here, else how, and until when it is answered.

    ``revocable``: the clause that lets it be taken back for a time; None: it acts at once.
    """

    right: str
    clause: ClauseId
    here: bool
    channels: tuple[str, ...]
    due: datetime
    revocable: ClauseId | None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of a policy that anyone may read."""

    version: int
    published: date
    effective: date
    current: bool


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause that is not the same as in the version before, as people are told of it."""

    clause: ClauseId
    how: str
    lessens: bool
    before: tuple[str, ...]
    after: tuple[str, ...]
