"""Numbering committed entries and signing a head over them.

An entry exists when its transaction has committed, and only then can it have a number; so one holder of a
lock takes what is visible from the queue, and numbers, tree and head are one transaction of its own. A crash
at any moment leaves either all of it or nothing: neither gap nor fork. With a tail, what was signed is on
disk outside the database first, and is finished as it was signed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from troth.db import Database, Tx
from troth.ledger import checkpoint, tree
from troth.ledger.batches import Batch
from troth.ledger.checkpoint import Head
from troth.ledger.entries import EntryKind, NewEntry
from troth.ledger.keys import Keys, hand_over
from troth.ledger.log import read_texts
from troth.ledger.proofs import latest_head, read_reigns, stored
from troth.ledger.signing import NotGenuine, Signer
from troth.ledger.sql import QUERIES
from troth.ledger.tail import Tail
from troth.terms import Clock, EntryId, TrothError

_ALL = 1 << 31


class TreeDamaged(TrothError):
    """the stored tree is not the one last signed: nothing more is signed; run `troth ledger verify`"""


class WentBack(TreeDamaged):
    """the database is older than what was signed: restore a newer one, or what it lost from the tail"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    place: int
    entry: EntryId


@dataclass(frozen=True, slots=True)
class _Numbered:
    entry: EntryId


@dataclass(frozen=True, slots=True)
class _State:
    """What the log is when a sequencer leads."""

    keys: Keys
    head: Head | None

    @property
    def size(self) -> int:
        return self.head.size if self.head else 0


