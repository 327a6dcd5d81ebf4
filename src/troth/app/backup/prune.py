"""Letting backups go at the horizon: what a policy says to be gone from backups by then is gone.

The keys go first: from then on the data opens for nobody, whoever else has a copy of it. The newest goes too
when its time has come, since a promise to a person weighs more than a backup; so take them more often.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from troth.app.backup.bundle import DRAFT, Bundle
from troth.app.backup.errors import BadBackup
from troth.app.backup.restore import backups
from troth.app.backup.take import KIND, apart, taken_at
from troth.app.settings import Settings
from troth.app.system import SIGNING, SPARES, TAIL
from troth.ledger.keys import Keys
from troth.ledger.signing import NotGenuine, Signer
from troth.ledger.tail import Tail
from troth.policy import keeping
from troth.policy.compiled import Compiled
from troth.terms import TrothError
from troth.vault.spares import Spares


class NoHorizon(TrothError):
    """no policy in force says how long deleted data may live on in backups: name a time with --within DAYS"""


class TooLong(TrothError):
    """a policy in force wants deleted data gone from backups earlier"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went: backups by name, from either folder."""

    names: tuple[str, ...]


def horizon(policies: Iterable[Compiled], now: datetime, within: timedelta | None) -> datetime:
    """Return before when a backup must have been taken to be let go: the strictest policy decides.

    Raises `NoHorizon`, and `TooLong` for a wish beyond what a policy says.
    """
    spans = [gone - now for each in policies if (gone := keeping.gone_from_backups(each, now)) is not None]
    strictest = min(spans, default=None)
    if within is None and strictest is None:
        raise NoHorizon
    if within is not None and strictest is not None and within > strictest:
        raise TooLong(f"{TooLong.__doc__}: write --within {strictest.days} or less")
    return now - (within if within is not None else strictest or timedelta())


def prune(settings: Settings, data: Path, keys: Path, before: datetime, now: datetime) -> Pruned:
    """Remove what was taken at ``before`` or earlier, and drafts of that age. Cut short, it goes on."""
    apart(data, keys, settings)
    gone: set[str] = set()
    spares = Spares(settings.data / SPARES)
    for folder, of_keys in ((keys, True), (data, False)):
        for one in sorted(folder.iterdir()) if folder.is_dir() else ():
            at = taken_at(one.name.removesuffix(DRAFT))
            if at is not None and at <= before and one.is_dir() and not one.is_symlink():
                if of_keys:
                    _overwrite(one)
                    spares.gone(one.name.removesuffix(DRAFT), now)  # erasures wait for it
                shutil.rmtree(one)
                gone.add(one.name)
    _forget(settings, data, {one.name for one in spares.left()})
    return Pruned(tuple(sorted(gone)))


def _forget(settings: Settings, data: Path, copies: AbstractSet[str]) -> None:
    """Shorten the ledger's tail to what the oldest backup left still needs.

    Leaves it as it is where a backup may be that this folder does not have, or that cannot be read.
    """
    left = backups(data)
    if not left or copies - {one.name for one in left}:
        return
    signer = Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    try:
        heads = [Bundle.read(one, signer.public, KIND).said["head"] for one in left]
        sizes = [Keys.only(signer.public).head(head).size if head else 0 for head in heads]
    except (BadBackup, NotGenuine):
        return
    Tail(settings.data / TAIL).forget(min(sizes))


def _overwrite(folder: Path) -> None:
    """Best effort: the disk may keep a copy, so keep keys on storage of their own."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            with file.open("r+b") as open_file:
                open_file.write(os.urandom(file.stat().st_size))
                open_file.flush()
                os.fsync(open_file.fileno())
