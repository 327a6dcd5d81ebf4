"""Standings that were read before, kept for as long as they are true.

A standing is never believed because it is here: the subject's row is locked and its generation read every
time, and only a standing of that very generation is used. Every act makes a new one. So a withdrawal that was
committed first is always seen, whoever was told of it; what is saved is reading and folding the acts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from troth.db import Next, Tx, arrays
from troth.ledger.history import ActRow
from troth.ledger.sql import QUERIES
from troth.terms import Act, Standing, SubjectId

MOST_ACTS = 200_000
"""How many acts are kept by one process, over all standings: some tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Held:
    """Standings read under the locks of one transaction: true until it ends or adds an act itself."""

    tx: Tx
    standings: Mapping[SubjectId, Standing]

    def of(self, subject: SubjectId) -> Standing | None:
        """Return the standing of ``subject``, or None: no such subject, or erased."""
        return self.standings.get(subject)


class _Row(NamedTuple):
    subject: bytes
    state: str
    generation: bytes


@dataclass(frozen=True, slots=True)
class _ActOf(ActRow):
    subject: SubjectId


class Standings:
    """One process's memory of standings, the longest unused given up first."""

    def __init__(self, most_acts: int = MOST_ACTS) -> None:
        self._kept: OrderedDict[SubjectId, tuple[bytes, Standing]] = OrderedDict()
        self._acts = 0
        self._most = most_acts

    async def hold(self, tx: Tx, subjects: Iterable[SubjectId], *, then: Sequence[Next[Any]] = ()) -> Held:
        """Lock the rows of ``subjects``, in one order for everybody, and return their standings.

        ``then`` is asked on the same trip, under the locks.
        """
        wanted = {subject.bytes: subject for subject in subjects}
        ids = {"subjects": arrays.uuids([wanted[each] for each in sorted(wanted)])}
        rows = await tx.rows(_Row, QUERIES["hold"], ids, then=then)
        live = {wanted[row.subject]: row.generation for row in rows if row.state == "live"}
        found = {each: known for each, of in live.items() if (known := self._known(each, of)) is not None}
        if len(found) < len(live):
            found |= await self._read(tx, {each: of for each, of in live.items() if each not in found})
        return Held(tx, found)

    def forget(self, subject: SubjectId) -> None:
        """Let go of a standing: it is said to have changed. Nothing depends on this but memory."""
        gone = self._kept.pop(subject, None)
        if gone is not None:
            self._acts -= len(gone[1].acts)

    def _known(self, subject: SubjectId, generation: bytes) -> Standing | None:
        kept = self._kept.get(subject)
        if kept is None or kept[0] != generation:
            return None
        self._kept.move_to_end(subject)
        return kept[1]

    async def _read(self, tx: Tx, generations: Mapping[SubjectId, bytes]) -> Mapping[SubjectId, Standing]:
        """Read the acts of subjects whose rows are locked, in a statement after the one that locked them.

        In the same statement they would be read as they were before the wait for the lock.
        """
        acts: dict[SubjectId, list[Act]] = {subject: [] for subject in generations}
        for row in await tx.rows(_ActOf, QUERIES["acts_of"], {"subjects": arrays.uuids(generations)}):
            acts[row.subject].append(row.act())
        found = {subject: Standing(subject, tuple(done)) for subject, done in acts.items()}
        for subject, standing in found.items():
            self._keep(generations[subject], standing)
        return found

    def _keep(self, generation: bytes, standing: Standing) -> None:
        self.forget(standing.subject)
        self._kept[standing.subject] = (generation, standing)
        self._acts += len(standing.acts)
        while self._acts > self._most:
            _, (_, gone) = self._kept.popitem(last=False)
            self._acts -= len(gone.acts)
