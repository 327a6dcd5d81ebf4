"""Seeing what one holds: each look is one question to the gate for one purpose, then the vault opens.

The door that `functions` are given. Bound to one person and whoever looks; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from troth.subjects.asking import Asking
from troth.terms import ClauseId, DeviceId, EntryId, ItemName, Reading, RecordId, Verb

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.subjects.parts import Parts
    from troth.terms import Actor, FunctionName, Permit, PolicyName, Purpose, Region, SubjectId
    from troth.vault.media import Media, Opened


@dataclass(frozen=True, slots=True)
class Events:
    """Readings, oldest first, and the clauses that opened them."""

    readings: tuple[Reading, ...]
    because: frozenset[ClauseId]
    entry: EntryId | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """The present value of each item asked for (absent: nothing on file), and the clauses behind it."""

    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    because: frozenset[ClauseId]
    entry: EntryId | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """A film or a still, and when it was made; ``device``: by which, where one sent it."""

    record: RecordId
    kind: str
    at: datetime
    until: datetime
    device: DeviceId | None


class OwnUse:
    """Uses of one person's data, within one transaction. ``actor`` None: the person themselves."""

    def __init__(
        self,
        parts: Parts,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        *,
        media: Media | None = None,
        actor: Actor | None = None,
    ) -> None:
        self._parts = parts
        self._media = media
        self._tx = tx
        self._asking = Asking(subject, policy, parts.region, parts.clock.now())
        self._actor = actor

    @property
    def region(self) -> Region:
        """Where it is looked from."""
        return self._asking.region

    async def events(
        self,
        function: FunctionName,
        purpose: Purpose,
        items: frozenset[ItemName],
        since: datetime,
        until: datetime,
    ) -> Events:
        """Open what was measured in [since, until); raises `Denied`."""
        permit = await self._permit(function, purpose, items)
        opened = self._parts.vault.events(self._tx, permit, since, until)
        readings = tuple([reading async for reading in opened])
        return Events(readings, permit.allow.because, permit.entry)

    async def documents(
        self, function: FunctionName, purpose: Purpose, items: frozenset[ItemName]
    ) -> Documents:
        """Open the documents of these items; raises `Denied`."""
        permit = await self._permit(function, purpose, items)
        values = await self._parts.vault.on_file(self._tx, permit)
        return Documents(values, permit.allow.because, permit.entry)

    async def films(
        self, function: FunctionName, purpose: Purpose, item: ItemName, since: datetime, until: datetime
    ) -> tuple[Film, ...]:
        """Return the films of ``item`` that show some of [since, until), oldest first; raises `Denied`.

        Says when each was made, which lies sealed beside it; the film itself stays closed.
        """
        permit = await self._permit(function, purpose, frozenset({item}))
        if self._media is None:
            return ()
        day = (since - timedelta(days=1)).date()  # it came after it was made, on a day in UTC
        told = [_film(each) async for each in self._media.from_day(self._tx, permit, day)]
        found = [film for film in told if film is not None and film.at < until and film.until >= since]
        return tuple(sorted(found, key=lambda film: (film.at, film.record)))

    async def note(self, function: FunctionName, purpose: Purpose, reading: Reading) -> bool:
        """Keep one reading of what was found or said, once; return whether it was new. Raises `Denied`."""
        ask = self._asking.to(Verb.COLLECT, function, purpose, {reading.item}, actor=self._actor)
        permit = await self._parts.gate.admit(self._tx, ask)
        stored = await self._parts.vault.append(self._tx, permit, [reading])
        return stored.stored > 0

    async def _permit(self, function: FunctionName, purpose: Purpose, items: frozenset[ItemName]) -> Permit:
        ask = self._asking.to(Verb.USE, function, purpose, items, actor=self._actor)
        return await self._parts.gate.admit(self._tx, ask)


def _film(opened: Opened) -> Film | None:
    """Read what lies beside a film; None where it was not said when it was made."""
    at, kind, seconds = (opened.told.get(name) for name in ("at", "type", "seconds"))
    if not isinstance(at, str):
        return None
    began, device = datetime.fromisoformat(at), opened.told.get("device")
    lasts = timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else timedelta(0)
    return Film(
        record=opened.held.record,
        kind=str(kind),
        at=began,
        until=began + lasts,
        device=DeviceId(UUID(device)) if isinstance(device, str) else None,
    )
