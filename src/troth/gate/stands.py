"""A standing as the gate reads it: one pass over the acts, then each question answered once and kept.

Says since when a yes has held without a break; `spec/standing.py` says what that means. Does not decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from troth.policy.clauses import PERMISSION, SUPPLIER, ItemClause, Need, Scope, SwitchClause
from troth.policy.compile import CONSENTS
from troth.policy.compiled import Compiled, FunctionTable
from troth.terms import (
    Act,
    ActKind,
    Basis,
    ClauseId,
    DeviceId,
    FunctionName,
    ItemName,
    Role,
    Standing,
    SwitchName,
    TrothError,
)

CLOSING = frozenset(
    {
        ActKind.ENDED,
        ActKind.WITHDRAWN,
        ActKind.SWITCHED_OFF,
        ActKind.FOUND_MINOR,
        ActKind.GUARDIAN_WITHDREW,
        ActKind.REMOVED,
        ActKind.CANCELLED,
    }
)
"""Kinds of act that count from the moment they are committed, whatever time they carry."""
_AGREEING = frozenset({ActKind.ACCEPTED, ActKind.CHOSEN})
_BEYOND = frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT})
LONG_AGO = datetime.min.replace(tzinfo=UTC)
FAR_OFF = datetime.max.replace(tzinfo=UTC)
_KEPT = 4096


class Unfit(TrothError):
    """this cannot be decided: give every time its zone, and the standing of the subject asked about"""


@dataclass(slots=True)
class Held:
    """A yes in the making: ``since`` when it holds (None: it does not), and the kind of act that ended it."""

    since: datetime | None = None
    ended: ActKind | None = None
    floor: datetime = LONG_AGO

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


@dataclass(slots=True)
class Guardian:
    """A guardian's consent, and when the child that it was for came of age."""

    held: Held = field(default_factory=Held)
    over: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """The items of a function that the person agreed to, and since when at the latest all of them stand."""

    since: Mapping[ItemName, datetime]
    items: frozenset[ItemName]
    latest: datetime


class Stands:
    """What one standing amounts to under one policy version, at any time from ``first`` until ``next``."""

    __slots__ = (
        "_agreed",
        "_chosen",
        "_supplied",
        "accepted",
        "adult",
        "cancelled",
        "choices",
        "compiled",
        "first",
        "grown",
        "guardian",
        "language",
        "next",
        "supplies",
        "switches",
    )

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.first = LONG_AGO
        self.next = FAR_OFF
        self.cancelled = False
        self.adult = Held()  # of the age that an account needs
        self.grown = Held()  # of the age from which on nobody speaks for them
        self.guardian = Guardian()
        self.accepted = Held()
        self.language: str | None = None
        self.choices: list[Act] = []
        self.supplies: dict[tuple[str | None, ItemName | None], list[Act]] = {}
        self.switches: dict[SwitchName | None, list[Act]] = {}
        self._chosen: dict[tuple[FunctionName, ItemName | None, bool], Held] = {}
        self._supplied: dict[tuple[FunctionName, str | None, ItemName | None], datetime | None] = {}
        self._agreed: dict[tuple[FunctionName, Role], Agreed] = {}

    def chosen(self, function: FunctionName, item: ItemName | None, *, separate: bool) -> Held:
        """Return how the choice of a function, or of one item of it, stands."""
        key = (function, item, separate)
        held = self._chosen.get(key)
        if held is None:
            held = self._chosen[key] = self._choice(function, item, separate=separate)
        return held

    def _choice(self, function: FunctionName, item: ItemName | None, *, separate: bool) -> Held:
        table = self.compiled.functions.get(function)
        gone_with = table.gone_with if table else frozenset[FunctionName]()
        held = Held()
        for act in self.choices:
            if act.kind is ActKind.CHOSEN:
                if act.function == function and act.item == item and (act.separate or not separate):
                    held.open(act.at)
            elif (
                act.kind is ActKind.ENDED
                or (act.function in (function, None) and act.item in (item, None))
                or (act.function in gone_with and act.item is None)
            ):
                held.close(act)
        return held

    def supplied(
        self, then: datetime, function: FunctionName, *, need: str | None = None, item: ItemName | None = None
    ) -> bool:
        """Return whether a need was met, or an item on file, ``then`` and ever since."""
        since = self._since(function, need, item)
        return since is not None and since <= then

    def supplied_by(
        self, then: datetime, function: FunctionName, recipient: str, device: DeviceId | None
    ) -> bool:
        """Return whether a device was supplied by a recipient ``then`` and ever since."""
        acts = self.supplies.get((SUPPLIER + recipient, None), ())
        since = None if device is None else _supply(acts, function, device)
        return since is not None and since <= then

    def _since(self, function: FunctionName, need: str | None, item: ItemName | None) -> datetime | None:
        key = (function, need, item)
        if key not in self._supplied:
            acts = self.supplies.get((need, item), ())
            starts = [_supply(acts, function, device) for device in {act.device for act in acts}]
            self._supplied[key] = min((start for start in starts if start is not None), default=None)
        return self._supplied[key]

    def agreed(self, table: FunctionTable, role: Role) -> Agreed:
        """Return which items of a function, about people in a role, the person agreed to."""
        key = (table.clause.function, role)
        found = self._agreed.get(key)
        if found is None:
            each = {item: self._agreement(clause) for item, clause in table.takes[role].items()}
            since = {item: start for item, start in each.items() if start is not None}
            latest = max(since.values(), default=LONG_AGO)
            found = self._agreed[key] = Agreed(since, frozenset(since), latest)
        return found

    def _agreement(self, clause: ItemClause) -> datetime | None:
        """Return since when an item passes, as far as the person is concerned."""
        if clause.basis in _BEYOND:  # such an item passes only an ask on such a basis
            return None
        starts: list[datetime | None] = [LONG_AGO]
        if clause.permission is not None:
            starts.append(self._since(clause.function, PERMISSION + clause.permission, None))
        if clause.only_while is not None:
            starts.append(self._runs(clause.only_while))
        if clause.need is Need.OPTIONAL or clause.basis in CONSENTS:
            separate = clause.basis is Basis.SEPARATE_CONSENT
            starts.append(self.chosen(clause.function, clause.item, separate=separate).since)
        found = [start for start in starts if start is not None]
        return max(found) if len(found) == len(starts) else None

    def _runs(self, function: FunctionName) -> datetime | None:
        table = self.compiled.functions.get(function)
        if table is None or not table.waits:
            return LONG_AGO if table else None
        separate = table.clause.basis is Basis.SEPARATE_CONSENT
        return self.chosen(function, None, separate=separate).since

    def lost(self, table: FunctionTable) -> list[ClauseId]:
        """Return the refusals that were made and with which this function is lost, in order."""
        return [clause.id for clause in table.lost_with if self._withdrawn(clause.function)]

    def _withdrawn(self, function: FunctionName) -> bool:
        separate = self.compiled.functions[function].clause.basis is Basis.SEPARATE_CONSENT
        chosen = self.chosen(function, None, separate=separate)
        return chosen.since is None and chosen.ended is ActKind.WITHDRAWN

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
    if found is not None:
        made = found[2]
        if made.first <= at < made.next:
            return made
    made = read(compiled, standing, at)
    if len(_memory) >= _KEPT:
        _memory.clear()
    _memory[key] = (compiled, standing, made)
    return made