class Sequencer:
    """Numbers entries of one ledger. Any number may run; one works at a time."""

    def __init__(
        self, db: Database, signer: Signer, clock: Clock, *, tail: Tail | None = None, most: int = 4096
    ) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock
        self._tail = tail
        self._most = most
        self._seen: Head | None = None  # the last head known to be committed: nothing may go back behind it

    async def run_once(self) -> int:
        """Give numbers to what has been committed, at most one batch; return how many entries got a number.

        Returns 0 when nothing waits or another sequencer is at work. Raises `TreeDamaged`.
        """
        async with self._db.transaction() as tx:
            if not await tx.value(QUERIES["lead"]):
                return 0
            state = await self._state(tx)
            begun = await self._begun(tx, state)
            taken = await self._begun_texts(tx, begun) if begun else await self._take(tx, self._most)
            if not taken:
                return 0
            head = await self._extend(tx, state, taken, begun)
        self._seen = head
        return len(taken)

    def announced(self, after: Signer) -> NewEntry:
        """Return the entry by which the log names the key that comes next."""
        details = {"key": after.public.raw.hex(), "before": self._signer.public.raw.hex()}
        return NewEntry(kind=EntryKind.KEY_ROTATED, at=self._clock.now(), details=details)

    async def rotate(self, after: Signer, entry: EntryId) -> int:
        """Let ``after`` sign from now on; return the size of the log at the handover.

        ``entry`` is what was `announced`, committed; it gets a head of the key before. Raises `TreeDamaged`.
        The caller then lets the signer `settle`.
        """
        async with self._db.transaction() as tx:
            await tx.run(QUERIES["lead_waiting"])
            state = await self._state(tx)
            if await self._begun(tx, state):
                raise TreeDamaged(
                    "a batch was signed and not committed: let the worker finish, then try again"
                )
            taken = await self._take(tx, _ALL)
            head = await self._extend(tx, state, taken, None) if taken else state.head
            if head is None or await tx.value(QUERIES["leaf"], {"entry": entry}) is None:
                raise TreeDamaged("the log does not name the next key: append what was announced first")
            text = hand_over(self._signer, after, head.size)
            row = {"number": len(state.keys.reigns) + 1, "key": str(after.public), "since": head.size}
            await tx.run(QUERIES["add_key"], row | {"handover": text})
        self._seen = head
        return head.size

    async def put_back(self, tx: Tx) -> int:
        """Queue what the tail has and the database lost, to be numbered as it was; return how many entries.

        For a restore: openings and acts do not come back with it. ``tx`` is one that may append.
        """
        lost = 0
        size: int = await tx.value(QUERIES["size"])
        for one in self._tail.after(size) if self._tail else ():
            ids = _ids(one)
            there = await read_texts(tx, list(ids))
            for entry, body in ids.items():
                if entry not in there:
                    said = json.loads(body)
                    row = {"entry": entry, "at": said["at"], "kind": said["kind"], "body": body}
                    lost += bool(await tx.run(QUERIES["append"], row))
        return lost

    async def _state(self, tx: Tx) -> _State:
        reigns = await read_reigns(tx)
        if not reigns:
            row = {"number": 1, "key": str(self._signer.public), "since": 0, "handover": ""}
            await tx.run(QUERIES["add_key"], row)
        elif not self._signer.settle(reigns[-1].key):
            raise TreeDamaged("the log's key is another one than this keyring's: restore the keyring")
        signed = await latest_head(tx)
        try:
            keys = Keys.chain(self._signer.public, reigns)
            head = keys.head(signed) if signed else None
        except NotGenuine as exc:
            raise TreeDamaged(f"the newest head: {exc}; {TreeDamaged.__doc__}") from exc
        if (head.size if head else 0) != await tx.value(QUERIES["size"]):
            raise TreeDamaged
        seen = self._seen
        if seen and (
            head is None or head.size < seen.size or (head.size == seen.size and head.root != seen.root)
        ):
            raise WentBack(f"the log went back behind the head over {seen.size} entries; {WentBack.__doc__}")
        return _State(keys, head)

    async def _begun(self, tx: Tx, state: _State) -> Batch | None:
        """Compare with the tail; return the batch that was signed and not committed, if there is one."""
        last = await asyncio.to_thread(self._tail.last) if self._tail else None
        if self._tail is None or last is None:
            return None
        try:
            known = state.keys.head(last.head)
        except NotGenuine as exc:
            raise TreeDamaged(f"the ledger's tail: {exc}; {TreeDamaged.__doc__}") from exc
        if known.size <= state.size:
            edge = tree.cover(0, known.size)
            hashes = await stored(tx, edge)
            if len(hashes) != len(edge) or tree.root(known.size, hashes) != known.root:
                raise TreeDamaged(f"the log is not the one that was signed over {known.size} entries")
            return None
        ahead = await asyncio.to_thread(self._tail.after, state.size)
        if not ahead or ahead[-1].size != known.size:
            raise WentBack(f"{state.size} entries are here, {known.size} were signed; {WentBack.__doc__}")
        return ahead[0]

    async def _begun_texts(self, tx: Tx, begun: Batch) -> Mapping[EntryId, bytes]:
        """Take the entries of a batch that was signed before; raise `WentBack` when they are not all here."""
        wanted = _ids(begun)
        texts = await read_texts(tx, list(wanted))
        if any(entry not in texts or bytes(texts[entry].body) != body for entry, body in wanted.items()):
            raise WentBack(f"{begun.first} entries are here, more were signed; {WentBack.__doc__}")
        await tx.run(QUERIES["dequeue_entries"], {"entries": list(wanted)})
        return wanted

    async def _take(self, tx: Tx, most: int) -> Mapping[EntryId, bytes]:
        """Take a batch out of the queue: each entry once, in order, with its text.

        An entry whose text is gone stays in the queue, for `verify` to find.
        """
        after = 0
        while True:
            waiting = await tx.rows(_Waiting, QUERIES["waiting"], {"after": after, "most": most})
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
        return {entry: bytes(texts[entry].body) for entry in dict.fromkeys(entries) if entry not in numbered}

    async def _extend(
        self, tx: Tx, state: _State, taken: Mapping[EntryId, bytes], begun: Batch | None
    ) -> Head:
        before, size = state.head, state.size
        edge = tree.cover(0, size)
        hashes = await stored(tx, edge)
        if len(hashes) != len(edge) or (before and tree.root(size, hashes) != before.root):
            raise TreeDamaged
        frontier = tree.Frontier(size, [hashes[node] for node in edge])
        made = [frontier.add(tree.leaf_hash(body)) for body in taken.values()]
        if begun:
            head, signed = state.keys.head(begun.head), begun.head
            if (head.size, head.root) != (frontier.size, frontier.root()):
                raise TreeDamaged("the ledger's tail: a head that is not over its entries")
        else:
            now = max(self._clock.now(), before.at) if before else self._clock.now()
            name = self._signer.public.name
            head = Head(name, frontier.size, frontier.root(), now.replace(microsecond=0))
            signed = checkpoint.sign(head, self._signer)
        await self._store(tx, made, list(taken))
        row = {"size": head.size, "root": head.root, "signed": signed, "at": head.at}
        await tx.run(QUERIES["add_head"], row)
        if self._tail and not begun:
            new = Batch(size, tuple(taken.values()), signed)
            await asyncio.to_thread(self._tail.add, new)  # the last before the commit
        return head

    @staticmethod
    async def _store(tx: Tx, made: list[list[tuple[tree.Node, bytes]]], entries: list[EntryId]) -> None:
        leaves = [nodes[0] for nodes in made]
        inner = [node for nodes in made for node in nodes[1:]]
        await tx.run(
            QUERIES["add_leaves"],
            {
                "leaves": [node.number for node, _ in leaves],
                "entries": entries,
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


def _ids(one: Batch) -> dict[EntryId, bytes]:
    """Return the entries of a batch by their ids; raise `TreeDamaged` for a text that is none."""
    try:
        return {EntryId(UUID(str(json.loads(body)["entry"]))): body for body in one.bodies}
    except (ValueError, TypeError, KeyError) as exc:
        raise TreeDamaged("the ledger's tail holds a text that is no entry") from exc
