"""Numbering committed entries and signing a head over them.

An entry exists when its transaction has committed, and only then can it have a number; so one holder of a
lock takes what is visible from the queue, and numbers, tree and head are one transaction of its own. A crash
at any moment leaves either all of it or nothing: neither gap nor fork.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from troth.db import Database, Tx
from troth.ledger import checkpoint, tree
from troth.ledger.checkpoint import Head
from troth.ledger.log import read_texts
from troth.ledger.proofs import latest_head, stored
from troth.ledger.signing import NotGenuine, Signer
from troth.ledger.sql import QUERIES
from troth.terms import Clock, EntryId, TrothError


class TreeDamaged(TrothError):
    """the stored tree is not the one last signed: nothing more is signed; run `troth ledger verify`"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    place: int
    entry: EntryId


@dataclass(frozen=True, slots=True)
class _Numbered:
    entry: EntryId


class Sequencer:
    """Numbers entries of one ledger. Any number may run; one works at a time."""

    def __init__(self, db: Database, signer: Signer, clock: Clock, *, most: int = 4096) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock
        self._most = most
        self._seen: Head | None = None  # the last head known to be committed: nothing may go back behind it

    async def run_once(self) -> int:
        """Give numbers to what has been committed, at most one batch; return how many entries got a number.

        Returns 0 when nothing waits or another sequencer is at work. Raises `TreeDamaged`.
        """
        async with self._db.transaction() as tx:
            if not await tx.value(QUERIES["lead"]):
                return 0
            before = await self._last_head(tx)
            taken = await self._take(tx)
            if not taken:
                return 0
            head = await self._extend(tx, before, taken)
        self._seen = head
        return len(taken)

    async def _take(self, tx: Tx) -> Mapping[EntryId, bytes]:
        """Take a batch out of the queue: each entry once, in order, with its text.

        An entry whose text is gone stays in the queue, for `verify` to find.
        """
        after = 0
        while True:
            params = {"after": after, "most": self._most}
            waiting = await tx.rows(_Waiting, QUERIES["waiting"], params)
            if not waiting:
                return {}
            texts = await read_texts(tx, [row.entry for row in waiting])
            present = [row for row in waiting if row.entry in texts]
            if present:
                break
            after = waiting[-1].place
        entries = [row.entry for row in present]
        await tx.run(QUERIES["dequeue"], {"places": [row.place for row in present]})
        numbered = {row.entry for row in await tx.rows(_Numbered, QUERIES["numbered"], {"entries": entries})}
        return {entry: texts[entry].body for entry in dict.fromkeys(entries) if entry not in numbered}

    async def _last_head(self, tx: Tx) -> Head | None:
        signed = await latest_head(tx)
        try:
            head = checkpoint.read(signed, self._signer.public) if signed else None
        except NotGenuine as exc:
            raise TreeDamaged(f"the newest head: {exc}; {TreeDamaged.__doc__}") from exc
        if (head.size if head else 0) != await tx.value(QUERIES["size"]):
            raise TreeDamaged
        seen = self._seen
        if seen and (
            head is None or head.size < seen.size or (head.size == seen.size and head.root != seen.root)
        ):
            raise TreeDamaged(
                f"the log went back behind the head over {seen.size} entries; {TreeDamaged.__doc__}"
            )
        return head

    async def _extend(self, tx: Tx, before: Head | None, taken: Mapping[EntryId, bytes]) -> Head:
        size = before.size if before else 0
        edge = tree.cover(0, size)
        hashes = await stored(tx, edge)
        if len(hashes) != len(edge) or (before and tree.root(size, hashes) != before.root):
            raise TreeDamaged
        frontier = tree.Frontier(size, [hashes[node] for node in edge])
        made = [frontier.add(tree.leaf_hash(body)) for body in taken.values()]
        leaves = [nodes[0] for nodes in made]
        inner = [node for nodes in made for node in nodes[1:]]
        now = self._clock.now()
        head = Head(
            self._signer.public.name, frontier.size, frontier.root(), max(now, before.at) if before else now
        )
        await tx.run(
            QUERIES["add_leaves"],
            {
                "leaves": [node.number for node, _ in leaves],
                "entries": list(taken),
                "hashes": [found for _, found in leaves],
            },
        )
        await tx.run(
            QUERIES["add_nodes"],
            {
                "levels": [node.level for node, _ in inner],
                "numbers": [node.number for node, _ in inner],
                "hashes": [found for _, found in inner],
            },
        )
        signed = checkpoint.sign(head, self._signer)
        row = {"size": head.size, "root": head.root, "signed": signed, "at": head.at}
        await tx.run(QUERIES["add_head"], row)
        return head
