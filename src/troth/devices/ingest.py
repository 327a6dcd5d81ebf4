"""Batches of readings go in, as far as the gate lets them.

Each reading must have been allowed when it was measured and be allowed now: so what sat in the stream while
its owner withdrew is refused here, whatever the broker let through. And each value must have the form of its
item; one that does not is dropped and counted. One transaction, the caller's, for as many batches of as many
owners as there are: when this returns and it commits, the acknowledgements are true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from troth.db import Tx
from troth.devices import permissions
from troth.devices.batch import Ack, Apart, Batch, Malformed, Refusal
from troth.devices.bound import BoundDevice
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

_NONE = frozenset[ItemName]()
_NOT_TAKEN = frozenset({Reason.ITEM_UNDECLARED, Reason.ITEM_NOT_CHOSEN, Reason.ITEM_MALFORMED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch, the device that sent it for which function, and the version that its owner accepted."""

    device: BoundDevice
    compiled: Compiled | None
    function: FunctionName
    batch: Batch


@dataclass(slots=True)
class _Tally:
    stored: int = 0
    duplicates: int = 0
    dropped: int = 0
    denied: int = 0


class _Question(NamedTuple):
    """An ask for those readings of one arrival that the gate cannot tell apart."""

    place: int
    ask: Ask
    readings: list[Reading]


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
            _Question(n, ask, readings)
            for n, each in enumerate(arrivals)
            for ask, readings in self._asked(each, held, at, purposes)
        ]
        answers = await self.gate.admit_each(tx, held, [question.ask for question in questions])
        tallies = [_Tally() for _ in arrivals]
        apart: dict[int, Exception] = {}
        sheaves: list[tuple[int, Sheaf]] = []
        for question, answer in zip(questions, answers, strict=True):
            tally, readings = tallies[question.place], question.readings
            if isinstance(answer, Permit):
                items = answer.allow.items - answer.allow.unkept
                asked = question.ask.items
                kept = readings if asked <= items else [r for r in readings if r.item in items]
                sheaves.append((question.place, Sheaf(answer, kept)))
                tally.dropped += len(readings) - len(kept)
            elif answer.decision.reason is Reason.ERROR:
                # Not a verdict: were it acknowledged, the device would throw the readings away.
                apart.setdefault(question.place, _cause(answer))
            elif answer.decision.reason in _NOT_TAKEN:
                tally.dropped += len(readings)
            else:
                tally.denied += len(readings)
        if apart:
            raise Apart(apart)
        await self._store(tx, held, arrivals, sheaves, tallies)
        return [
            Ack(each.batch.id, tally.stored, tally.duplicates, tally.dropped, tally.denied)
            for each, tally in zip(arrivals, tallies, strict=True)
        ]

    def _asked(
        self, arrival: Arrival, held: Held, at: datetime, purposes: dict[int, Purpose | None]
    ) -> Iterator[tuple[Ask, list[Reading]]]:
        """Yield an ask for those readings of one arrival that the gate cannot tell apart, with them.

        ``purposes`` are those found before, by the table.
        """
        device, function, compiled = arrival.device, arrival.function, arrival.compiled
        table = None if compiled is None else compiled.functions.get(function)
        if id(table) not in purposes:
            purposes[id(table)] = permissions.purpose_of(table)
        sender = permissions.Sender(device, function, purposes[id(table)], self.region)
        kind = kind_of(device.kind)
        for group in alike(arrival.batch.readings, held.of(device.subject), (at, at + SKEW)):
            for readings, fit in _by_form(group, kind):
                items = frozenset([reading.item for reading in readings])
                yield sender.asks(at, readings[0].measured, items, _NONE if fit else items), readings

    async def _store(
        self,
        tx: Tx,
        held: Held,
        arrivals: Sequence[Arrival],
        sheaves: Sequence[tuple[int, Sheaf]],
        tallies: Sequence[_Tally],
    ) -> None:
        if not sheaves:
            return
        try:
            stored = await self.vault.append_each(tx, [sheaf for _, sheaf in sheaves], held=held)
        except Unstorable as unstorable:
            places = {sheaves[n][0] for n in unstorable.which}
            raise Apart({n: Malformed(Refusal.WRONG_SHAPE, arrivals[n].batch.id) for n in places}) from None
        watched: dict[tuple[SubjectId, FunctionName], Due] = {}
        for (place, sheaf), each in zip(sheaves, stored, strict=True):
            tallies[place].stored += each.stored
            tallies[place].duplicates += each.duplicates
            ask = sheaf.permit.ask
            if each.stored and ask.function in WATCHING:
                watched[ask.subject, ask.function] = Due(ask.subject, ask.policy, ask.function, ask.at)
        await note(tx, watched.values())


def _by_form(group: list[Reading], kind: DeviceKind) -> list[tuple[list[Reading], bool]]:
    """Return a group's readings that have the form of their items, then those that don't.

    What such a device does not send at all has no form that would fit.
    """
    strange = unsent(kind, {reading.item for reading in group})
    if not strange and VALUES.fit(group):
        return [(group, True)]
    misfit = VALUES.misfit
    fit = [reading.item not in strange and misfit(reading.item, reading.value) is None for reading in group]
    halves = [([reading for reading, f in zip(group, fit, strict=True) if f is w], w) for w in (True, False)]
    return [(some, wanted) for some, wanted in halves if some]


def _cause(denied: Denied) -> Exception:
    """Return what went wrong while deciding."""
    return denied.__cause__ if isinstance(denied.__cause__, Exception) else denied
