"""Whether the ledger is still what was signed, found out by reading it again.

The attacker is whoever administers the database, and against a head that someone else kept, the maker too.
Trusts the public key and that head; recomputes everything else, or what came after a head that was verified
before. Repairs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from troth.db import Tx
from troth.ledger import tree
from troth.ledger.checkpoint import Head
from troth.ledger.entries import stamp
from troth.ledger.evidence import check_standings
from troth.ledger.keys import Keys
from troth.ledger.log import Text, read_texts
from troth.ledger.proofs import read_reigns, stored
from troth.ledger.replay import GIVEN, Broken, Damage, Replay, Said, given_head, same
from troth.ledger.signing import NotGenuine, PublicKey
from troth.ledger.sql import QUERIES
from troth.terms import EntryId

__all__ = ["Broken", "Verdict", "Verified", "verify"]
_BATCH = 4096
_SINCE = "the head to go on from"

Progress = Callable[[int, int], None]
"""Told how many entries were read, and of how many."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Nothing was bent. ``pending`` entries wait for their number and are not yet under any head."""

    size: int
    root: bytes
    heads: int
    pending: int


Verdict = Verified | Broken


def unseen(_done: int, _of: int) -> None:
    """Show no progress."""


async def verify(
    tx: Tx,
    signer_public: PublicKey,
    against: str | None = None,
    *,
    since: str | None = None,
    progress: Progress = unseen,
) -> Verdict:
    """Re-read the ledger as of one moment, and compare it with ``against``, a signed head from outside.

    With ``since``, a head over entries that were verified before, only what came later is read, and what
    rests on it. ``tx`` must be fresh: nothing may have been read in it yet.
    """
    await tx.run(QUERIES["one_view"])
    try:
        keys = await _keys(tx, signer_public)
        given, start = given_head(against, keys), _start(since, keys)
        reading = await _Reading.begin(tx, keys, given, start)
        await reading.run(progress)
        queued = await _check_totals(tx, reading)
        await check_standings(tx, first=start.size if start else 0)
    except Damage as found:
        return found.broken
    return Verified(reading.replay.size, reading.replay.root(), reading.replay.heads, queued)


async def _keys(tx: Tx, trusted: PublicKey) -> Keys:
    try:
        return Keys.chain(trusted, await read_reigns(tx))
    except NotGenuine as exc:
        raise Damage("the keys", str(exc)) from exc


def _start(signed: str | None, keys: Keys) -> Head | None:
    try:
        return keys.head(signed) if signed is not None else None
    except NotGenuine as exc:
        raise Damage(_SINCE, str(exc)) from exc


@dataclass(frozen=True, slots=True)
class _LeafRow:
    leaf: int
    entry: EntryId
    hash: bytes


@dataclass(frozen=True, slots=True)
class _HeadRow:
    size: int
    root: bytes
    signed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Totals:
    leaves: int
    nodes: int
    heads: int
    queued: int


class _Reading:
    """One pass over leaves, nodes and heads, in order, in memory for one batch."""

    def __init__(self, tx: Tx, replay: Replay) -> None:
        self._tx = tx
        self.replay = replay
        self.first = replay.size
        self._ahead: list[_HeadRow] = []  # heads read, not passed yet

    @classmethod
    async def begin(cls, tx: Tx, keys: Keys, given: Head | None, start: Head | None) -> _Reading:
        """Begin with the first entry, or after ``start``, whose tree must be here."""
        if start is None:
            return cls(tx, Replay(keys, given))
        edge = tree.cover(0, start.size)
        hashes = await stored(tx, edge)
        if len(hashes) != len(edge):
            raise Damage(_SINCE, f"it covers {start.size} entries, but they are not all here")
        same(_SINCE, start.root, tree.root(start.size, hashes))
        if given and given.size <= start.size:
            same(GIVEN, given.root, tree.root(given.size, await stored(tx, tree.cover(0, given.size))))
        return cls(tx, Replay(keys, given, start=start, peaks=[hashes[node] for node in edge]))

    async def run(self, progress: Progress) -> None:
        """Read to the end; raise `Damage`."""
        totals = await self._tx.value(QUERIES["size"])
        await self._read_heads(self.first + 1 if self.first else 0)
        while True:
            params = {"first": self.replay.size, "most": _BATCH}
            rows = await self._tx.rows(_LeafRow, QUERIES["leaves"], params)
            made: list[tuple[tree.Node, bytes]] = []
            texts = await read_texts(self._tx, [row.entry for row in rows])
            for row in rows:
                made += self._leaf(row, texts.get(row.entry))
                while self._ahead and self._ahead[0].size <= self.replay.size:
                    self._head(self._ahead.pop(0))
                    if not self._ahead:
                        await self._read_heads(self.replay.size + 1)
            await self._compare(made)
            progress(self.replay.size, totals)
            if len(rows) < _BATCH:
                break
        if self._ahead:
            signed = self._ahead[-1].size
            raise Damage(
                f"head {signed}", f"it was signed over {signed} entries, but the log has {self.replay.size}"
            )
        self.replay.end()

    async def _read_heads(self, first: int) -> None:
        params = {"first": first, "most": _BATCH}
        self._ahead = await self._tx.rows(_HeadRow, QUERIES["heads"], params)

    def _leaf(self, row: _LeafRow, text: Text | None) -> list[tuple[tree.Node, bytes]]:
        number = self.replay.size
        if row.leaf != number:
            raise Damage(f"leaf {number}", "it is missing: an entry was dropped")
        where = f"leaf {number}, entry {row.entry}"
        if text is None:
            raise Damage(where, "its text is gone: the entry was dropped")
        body = bytes(text.body)
        if tree.leaf_hash(body) != bytes(row.hash):
            raise Damage(where, "its text is not the one that got this number: edited or swapped")
        said, made = self.replay.entry(where, body)
        if (
            said != Said(str(row.entry), text.at, text.kind, said.details)
            or stamp(said.at) not in body.decode()
        ):
            raise Damage(where, "its row says another id, time or kind than its text")
        return made

    def _head(self, row: _HeadRow) -> None:
        head = self.replay.head(row.signed) if row.size == self.replay.size else None
        if head is None:
            raise Damage(f"head {row.size}", "a head over no entry")
        if (head.size, head.root, head.at) != (row.size, bytes(row.root), row.at):
            raise Damage(f"head {row.size}", "its row says another size, root or time than its signed text")

    async def _compare(self, made: list[tuple[tree.Node, bytes]]) -> None:
        inner = {node: found for node, found in made if node.level}
        kept = await stored(self._tx, inner)
        for node, found in inner.items():
            if kept.get(node) != found:
                raise Damage(f"node {node.level}/{node.number}", "the stored hash is not that of its leaves")


async def _check_totals(tx: Tx, reading: _Reading) -> int:
    """Check that nothing stands beside the log; return how many entries wait for a number."""
    totals = await tx.row(_Totals, QUERIES["totals"], {"first": reading.first})
    size = reading.replay.size
    nodes = sum(size >> level for level in range(1, size.bit_length()))
    if totals is None or (totals.leaves, totals.nodes, totals.heads) != (size, nodes, reading.replay.heads):
        raise Damage("the tables", "there are leaves, nodes or heads that belong to no log")
    if lost := await tx.value(QUERIES["lost"]):
        raise Damage(f"entry {lost}", "it was recorded, but neither has a number nor waits for one")
    if emptied := await tx.value(QUERIES["emptied"]):
        raise Damage(f"entry {emptied}", "it waits for a number, but its text is gone")
    return totals.queued
