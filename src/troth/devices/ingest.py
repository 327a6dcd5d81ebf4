"""Batches of readings go in, as far as the gate lets them.

Each reading must have been allowed when it was measured and be allowed now: so what sat in the stream while
its owner withdrew is refused here, whatever the broker let through. And each value must have the form of its
item; one that does not is dropped and counted. One transaction, the caller's, for as many batches of as many
owners as there are: when this returns and it commits, the acknowledgements are true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from troth.db import Tx
from troth.devices import permissions
from troth.devices.batch import Ack, Apart, Batch, Entangled, Malformed, Refusal
from troth.devices.bound import Source
from troth.devices.due import WATCHING, Due, note
from troth.devices.moments import alike
from troth.devices.names import DeviceKind, kind_of, unsent
from troth.gate import Gate
from troth.gate.decide import SKEW
from troth.ledger import Held
from troth.policy.compiled import Compiled
from troth.policy.values import VALUES
from troth.terms import (
    Ask,
    Denied,
    DeviceId,
    FunctionName,
    ItemName,
    Permit,
    Purpose,
    Reading,
    Reason,
    Region,
    SubjectId,
)
from troth.vault import Sheaf, Unstorable, Vault
from troth.vault.intake import Taken

_MANY = 20
"""Readings of a batch that is worth a question and a block of its own."""
_Items = frozenset[ItemName]
_NONE = _Items()
_NAMING = frozenset(item for item, form in VALUES.forms.items() if "device" in form.may)
"""Items of which the system says by which device: of several cameras, their owner wants to know which."""
_NOT_TAKEN = frozenset({Reason.ITEM_UNDECLARED, Reason.ITEM_NOT_CHOSEN, Reason.ITEM_MALFORMED})


class Arrival(Struct, frozen=True):
    """A batch, the device that sent it for which function, and the version that its owner accepted."""

    device: Source
    compiled: Compiled | None
    function: FunctionName
    batch: Batch


_STORED, _DUPLICATES, _DROPPED, _DENIED = range(4)
_Tally = list[int]
"""How many readings of a batch: stored, duplicates, dropped, denied."""


class _Parcel(NamedTuple):
    """What one device sent for one function, in one batch or in several small ones of one item."""

    batches: Mapping[int, Arrival]
    """Each in its place among those handed in. All of one device."""
    readings: Sequence[Reading]

    def arrival(self) -> Arrival:
        """Return the first batch."""
        return next(iter(self.batches.values()))

    def came_in(self) -> Mapping[UUID, int]:
        """Return by its id in which batch each reading came."""
        return {one.id: place for place, each in self.batches.items() for one in each.batch.readings}

    def add_to(self, tallies: Sequence[_Tally], what: int, readings: Sequence[Reading]) -> None:
        """Count ``readings`` for the batches that they came in."""
        if len(readings) == len(self.readings):  # mostly
            for place, each in self.batches.items():
                tallies[place][what] += len(each.batch.readings)
            return
        came_in = self.came_in()
        for reading in readings:
            tallies[came_in[reading.id]][what] += 1

    def add_taken_to(self, tallies: Sequence[_Tally], taken: Taken) -> None:
        """Count what became of readings in the vault. What came too late is dropped."""
        if len(taken.new) == len(taken.offered):  # mostly
            self.add_to(tallies, _STORED, taken.new)
        elif len(self.batches) == 1:
            tally, counted = tallies[next(iter(self.batches))], taken.counted()
            tally[_STORED] += counted.stored
            tally[_DUPLICATES] += counted.duplicates
            tally[_DROPPED] += counted.over
        else:
            came_in = self.came_in()
            new, kept = {each.id for each in taken.new}, {each.id for each in taken.kept}
            for each in taken.offered:
                what = _STORED if each.id in new else _DUPLICATES if each.id in kept else _DROPPED
                tallies[came_in[each.id]][what] += 1


class _Question(NamedTuple):
    """An ask for those readings of a parcel that the gate cannot tell apart."""

    parcel: _Parcel
    ask: Ask
    readings: Sequence[Reading]

    def batches(self) -> int:
        """Return for how many batches it is asked."""
        parcel = self.parcel
        if len(parcel.batches) == 1 or len(self.readings) == len(parcel.readings):
            return len(parcel.batches)
        came_in = parcel.came_in()
        return len({came_in[reading.id] for reading in self.readings})


@dataclass(frozen=True, slots=True)
class Ingest:
    """Takes batches of one deployment."""

    gate: Gate
    vault: Vault
    region: Region

    async def take_each(self, tx: Tx, held: Held, arrivals: Sequence[Arrival], at: datetime) -> list[Ack]:
        """Store what may be stored of each batch and say what became of every reading.

        ``held`` are the standings of all owners. Raises `Apart` when a batch cannot be decided or kept.
        """
        purposes: dict[int, Purpose | None] = {}
        questions = [
            _Question(parcel, ask, readings)
            for parcel in _parcels(arrivals)
            for ask, readings in self._asked(parcel, held, at, purposes)
        ]
        asks, times = [each.ask for each in questions], [each.batches() for each in questions]
        answers = await self.gate.admit_each(tx, held, asks, times)
        tallies = [[0, 0, 0, 0] for _ in arrivals]
        apart: dict[int, Exception] = {}
        sheaves: list[tuple[_Parcel, Sheaf]] = []
        for (parcel, ask, readings), answer in zip(questions, answers, strict=True):
            if isinstance(answer, Permit):
                items = answer.allow.items - answer.allow.unkept
                kept = readings if ask.items <= items else [r for r in readings if r.item in items]
                sheaves.append((parcel, Sheaf(answer, kept)))
                if len(kept) < len(readings):
                    parcel.add_to(tallies, _DROPPED, [r for r in readings if r.item not in items])
            elif answer.decision.reason is Reason.ERROR:
                # Not a verdict: were it acknowledged, the device would throw the readings away.
                apart |= _amiss(parcel, _cause(answer))
            else:
                dropped = answer.decision.reason in _NOT_TAKEN
                parcel.add_to(tallies, _DROPPED if dropped else _DENIED, readings)
        if apart:
            raise Apart(apart)
        await self._store(tx, held, sheaves, tallies)
        return [Ack(each.batch.id, *tally) for each, tally in zip(arrivals, tallies, strict=True)]

    def _asked(
        self, parcel: _Parcel, held: Held, at: datetime, purposes: dict[int, Purpose | None]
    ) -> Iterator[tuple[Ask, Sequence[Reading]]]:
        """Yield an ask for those readings of a parcel that the gate cannot tell apart, with them.

        ``purposes`` are those found before, by the table.
        """
        first = parcel.arrival()
        device, function, compiled = first.device, first.function, first.compiled
        table = None if compiled is None else compiled.functions.get(function)
        if id(table) not in purposes:
            purposes[id(table)] = permissions.purpose_of(table)
        sender = permissions.Sender(device, function, purposes[id(table)], self.region)
        kind = kind_of(device.kind)
        for group in alike(parcel.readings, held.of(device.subject), (at, at + SKEW)):
            for readings, items, unfit in _by_form(group, kind):
                ask = sender.asks(at, readings[0].measured, items, unfit)
                yield ask, readings if _NAMING.isdisjoint(items) else _named(readings, device.device)

    async def _store(
        self, tx: Tx, held: Held, sheaves: Sequence[tuple[_Parcel, Sheaf]], tallies: Sequence[_Tally]
    ) -> None:
        if not sheaves:
            return
        try:
            stored = await self.vault.append_each(tx, [sheaf for _, sheaf in sheaves], held=held)
        except Unstorable as unstorable:
            apart: dict[int, Exception] = {}
            for n in unstorable.which:
                parcel = sheaves[n][0]
                apart |= _amiss(parcel, Malformed(Refusal.WRONG_SHAPE, parcel.arrival().batch.id))
            raise Apart(apart) from None
        watched: dict[tuple[SubjectId, FunctionName], Due] = {}
        for (parcel, sheaf), taken in zip(sheaves, stored, strict=True):
            parcel.add_taken_to(tallies, taken)
            ask = sheaf.permit.ask
            if taken.new and ask.function in WATCHING:
                watched[ask.subject, ask.function] = Due(ask.subject, ask.policy, ask.function, ask.at)
        await note(tx, watched.values())


def _parcels(arrivals: Sequence[Arrival]) -> Iterator[_Parcel]:
    """Yield what is handed in, small batches of one device for one function and item together.

    They are one question and one block then. Not where a reading comes twice: which batch is first counts.
    """
    found: dict[tuple[str, FunctionName], dict[int, Arrival]] = {}
    for place, each in enumerate(arrivals):
        found.setdefault((each.device.token, each.function), {})[place] = each
    for batches in found.values():
        if len(batches) == 1 or _comes_twice(batches.values()):
            yield from [_Parcel({place: each}, each.batch.readings) for place, each in batches.items()]
        else:
            yield from _together(batches)


def _comes_twice(arrivals: Collection[Arrival]) -> bool:
    ids = [reading.id.int for each in arrivals for reading in each.batch.readings]
    return len({*ids}) < len(ids)


def _together(batches: Mapping[int, Arrival]) -> Iterator[_Parcel]:
    small: dict[ItemName, dict[int, Arrival]] = {}
    for place, each in batches.items():
        readings = each.batch.readings
        if len(readings) == 1 or (len(readings) < _MANY and len({one.item for one in readings}) == 1):
            small.setdefault(readings[0].item, {})[place] = each
        else:
            yield _Parcel({place: each}, readings)
    for some in small.values():
        yield _Parcel(some, [one for each in some.values() for one in each.batch.readings])


def _amiss(parcel: _Parcel, why: Exception) -> Mapping[int, Exception]:
    """Return what is wrong with a batch; or that it is not known with which of several."""
    return dict.fromkeys(parcel.batches, why if len(parcel.batches) == 1 else Entangled())


def _by_form(group: list[Reading], kind: DeviceKind) -> list[tuple[list[Reading], _Items, _Items]]:
    """Return a group's readings that have the form of their items, then those that don't.

    Each with their items, and those of them that do not fit: all or none. What such a device does not send at
    all has no form that would fit.
    """
    items = frozenset([reading.item for reading in group])
    strange = unsent(kind, items)
    if not strange and VALUES.fit(group):
        return [(group, items, _NONE)]
    misfit = VALUES.misfit
    fit = [reading.item not in strange and misfit(reading.item, reading.value) is None for reading in group]
    well, ill = [[r for r, f in zip(group, fit, strict=True) if f is wanted] for wanted in (True, False)]
    found = [(well, frozenset([each.item for each in well]), _NONE)] if well else []
    if ill:
        items = frozenset([each.item for each in ill])
        found.append((ill, items, items))
    return found


def _named(readings: list[Reading], device: DeviceId) -> list[Reading]:
    """Return readings that say which device sent them, where their form has a place for it; it signed in."""
    sender = {"device": str(device)}
    return [r if r.item not in _NAMING else replace(r, value={**r.value, **sender}) for r in readings]


def _cause(denied: Denied) -> Exception:
    """Return what went wrong while deciding."""
    return denied.__cause__ if isinstance(denied.__cause__, Exception) else denied
