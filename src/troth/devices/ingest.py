"""A batch of readings goes in, as far as the gate lets it.

Each reading must have been allowed when it was measured and be allowed now: so what sat in the stream while
its owner withdrew is refused here, whatever the broker let through. And each value must have the form of its
item; one that does not is dropped and counted. One transaction, the caller's: when this returns and it
commits, the acknowledgement is true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from troth.db import Tx
from troth.devices import permissions
from troth.devices.batch import Ack, Batch, Malformed, Refusal
from troth.devices.bound import BoundDevice
from troth.devices.moments import alike
from troth.gate import Gate
from troth.gate.decide import SKEW
from troth.policy.compiled import Compiled
from troth.policy.values import VALUES
from troth.terms import Denied, FunctionName, ItemName, Permit, Reading, Reason, Region, Standing
from troth.vault import NotStorable, Vault

_NOT_TAKEN = frozenset({Reason.ITEM_UNDECLARED, Reason.ITEM_NOT_CHOSEN, Reason.ITEM_MALFORMED})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a batch comes from: the device, its owner's standing (locked), the version they accepted."""

    device: BoundDevice
    standing: Standing | None
    compiled: Compiled | None


@dataclass(slots=True)
class _Tally:
    stored: int = 0
    duplicates: int = 0
    dropped: int = 0
    denied: int = 0


@dataclass(frozen=True, slots=True)
class Ingest:
    """Takes batches of one deployment."""

    gate: Gate
    vault: Vault
    region: Region

    async def take(
        self,
        tx: Tx,
        source: Source,
        function: FunctionName,
        batch: Batch,
        at: datetime,
    ) -> Ack:
        """Store what may be stored of ``batch`` and say what became of every reading.

        Raises `Malformed` when a time cannot be kept; then nothing of the batch is.
        """
        table = source.compiled.functions.get(function) if source.compiled else None
        form = permissions.question(source.device, function, table, self.region, at)
        tally = _Tally()
        for group, fit in _by_form(alike(batch.readings, source.standing, (at, at + SKEW))):
            items = frozenset(reading.item for reading in group)
            unfit = frozenset[ItemName]() if fit else items
            ask = dataclasses.replace(form, items=items, measured=group[0].measured, unfit=unfit)
            try:
                permit = await self.gate.admit(tx, ask, counted=True)
            except Denied as denied:
                if denied.decision.reason is Reason.ERROR:
                    # Not a verdict: were it acknowledged, the device would throw the readings away.
                    raise (denied.__cause__ or denied) from None
                if denied.decision.reason in _NOT_TAKEN:
                    tally.dropped += len(group)
                else:
                    tally.denied += len(group)
                continue
            try:
                await self._store(tx, permit, group, tally)
            except NotStorable:
                raise Malformed(Refusal.WRONG_SHAPE, batch.id) from None
        return Ack(batch.id, tally.stored, tally.duplicates, tally.dropped, tally.denied)

    async def _store(self, tx: Tx, permit: Permit, group: list[Reading], tally: _Tally) -> None:
        kept = [reading for reading in group if reading.item in permit.allow.items]
        stored = await self.vault.append(tx, permit, kept)
        tally.stored += stored.stored
        tally.duplicates += stored.duplicates
        tally.dropped += len(group) - len(kept)


def _by_form(groups: Iterable[list[Reading]]) -> Iterator[tuple[list[Reading], bool]]:
    """Yield each group's readings that have the form of their items, then those that don't."""
    for group in groups:
        fit = [VALUES.misfit(reading.item, reading.value) is None for reading in group]
        for wanted in (True, False):
            some = [reading for reading, fits in zip(group, fit, strict=True) if fits is wanted]
            if some:
                yield some, wanted
