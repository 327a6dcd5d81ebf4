"""A standing as the gate reads it: one pass over the acts, then each question answered once and kept.

Says since when a yes has held without a break; `spec/standing.py` says what that means. Does not decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from troth.policy.clauses import Scope, SwitchClause
from troth.policy.compiled import Compiled
from troth.terms import Act, ActKind, DeviceId, FunctionName, ItemName, Standing, SwitchName, TrothError

CLOSING = frozenset(
    {
        ActKind.ENDED,
        ActKind.WITHDRAWN,
        ActKind.SWITCHED_OFF,
        ActKind.FOUND_MINOR,
        ActKind.REMOVED,
        ActKind.CANCELLED,
    }
)
"""Kinds of act that count from the moment they are committed, whatever time they carry."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_KEPT = 4096


class Unfit(TrothError):
    """this cannot be decided: give every time its zone, and the standing of the subject asked about"""


@dataclass(slots=True)
class Held:
    """A yes in the making: ``since`` when it holds (None: it does not), and the kind of act that ended it."""

    since: datetime | None = None
    ended: ActKind | None = None
    floor: datetime = _LONG_AGO

    def open(self, at: datetime) -> None:
        """Begin at ``at``, but never before what was taken back earlier; go on when it holds already."""
        if self.since is None:
            self.since = max(at, self.floor)

    def close(self, act: Act) -> None:
        """Take it back: what was measured before that stays out for good."""
        self.since = None
        self.ended = act.kind
        self.floor = max(self.floor, act.at)

    def at(self, then: datetime) -> bool:
        """Return whether it held ``then`` and ever since."""
        return self.since is not None and self.since <= then


class Stands:
    """What one standing amounts to under one policy version."""

    __slots__ = (
        "_chosen",
        "_supplied",
        "accepted",
        "adult",
        "cancelled",
        "choices",
        "language",
        "latest",
        "supplies",
        "switches",
    )

    def __init__(self) -> None:
        self.latest = _LONG_AGO  # the last time that an opening act carries
        self.cancelled = False
        self.adult = Held()
        self.accepted = Held()
        self.language: str | None = None
        self.choices: list[Act] = []
        self.supplies: dict[tuple[str | None, ItemName | None], list[Act]] = {}
        self.switches: dict[SwitchName | None, list[Act]] = {}
        self._chosen: dict[tuple[FunctionName, ItemName | None, bool], Held] = {}
        self._supplied: dict[tuple[FunctionName, str | None, ItemName | None], datetime | None] = {}

    def chosen(self, function: FunctionName, item: ItemName | None, *, separate: bool) -> Held:
        """Return how the choice of a function, or of one item of it, stands."""
        key = (function, item, separate)
        held = self._chosen.get(key)
        if held is None:
            held = self._chosen[key] = Held()
            for act in self.choices:
                if act.kind is ActKind.CHOSEN:
                    if act.function == function and act.item == item and (act.separate or not separate):
                        held.open(act.at)
                elif act.kind is ActKind.ENDED or (
                    act.function in (function, None) and act.item in (item, None)
                ):
                    held.close(act)
        return held

    def supplied(
        self, then: datetime, function: FunctionName, *, need: str | None = None, item: ItemName | None = None
    ) -> bool:
        """Return whether a need was met, or an item on file, ``then`` and ever since."""
        key = (function, need, item)
        if key not in self._supplied:
            acts = self.supplies.get((need, item), ())
            starts = [_supply(acts, function, device) for device in {act.device for act in acts}]
            self._supplied[key] = min((start for start in starts if start is not None), default=None)
        since = self._supplied[key]
        return since is not None and since <= then

    def on(self, clause: SwitchClause, device: DeviceId | None, then: datetime) -> bool:
        """Return whether a switch was on ``then`` and is on now."""
        acts = self.switches.get(clause.switch)
        if acts is None:
            return clause.default_on
        if clause.scope is Scope.SUBJECT:
            return _on(clause, acts, None, then)
        if device is not None:
            return _on(clause, acts, device, then)
        return all(_on(clause, acts, one, then) for one in {None, *(act.device for act in acts)})


