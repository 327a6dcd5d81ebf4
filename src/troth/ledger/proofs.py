"""Reading heads and proofs out of the stored tree: a few rows each, however long the log.

Proves nothing by itself: whoever is handed a proof checks it with `tree` and the ledger's public key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from troth.db import Tx
from troth.ledger import checkpoint, tree
from troth.ledger.signing import PublicKey
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


async def latest_head(tx: Tx) -> str | None:
    """Return the newest signed head, or None while no entry has a number."""
    return await tx.value(QUERIES["latest_head"])


async def inclusion(tx: Tx, entry: EntryId, key: PublicKey) -> Inclusion | None:
    """Return the proof of ``entry`` under the newest head, or None while it waits for its number."""
    leaf: int | None = await tx.value(QUERIES["leaf"], {"entry": entry})
    signed = await latest_head(tx)
    if leaf is None or signed is None:
        return None
    plan = tree.inclusion_plan(leaf, checkpoint.read(signed, key).size)
    return Inclusion(leaf, tree.proof(plan, await stored(tx, tree.nodes(plan))), signed)


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
