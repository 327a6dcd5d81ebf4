"""Whether every standing still has its evidence: acts against the entries that prove them.

The gate decides by acts, so an act that was slipped in, changed or taken out must show. Reads what `history`
wrote; what the log itself says is checked in `verify`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from troth.db import Tx
from troth.ledger.entries import EntryKind, body, commitment, entry_of
from troth.ledger.history import ActRow
from troth.ledger.sql import QUERIES
from troth.terms import ActKind, EntryId, SubjectId

_BATCH = 2048
_FIRST = UUID(int=0)
_SWITCHED = EntryKind.SWITCHED.value
_OF_ACTS = {kind.value for kind in ActKind} | {_SWITCHED}


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the ledger is not what was signed, and what is wrong there."""

    where: str
    why: str


class Damage(Exception):
    """found while reading; becomes a `Broken`"""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.broken = Broken(where, why)


@dataclass(frozen=True, slots=True)
class _Opening:
    subject: SubjectId
    entry: EntryId
    salt: bytes
    body: bytes | None
    acted: bool


@dataclass(frozen=True, slots=True)
class _ProvenAct(ActRow):
    subject: SubjectId
    seq: int
    entry: EntryId
    salt: bytes | None
    body: bytes | None


async def check_standings(tx: Tx) -> None:
    """Check every opening and every act of everyone; raise `Damage`."""
    subject, entry = _FIRST, _FIRST
    while True:
        params: dict[str, object] = {"subject": subject, "entry": entry, "most": _BATCH}
        openings = await tx.rows(_Opening, QUERIES["openings"], params)
        for opening in openings:
            _check_opening(opening)
        if len(openings) < _BATCH:
            break
        subject, entry = openings[-1].subject, openings[-1].entry
    subject, seq = _FIRST, 0
    while True:
        params = {"subject": subject, "seq": seq, "most": _BATCH}
        acts = await tx.rows(_ProvenAct, QUERIES["proven_acts"], params)
        for done in acts:
            _check_act(done)
        if len(acts) < _BATCH:
            break
        subject, seq = acts[-1].subject, acts[-1].seq


def _check_opening(row: _Opening) -> None:
    where = f"entry {row.entry}"
    if row.body is None:
        raise Damage(where, "it was recorded about a subject, but its text is gone")
    said = json.loads(bytes(row.body))
    if said.get("subject_commitment") != commitment(row.subject, bytes(row.salt)).hex():
        raise Damage(where, "its opening leads to another subject than the one it was recorded about")
    if said.get("kind") in _OF_ACTS and not row.acted:
        raise Damage(where, "the act that it proves was taken out of the subject's standing")


def _check_act(row: _ProvenAct) -> None:
    where = f"act {row.seq} of subject {row.subject}"
    if row.body is None or row.salt is None:
        raise Damage(where, "no entry proves it")
    said = bytes(row.body)
    if json.loads(said).get("kind") not in _OF_ACTS:
        return  # evidence of something larger that the act is a part of
    new = entry_of(row.act(), row.subject)
    if body(row.entry, new, commitment(row.subject, bytes(row.salt))) != said:
        raise Damage(where, "it is not the act that its entry proves")
