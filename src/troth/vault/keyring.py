"""The keys that lie outside the database: a folder, one file per epoch.

`kek/` wraps the data keys, `index/` keys the look-up tags of subjects, `stock/` those of devices in stock,
`farewell/` holds the one-off keys of farewell plans; the ledger keeps its signing key beside them. Keys are
read when they are needed and not kept, so that a destroyed one is gone for every process at once. A KMS would
stand behind this same surface.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from troth.vault import cipher
from troth.vault.errors import KeyDestroyed, KeyringUnfit

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


class EpochKind(StrEnum):
    """Which series of epochs. `STOCK` tags what is not yet anyone's: nothing turns it."""

    KEK = "kek"
    INDEX = "index"
    STOCK = "stock"


TURNED = (EpochKind.KEK, EpochKind.INDEX)
"""The series that a rotation ends, since everything under them can be moved to the next epoch."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's key."""

    number: int
    key: bytes = field(repr=False)


class Keyring:
    """A keyring folder. `create` makes one; opening never does, since a new one would open nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        for folder in (path, *(path / kind.value for kind in EpochKind), path / "farewell"):
            _demand_private(folder)
        for kind in EpochKind:
            self.current(kind)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Open the keyring at ``path``, making it with first epochs when there is none at all."""
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        with _alone(path):
            if not any((path / kind.value).exists() for kind in EpochKind):
                (path / "farewell").mkdir(mode=_FOLDER_MODE, exist_ok=True)
                for kind in EpochKind:
                    (path / kind.value).mkdir(mode=_FOLDER_MODE)
                    _write(path / kind.value / "1.key", cipher.new_key())
                _sync_folder(path)
            return cls(path)

    def epochs(self, kind: EpochKind) -> tuple[int, ...]:
        """Return the numbers of the epochs that still have a key, oldest first."""
        return tuple(sorted(int(f.stem) for f in (self._path / kind.value).glob("*.key") if f.stem.isdigit()))

    def current(self, kind: EpochKind) -> Epoch:
        """Return the newest epoch."""
        epochs = self.epochs(kind)
        if not epochs:
            raise KeyringUnfit(
                f"{self._path / kind.value}: no key there; restore the keyring from its own backup"
            )
        return Epoch(epochs[-1], self.key(kind, epochs[-1]))

    def key(self, kind: EpochKind, epoch: int) -> bytes:
        """Return the key of ``epoch``; raise `KeyDestroyed` when it is gone."""
        try:
            key = (self._path / kind.value / f"{epoch}.key").read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed from None
        if len(key) != cipher.KEY_BYTES:
            raise KeyringUnfit(
                f"{kind.value}/{epoch}.key is cut short; restore the keyring from its own backup"
            )
        return key

    def rotate(self, kind: EpochKind) -> int:
        """Add the next epoch and return its number. The caller keeps writers out meanwhile (`rotation`)."""
        number = self.epochs(kind)[-1] + 1
        _write(self._path / kind.value / f"{number}.key", cipher.new_key())
        return number

    def destroy(self, kind: EpochKind, epoch: int) -> None:
        """Destroy the key of a past epoch. Destroying it twice is no error; the newest is refused."""
        if epoch >= self.epochs(kind)[-1]:
            raise KeyringUnfit(f"{kind.value} epoch {epoch} is in use; rotate first")
        _destroy(self._path / kind.value / f"{epoch}.key")

    def add_farewell(self, erasure: UUID) -> bytes:
        """Return the one-off key of an erasure's farewell plan, made when it does not exist."""
        path = self._farewell(erasure)
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                _write(path, cipher.new_key())
        return path.read_bytes()

    def farewell(self, erasure: UUID) -> bytes:
        """Return that key; raise `KeyDestroyed` when it is gone."""
        try:
            return self._farewell(erasure).read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed from None

    def destroy_farewell(self, erasure: UUID) -> None:
        """Destroy that key. Destroying it twice is no error."""
        _destroy(self._farewell(erasure))

    def farewells(self) -> Iterator[UUID]:
        """Yield the erasures whose farewell key exists."""
        for file in (self._path / "farewell").glob("*.key"):
            yield UUID(file.stem)

    def _farewell(self, erasure: UUID) -> Path:
        return self._path / "farewell" / f"{erasure}.key"


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Keep other processes out meanwhile, so that all who start at once get one keyring."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _demand_private(folder: Path) -> None:
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except FileNotFoundError:
        raise KeyringUnfit(f"{folder} is missing; restore the keyring from its own backup") from None
    if mode & 0o077:
        raise KeyringUnfit(
            f"others may enter {folder}; run chmod 700 on it, then rotate: its keys may be known"
        )


def _write(path: Path, key: bytes) -> None:
    """Put ``key`` at ``path`` in full or not at all; raise `FileExistsError` rather than replace a key."""
    draft = path.with_name(f".{uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _destroy(path: Path) -> None:
    """Overwrite (best effort: the disk may keep a copy), unlink, and make the loss durable."""
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(cipher.KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
