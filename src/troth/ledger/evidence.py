"""Whether every standing still has its evidence: acts against the entries that prove them.

The gate decides by acts, so an act that was slipped in, changed, moved or taken out must show. Reads what
`history` wrote; what the log itself says is checked in `verify`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from troth.db import Tx
from troth.ledger.entries import EntryKind, UnfitEntry, body, commitment, entry_of
from troth.ledger.history import ActRow
from troth.ledger.replay import Damage
from troth.ledger.sql import QUERIES
from troth.terms import ActKind, EntryId, SubjectId

_BATCH = 2048
_FIRST = UUID(int=0)
_SWITCHED = EntryKind.SWITCHED.value
_OF_ACTS = {kind.value for kind in ActKind} | {_SWITCHED}


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
    leaf: int | None


async def check_standings(tx: Tx, *, first: int = 0) -> None:
    """Check the openings and acts of everyone, those of entries from leaf ``first`` on; raise `Damage`."""
    if left := await tx.value(QUERIES["half_erased"]):
        raise Damage(f"subject {left}", "they are said to be erased, but something of them is left")
    subject, entry = _FIRST, _FIRST
    while True:
        params: dict[str, object] = {"subject": subject, "entry": entry, "first": first, "most": _BATCH}
        openings = await tx.rows(_Opening, QUERIES["openings"], params)
        for opening in openings:
            _check_opening(opening)
        if len(openings) < _BATCH:
            break
        subject, entry = openings[-1].subject, openings[-1].entry
    subject, seq = _FIRST, 0
    before: _ProvenAct | None = None
    while True:
        params = {"subject": subject, "seq": seq, "first": first, "most": _BATCH}
        acts = await tx.rows(_ProvenAct, QUERIES["proven_acts"], params)
        for done in acts:
            _check_act(done)
            _check_order(before, done, whole=not first)
            before = done
        if len(acts) < _BATCH:
            break
        subject, seq = acts[-1].subject, acts[-1].seq


def _check_opening(row: _Opening) -> None:
    where = f"entry {row.entry}"
    if row.body is None:
        raise Damage(where, "it was recorded about a subject, but its text is gone")
    try:
        said = json.loads(bytes(row.body))
    except ValueError as exc:
        raise Damage(where, "its text is not an entry") from exc
    if said.get("subject_commitment") != commitment(row.subject, bytes(row.salt)).hex():
        raise Damage(where, "its opening leads to another subject than the one it was recorded about")
    if said.get("kind") in _OF_ACTS and not row.acted:
        raise Damage(where, "the act that it proves was taken out of the subject's standing")


def _check_act(row: _ProvenAct) -> None:
    where = f"act {row.seq} of subject {row.subject}"
    if row.body is None or row.salt is None:
        raise Damage(where, "no entry proves it")
    try:
        recorded = datetime.fromisoformat(json.loads(bytes(row.body))["at"])
        new = entry_of(row.act(), row.subject, recorded)
        said = body(row.entry, new, commitment(row.subject, bytes(row.salt)))
    except (UnfitEntry, ValueError, TypeError, KeyError):  # no entry could say this
        said = None
    if said != bytes(row.body):
        raise Damage(where, "it is not the act that its entry proves")


def _check_order(before: _ProvenAct | None, row: _ProvenAct, *, whole: bool) -> None:
    """Check that acts stand one after the other, in the order of their entries: "later" decides."""
    where = f"act {row.seq} of subject {row.subject}"
    previous = before if before and before.subject == row.subject else None
    if whole and row.seq != (previous.seq if previous else 0) + 1:
        raise Damage(where, "it does not follow the one before: an act was moved or taken out")
    if previous is None or row.leaf is None:
        return
    if previous.leaf is None or previous.leaf > row.leaf:
        raise Damage(where, "it was moved: its entry came at another time")
