"""Reading heads and proofs out of the stored tree: a few rows each, however long the log.

Proves nothing by itself: whoever is handed a proof checks it with `tree` and the ledger's public key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from troth.db import Tx
from troth.ledger import tree
from troth.ledger.keys import Reign
from troth.ledger.signing import NotGenuine, PublicKey
from troth.ledger.sql import QUERIES
from troth.terms import EntryId


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is leaf number ``leaf`` under the root of the head ``signed``."""

    leaf: int
    path: tuple[bytes, ...]
    signed: str


@dataclass(frozen=True, slots=True)
class _NodeRow:
    level: int
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    leaf: int
    size: int
    signed: str


@dataclass(frozen=True, slots=True)
class _KeyRow:
    number: int
    key: str
    since: int
    handover: str


async def latest_head(tx: Tx) -> str | None:
    """Return the newest signed head, or None while no entry has a number."""
    return await tx.value(QUERIES["latest_head"])


async def read_reigns(tx: Tx) -> tuple[Reign, ...]:
    """Return the keys of this ledger as its table has them, in order; raise `NotGenuine` for what is none."""
    rows = await tx.rows(_KeyRow, QUERIES["reigns"])
    if [row.number for row in rows] != list(range(1, len(rows) + 1)):
        raise NotGenuine("the ledger's keys are not numbered one after the other: one was taken out")
    return tuple(Reign(PublicKey.parse(row.key), row.since, row.handover) for row in rows)


async def inclusion(tx: Tx, entry: EntryId) -> Inclusion | None:
    """Return the proof of ``entry`` under the newest head, or None while it waits for its number."""
    found = await tx.row(_Place, QUERIES["place"], {"entry": entry})
    if found is None:
        return None
    plan = tree.inclusion_plan(found.leaf, found.size)
    return Inclusion(found.leaf, tree.proof(plan, await stored(tx, tree.nodes(plan))), found.signed)


async def consistency(tx: Tx, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the log of ``new`` entries begins with the log of ``old``."""
    plan = tree.consistency_plan(old, new)
    return tree.proof(plan, await stored(tx, tree.nodes(plan)))


async def stored(tx: Tx, wanted: Iterable[tree.Node]) -> Mapping[tree.Node, bytes]:
    """Return the stored hashes at the ``wanted`` addresses; what is not stored is left out."""
    addresses = list(wanted)
    rows = await tx.rows(
        _NodeRow,
        QUERIES["nodes"],
        {"levels": [node.level for node in addresses], "numbers": [node.number for node in addresses]},
    )
    return {tree.Node(row.level, row.number): bytes(row.hash) for row in rows}
