"""What lies outside the database and is newer than a backup: rolls of erasures and of spare keys, the tail.

Gathered from wherever it is still found: the old data folder, and the copies that later backups hold. The
more, the better: a roll only grows, and a tail that goes further says all that a shorter one says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from troth.app.backup.errors import BadBackup
from troth.app.system import ERASURES, SPARES, TAIL
from troth.ledger.batches import Batch
from troth.ledger.checkpoint import Head
from troth.ledger.keys import Keys
from troth.ledger.replay import Damage, Replay
from troth.ledger.tail import Tail
from troth.vault.roll import Erasure, Roll
from troth.vault.spares import Spare, Spares, together


@dataclass(frozen=True, slots=True)
class Outside:
    """Who was erased, what was signed after the backup, in order, and which copies of keys are left."""

    erased: tuple[Erasure, ...]
    batches: tuple[Batch, ...]
    spares: tuple[Spare, ...]


def gather(folders: Iterable[Path], head: Head | None, peaks: Sequence[bytes], keys: Keys) -> Outside:
    """Read what the folders know, and hold it to the backup's ``head``, whose tree ends in ``peaks``.

    Raises `BadBackup` for a tail that does not lead on from it.
    """
    where = tuple(folders)
    size = head.size if head else 0
    erased = {line.erasure: line for folder in where for line in Roll(folder / ERASURES).read()}
    found = [tail for folder in where if (tail := _Found.at(folder, size)) is not None]
    furthest = max((one.size for one in found), default=0)
    best = max(found, key=lambda one: (one.batches[-1].size if one.batches else 0, one.size), default=None)
    batches = best.batches if best else ()
    if furthest > size and (not batches or batches[-1].size < furthest):
        raise BadBackup(
            f"{furthest} entries were signed, and no tail that is here leads there from this backup's "
            f"{size}: take a newer backup, or add the folder with the older tail"
        )
    _demand_genuine(batches, head, peaks, keys)
    return Outside(tuple(erased.values()), batches, together(Spares(folder / SPARES) for folder in where))


@dataclass(frozen=True, slots=True)
class _Found:
    size: int
    batches: tuple[Batch, ...]

    @classmethod
    def at(cls, folder: Path, size: int) -> _Found | None:
        tail = Tail(folder / TAIL)
        last = tail.last()
        return None if last is None else cls(last.size, tail.after(size))


def put(found: Outside, data: Path) -> None:
    """Write it where a system keeps it. Done again, it is the same."""
    roll = Roll(data / ERASURES)
    known = {line.erasure for line in roll.read()}
    for line in found.erased:
        if line.erasure not in known:
            roll.add(line)
    Spares(data / SPARES).take_over(found.spares)  # erasures wait for those copies here too
    scratch = data / f"{TAIL}.restored"
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        for one in found.batches:
            file.write(one.line())
        file.flush()
        os.fsync(handle)
    scratch.replace(data / TAIL)


def _demand_genuine(batches: Sequence[Batch], head: Head | None, peaks: Sequence[bytes], keys: Keys) -> None:
    replay = Replay(keys, start=head, peaks=peaks)
    try:
        for one in batches:
            for n, body in enumerate(one.bodies):
                replay.entry(f"leaf {one.first + n}", body)
            replay.head(one.head)
    except Damage as damage:
        raise BadBackup(
            f"the ledger's tail is damaged at {damage.broken.where} ({damage.broken.why}): use another copy"
        ) from damage
