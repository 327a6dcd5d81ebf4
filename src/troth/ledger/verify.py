"""Whether the ledger is still what was signed, found out by reading all of it again.

The attacker is whoever administers the database, and against a head that someone else kept, the maker too.
Trusts the public key and that head; recomputes everything else. Repairs nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from troth.db import Tx
from troth.ledger import checkpoint, tree
from troth.ledger.checkpoint import Head
from troth.ledger.entries import stamp
from troth.ledger.evidence import Broken, Damage, check_standings
from troth.ledger.log import Text, read_texts
from troth.ledger.proofs import stored
from troth.ledger.signing import NotGenuine, PublicKey
from troth.ledger.sql import QUERIES
from troth.terms import EntryId

LAG = timedelta(minutes=15)
"""Between what an entry says of its time and its number lie a transaction and clocks that differ; no more."""
_BATCH = 4096
GIVEN = "the head given"


@dataclass(frozen=True, slots=True)
class Verified:
    """Nothing was bent. ``pending`` entries wait for their number and are not yet under any head."""

    size: int
    root: bytes
    heads: int
    pending: int


Verdict = Verified | Broken


async def verify(tx: Tx, signer_public: PublicKey, against: str | None = None) -> Verdict:
    """Re-read the whole ledger as of one moment, and compare it with ``against``, a signed head from outside.

    ``tx`` must be fresh: nothing may have been read in it yet.
    """
    await tx.run(QUERIES["one_view"])
    try:
        given = _given(against, signer_public)
        size, root, heads = await _Reading(tx, signer_public, given).run()
        queued = await _check_totals(tx, size, heads)
        await check_standings(tx)
    except Damage as found:
        return found.broken
    return Verified(size, root, heads, queued)


def _given(against: str | None, key: PublicKey) -> Head | None:
    if against is None:
        return None
    try:
        return checkpoint.read(against, key)
    except NotGenuine as exc:
        raise Damage(GIVEN, str(exc)) from exc


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


@dataclass(frozen=True, slots=True)
class _Totals:
    leaves: int
    nodes: int
    heads: int
    queued: int


class _Reading:
    """One pass over all leaves, nodes and heads, in order, in memory for one batch."""

    def __init__(self, tx: Tx, key: PublicKey, given: Head | None) -> None:
        self._tx = tx
        self._key = key
        self._given = given
        self._frontier = tree.Frontier(0, [])
        self._last: Head | None = None  # the newest head passed
        self._latest: tuple[datetime, int] | None = None  # the latest time since then, and its leaf
        self._heads = 0
        self._ahead: list[_HeadRow] = []  # heads read, not passed yet

    async def run(self) -> tuple[int, bytes, int]:
        """Return size, root and number of heads; raise `Damage`."""
        await self._read_heads(0)
        while True:
            params = {"first": self._frontier.size, "most": _BATCH}
            rows = await self._tx.rows(_LeafRow, QUERIES["leaves"], params)
            made: list[tuple[tree.Node, bytes]] = []
            texts = await read_texts(self._tx, [row.entry for row in rows])
            for row in rows:
                made += self._leaf(row, texts.get(row.entry))
                while self._ahead and self._ahead[0].size <= self._frontier.size:
                    self._head(self._ahead.pop(0))
                    if not self._ahead:
                        await self._read_heads(self._frontier.size + 1)
            await self._compare(made)
            if len(rows) < _BATCH:
                break
        size = self._frontier.size
        if self._ahead:
            signed = self._ahead[-1].size
            raise Damage(f"head {signed}", f"it was signed over {signed} entries, but the log has {size}")
        if size != (self._last.size if self._last else 0):
            raise Damage(f"leaf {size - 1}", "no signed head covers it")
        if self._given and self._given.size > size:
            signed = self._given.size
            raise Damage(GIVEN, f"it covers {signed} entries, but the log has {size}: the rest was dropped")
        return size, self._frontier.root(), self._heads

    async def _read_heads(self, first: int) -> None:
        params = {"first": first, "most": _BATCH}
        self._ahead = await self._tx.rows(_HeadRow, QUERIES["heads"], params)

    def _leaf(self, row: _LeafRow, text: Text | None) -> list[tuple[tree.Node, bytes]]:
        number = self._frontier.size
        if row.leaf != number:
            raise Damage(f"leaf {number}", "it is missing: an entry was dropped")
        where = f"leaf {number}, entry {row.entry}"
        if text is None:
            raise Damage(where, "its text is gone: the entry was dropped")
        body = bytes(text.body)
        if tree.leaf_hash(body) != bytes(row.hash):
            raise Damage(where, "its text is not the one that got this number: edited or swapped")
        said = _said(where, body)
        if (said.get("entry"), said.get("at"), said.get("kind")) != (
            str(row.entry),
            stamp(text.at),
            text.kind,
        ):
            raise Damage(where, "its row says another id, time or kind than its text")
        self._time(where, number, text.at)
        made = self._frontier.add(bytes(row.hash))
        if self._given and self._given.size == self._frontier.size:
            _same(GIVEN, self._given.root, self._frontier.root())
        return made

    def _time(self, where: str, number: int, at: datetime) -> None:
        """Check that the entry was not put in later than it says."""
        bounds = [self._last] if self._last else []
        if self._given and number >= self._given.size:
            bounds.append(self._given)
        for head in bounds:
            if at < head.at - LAG:
                raise Damage(
                    where,
                    f"back-dated: it says {stamp(at)}, but was not there when head {head.size} was signed",
                )
        if self._latest is None or at > self._latest[0]:
            self._latest = (at, number)

    def _head(self, row: _HeadRow) -> None:
        where = f"head {row.size}"
        try:
            head = checkpoint.read(row.signed, self._key)
        except NotGenuine as exc:
            raise Damage(where, str(exc)) from exc
        if head.size != row.size or head.root != bytes(row.root):
            raise Damage(where, "its row says another size or root than its signed text")
        if head.size != self._frontier.size:
            raise Damage(where, "a head over no entry")
        _same(where, head.root, self._frontier.root())
        if self._last and head.at < self._last.at:
            raise Damage(where, f"it was signed before head {self._last.size}, which is shorter")
        if self._latest and self._latest[0] > head.at + LAG:
            raise Damage(
                f"leaf {self._latest[1]}", f"dated {stamp(self._latest[0])}, after the head that covers it"
            )
        self._last, self._latest = head, None
        self._heads += 1

    async def _compare(self, made: list[tuple[tree.Node, bytes]]) -> None:
        inner = {node: found for node, found in made if node.level}
        kept = await stored(self._tx, inner)
        for node, found in inner.items():
            if kept.get(node) != found:
                raise Damage(f"node {node.level}/{node.number}", "the stored hash is not that of its leaves")


def _said(where: str, body: bytes) -> dict[str, Any]:
    try:
        said: object = json.loads(body)
    except ValueError as exc:
        raise Damage(where, "its text is not an entry") from exc
    if not isinstance(said, dict):
        raise Damage(where, "its text is not an entry")
    return cast("dict[str, Any]", said)


def _same(where: str, signed: bytes, computed: bytes) -> None:
    if signed != computed:
        raise Damage(where, "the entries below it are not those that were signed: the log was rewritten")


async def _check_totals(tx: Tx, size: int, heads: int) -> int:
    """Check that nothing stands beside the log; return how many entries wait for a number."""
    totals = await tx.row(_Totals, QUERIES["totals"])
    nodes = sum(size >> level for level in range(1, size.bit_length()))
    if totals is None or (totals.leaves, totals.nodes, totals.heads) != (size, nodes, heads):
        raise Damage("the tables", "there are leaves, nodes or heads that belong to no log")
    if lost := await tx.value(QUERIES["lost"]):
        raise Damage(f"entry {lost}", "it was recorded, but neither has a number nor waits for one")
    if emptied := await tx.value(QUERIES["emptied"]):
        raise Damage(f"entry {emptied}", "it waits for a number, but its text is gone")
    return totals.queued