# Both values are kept beside the answer, so that an id can't come to mean another value.
_memory: dict[tuple[int, int], tuple[Compiled, Standing | None, Stands]] = {}


def read(compiled: Compiled, standing: Standing | None, at: datetime) -> Stands:
    """Return what ``standing`` amounts to; opening acts after ``at`` don't count yet. Raises `Unfit`."""
    made = Stands(compiled)
    acts = _heard(made, standing.acts if standing else (), at)
    grown = _guardian(made, acts, at) if compiled.guardian is not None else None
    name, shown = compiled.policy.name, set[tuple[int | None, str | None, str | None]]()
    for act in acts:
        # These two are about the person, whatever the policy; everything else is about this policy.
        if act.kind is ActKind.CANCELLED:
            made.cancelled = True
        elif act.kind is ActKind.FOUND_MINOR:
            made.adult.close(act)
            made.grown.close(act)
        elif act.policy == name and not (act.kind in _AGREEING and grown is not None and act.at < grown):
            _take(made, shown, act)
    return made


def _heard(made: Stands, acts: Iterable[Act], at: datetime) -> list[Act]:
    """Return the acts that count at ``at``, and note from when until when they are these."""
    found: list[Act] = []
    for act in acts:
        if act.at.utcoffset() is None or (act.until is not None and act.until.utcoffset() is None):
            raise Unfit
        if act.kind in CLOSING:
            found.append(act)
        elif act.at <= at:
            found.append(act)
            made.first = max(made.first, act.at)
        else:
            made.next = min(made.next, act.at)
    return found


def _guardian(made: Stands, acts: Iterable[Act], at: datetime) -> datetime | None:
    """Read what a guardian said; return when the child came of age, if that was before ``at``."""
    compiled, guardian = made.compiled, made.guardian
    name, version = compiled.policy.name, compiled.policy.version
    verified, shown = False, set[tuple[int | None, str | None, str | None]]()
    for act in acts:
        if act.policy != name:
            continue
        text = (act.version, act.language, act.text_hash)
        match act.kind:
            case ActKind.SHOWN:
                shown.add(text)
            case ActKind.GUARDIAN_VERIFIED:
                verified = True
            case ActKind.GUARDIAN_WITHDREW:
                guardian.held.close(act)
            case ActKind.GUARDIAN_CONSENTED if verified and act.version == version and act.until is not None:
                if text in shown or not compiled.acceptance.shown_first:
                    guardian.held.open(act.at)
                    _ends(made, act.until, at)
            case _:
                pass
    if guardian.over is not None:
        guardian.held.since = None
    return guardian.over


def _ends(made: Stands, until: datetime, at: datetime) -> None:
    """Take note of the end that a guardian's consent has from the start."""
    if until > at:
        made.next = min(made.next, until)
    else:
        made.first = max(made.first, until)
        made.guardian.over = max(made.guardian.over or until, until)


def _take(made: Stands, shown: set[tuple[int | None, str | None, str | None]], act: Act) -> None:
    text = (act.version, act.language, act.text_hash)
    match act.kind:
        case ActKind.SHOWN:
            shown.add(text)
        case ActKind.ACCEPTED:
            _accept(made, act, shown=text in shown)
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
            _declare(made, act)
        case _:
            pass  # going on opens nothing here (`versions`); what a guardian said was read before


def _declare(made: Stands, act: Act) -> None:
    compiled = made.compiled
    if compiled.audience is not None and (act.age is None or act.age >= compiled.audience.minimum_age):
        made.adult.open(act.at)
    if act.age is None or act.age >= compiled.own_age:
        made.grown.open(act.at)


def _accept(made: Stands, act: Act, *, shown: bool) -> None:
    if act.version != made.compiled.policy.version:
        made.accepted.close(act)
    elif shown or not made.compiled.acceptance.shown_first:
        made.accepted.open(act.at)
        made.language = act.language