def _supply(acts: Iterable[Act], function: FunctionName, device: DeviceId | None) -> datetime | None:
    held = Held()
    for act in acts:
        if act.kind is ActKind.SUPPLIED:
            # A need may be met for every function at once; an item is on file only where it was given.
            ours = act.function == function or (act.function is None and act.item is None)
            if ours and act.device == device:
                held.open(act.at)
        elif act.function in (function, None) and (device is None or act.device in (device, None)):
            held.close(act)
    return held.since


def _on(clause: SwitchClause, acts: Iterable[Act], device: DeviceId | None, then: datetime) -> bool:
    now, was = _Position(clause.default_on), _Position(clause.default_on)
    everywhere = clause.scope is Scope.SUBJECT
    for act in acts:
        on = act.kind is ActKind.SWITCHED_ON
        ours = act.device == device or (everywhere and not on)
        if ours or act.device is None:
            now.put(on=on, ours=ours)
            if act.at <= then:
                was.put(on=on, ours=ours)
    return now.on and not now.all_off and was.on and not was.all_off


@dataclass(slots=True)
class _Position:
    """A switch for one device; ``all_off`` when it was put off for every device at once."""

    on: bool
    all_off: bool = False

    def put(self, *, on: bool, ours: bool) -> None:
        if ours:
            self.on, self.all_off = on, False
        else:
            self.all_off = not on


def look(compiled: Compiled, standing: Standing | None, at: datetime) -> Stands:
    """Return what ``standing`` amounts to at ``at``; worked out once for the same values, then remembered."""
    key = (id(compiled), id(standing))
    found = _memory.get(key)
    if found is None:
        if len(_memory) >= _KEPT:
            _memory.clear()
        found = _memory[key] = (compiled, standing, read(compiled, standing))
    made = found[2]
    return made if made.latest <= at else read(compiled, standing, at)


# Both values are kept beside the answer, so that an id can't come to mean another value.
_memory: dict[tuple[int, int], tuple[Compiled, Standing | None, Stands]] = {}


def read(compiled: Compiled, standing: Standing | None, until: datetime | None = None) -> Stands:
    """Return what ``standing`` amounts to; with ``until``, opening acts after it don't count yet.

    Raises `Unfit`.
    """
    made = Stands()
    shown: set[tuple[int | None, str | None, str | None]] = set()
    for act in standing.acts if standing else ():
        if act.at.utcoffset() is None:
            raise Unfit
        if act.kind not in CLOSING:
            if until is not None and act.at > until:
                continue
            made.latest = max(made.latest, act.at)
        # These two are about the person, whatever the policy; everything else is about this policy.
        if act.kind is ActKind.CANCELLED:
            made.cancelled = True
        elif act.kind is ActKind.FOUND_MINOR:
            made.adult.close(act)
        elif act.policy == compiled.policy.name:
            _take(made, compiled, shown, act)
    return made


def _take(
    made: Stands, compiled: Compiled, shown: set[tuple[int | None, str | None, str | None]], act: Act
) -> None:
    text = (act.version, act.language, act.text_hash)
    match act.kind:
        case ActKind.SHOWN:
            shown.add(text)
        case ActKind.ACCEPTED:
            _accept(made, compiled, act, shown=text in shown)
        case ActKind.ENDED:
            made.accepted.close(act)
            made.choices.append(act)
        case ActKind.CHOSEN | ActKind.WITHDRAWN:
            made.choices.append(act)
        case ActKind.SWITCHED_ON | ActKind.SWITCHED_OFF:
            made.switches.setdefault(act.switch, []).append(act)
        case ActKind.SUPPLIED | ActKind.REMOVED:
            made.supplies.setdefault((act.need, act.item), []).append(act)
        case ActKind.DECLARED_ADULT:
            made.adult.open(act.at)
        case ActKind.CANCELLED | ActKind.FOUND_MINOR:
            raise AssertionError(act.kind)


def _accept(made: Stands, compiled: Compiled, act: Act, *, shown: bool) -> None:
    if act.version != compiled.policy.version:
        made.accepted.close(act)
    elif shown or not compiled.acceptance.shown_first:
        made.accepted.open(act.at)
        made.language = act.language
