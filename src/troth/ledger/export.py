"""Taking the ledger home: written as lines, and verified there without a database and without the maker.

An export holds every entry's text, every head and the keys; no openings and no acts, so nothing in it leads
to a person. What it proves, it proves of the log alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass

from troth.db import Tx
from troth.ledger.batches import Batch, Heading, batch, heading
from troth.ledger.keys import Keys
from troth.ledger.log import read_texts
from troth.ledger.proofs import read_reigns
from troth.ledger.replay import Damage, Replay, given_head
from troth.ledger.signing import NotGenuine, PublicKey
from troth.ledger.sql import QUERIES
from troth.ledger.verify import Progress, Verdict, Verified, unseen
from troth.terms import EntryId, TrothError

_BATCH = 1024


class CannotExport(TrothError):
    """the ledger is damaged and cannot be exported whole: run `troth ledger verify`"""


@dataclass(frozen=True, slots=True)
class _Head:
    size: int
    signed: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    leaf: int
    entry: EntryId


async def export(tx: Tx) -> AsyncGenerator[str]:
    """Return the ledger as of one moment, line by line. ``tx`` must be fresh. Raises `CannotExport`."""
    await tx.run(QUERIES["one_view"])
    size: int = await tx.value(QUERIES["size"])
    yield Heading(await read_reigns(tx), size).line()
    at = 0
    while at < size:
        heads = await tx.rows(_Head, QUERIES["signed"], {"first": at + 1, "most": _BATCH})
        if not heads:
            raise CannotExport
        for head in heads:
            yield Batch(at, await _bodies(tx, at, head.size), head.signed).line()
            at = head.size


async def _bodies(tx: Tx, first: int, end: int) -> tuple[bytes, ...]:
    leaves = await tx.rows(_Leaf, QUERIES["leaf_entries"], {"first": first, "end": end})
    texts = await read_texts(tx, [row.entry for row in leaves])
    if len(leaves) != end - first or any(row.entry not in texts for row in leaves):
        raise CannotExport
    return tuple(bytes(texts[row.entry].body) for row in leaves)


def verify_export(
    lines: Iterable[str], key: PublicKey, against: str | None = None, *, progress: Progress = unseen
) -> Verdict:
    """Check an export with nothing but ``key``, any of the ledger's, and perhaps a head that someone kept."""
    try:
        replay = _replay(iter(lines), key, against, progress)
    except Damage as found:
        return found.broken
    return Verified(replay.size, replay.root(), replay.heads, 0)


def _replay(lines: Iterator[str], key: PublicKey, against: str | None, progress: Progress) -> Replay:
    head, keys = _heading(lines, key)
    replay, seen = Replay(keys, given_head(against, keys)), set[str]()
    for number, line in enumerate(lines, 2):
        one = batch(line)
        if one is None or one.first != replay.size:
            raise Damage(f"line {number}", "it is not what follows: something was cut out or damaged")
        for body in one.bodies:
            where = f"leaf {replay.size}"
            said, _ = replay.entry(where, body)
            if said.entry in seen:
                raise Damage(where, "an entry that stands there twice")
            seen.add(said.entry)
        replay.head(one.head)
        progress(replay.size, head.size)
    replay.end()
    if replay.size != head.size:
        raise Damage("the end", f"{head.size} entries were exported, {replay.size} are here: it was cut")
    return replay


def _heading(lines: Iterator[str], key: PublicKey) -> tuple[Heading, Keys]:
    where = "line 1"
    try:
        head, where = heading(next(lines, "")), "the keys"
        return head, head.keys(key)
    except NotGenuine as exc:
        raise Damage(where, str(exc)) from exc
