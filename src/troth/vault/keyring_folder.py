"""A keyring in a folder, one file per key; sealed under a root from the environment where there is one.

An environment cannot forget, and an epoch must be forgotten: so the environment holds one root key, and the
epochs lie in files that only it opens. A copy of the folder, without the root, opens nothing. The ledger
keeps its signing key beside them, the broker its seeds; those are not sealed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from troth.durable import settle
from troth.vault import cipher
from troth.vault.errors import KeyDestroyed, KeyringUnfit, Unsealable
from troth.vault.keyring import Epoch, EpochKind

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_FAREWELL = "farewell"


class FolderKeyring:
    """A keyring folder. `create` makes one; opening never does, since a new one would open nothing."""

    def __init__(self, path: Path, root: bytes | None = None) -> None:
        self._path = path
        self._root = root
        for folder in (path, *(path / kind.value for kind in EpochKind), path / _FAREWELL):
            _demand_private(folder)
        for kind in EpochKind:
            self.current(kind)

    @classmethod
    def create(cls, path: Path, root: bytes | None = None) -> Self:
        """Open the keyring at ``path``, making it with first epochs when there is none at all.

        Every key of one keyring lies under the same ``root``, or none does. Raises `KeyringUnfit`.
        """
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        with _alone(path):
            if not any((path / kind.value).exists() for kind in EpochKind):
                (path / _FAREWELL).mkdir(mode=_FOLDER_MODE, exist_ok=True)
                for kind in EpochKind:
                    (path / kind.value).mkdir(mode=_FOLDER_MODE)
                    _write(path / kind.value / "1.key", _sealed(root, f"{kind.value}/1", cipher.new_key()))
                settle(path)
            return cls(path, root)

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
        return self._read(f"{kind.value}/{epoch}")

    def rotate(self, kind: EpochKind) -> int:
        """Add the next epoch and return its number. The caller keeps writers out meanwhile (`rotation`)."""
        number = self.epochs(kind)[-1] + 1
        self._add(f"{kind.value}/{number}")
        return number

    def destroy(self, kind: EpochKind, epoch: int) -> None:
        """Destroy the key of a past epoch. Destroying it twice is no error; the newest is refused."""
        if epoch >= self.epochs(kind)[-1]:
            raise KeyringUnfit(f"{kind.value} epoch {epoch} is in use; rotate first")
        _destroy(self._file(f"{kind.value}/{epoch}"))

    def add_farewell(self, erasure: UUID) -> bytes:
        """Return the one-off key of an erasure's farewell plan, made when it does not exist."""
        name = f"{_FAREWELL}/{erasure}"
        if not self._file(name).exists():
            with contextlib.suppress(FileExistsError):
                self._add(name)
        return self._read(name)

    def farewell(self, erasure: UUID) -> bytes:
        """Return that key; raise `KeyDestroyed` when it is gone."""
        return self._read(f"{_FAREWELL}/{erasure}")

    def destroy_farewell(self, erasure: UUID) -> None:
        """Destroy that key. Destroying it twice is no error."""
        _destroy(self._file(f"{_FAREWELL}/{erasure}"))

    def farewells(self) -> Iterator[UUID]:
        """Yield the erasures whose farewell key exists."""
        for file in (self._path / _FAREWELL).glob("*.key"):
            yield UUID(file.stem)

    def _file(self, name: str) -> Path:
        return self._path / f"{name}.key"

    def _add(self, name: str) -> None:
        _write(self._file(name), _sealed(self._root, name, cipher.new_key()))

    def _read(self, name: str) -> bytes:
        try:
            content = self._file(name).read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed from None
        return _opened(self._root, name, content)


def _sealed(root: bytes | None, name: str, key: bytes) -> bytes:
    """Return what stands in the file of ``key``, which no other file's place can open."""
    return key if root is None else cipher.wrap(root, _place(name), key)


def _opened(root: bytes | None, name: str, content: bytes) -> bytes:
    """Return the key that a file holds. Raises `KeyringUnfit` where it is not as ``root`` says."""
    match len(content), root:
        case cipher.KEY_BYTES, None:
            return content
        case cipher.KEY_BYTES, _:
            raise KeyringUnfit(
                f"{name}.key is not sealed, but TROTH_KEYRING_ROOT is set: unset it, or begin a new keyring"
            )
        case cipher.WRAPPED_BYTES, None:
            raise KeyringUnfit(f"{name}.key is sealed: set TROTH_KEYRING_ROOT to the root of this keyring")
        case cipher.WRAPPED_BYTES, bytes():
            try:
                return cipher.unwrap(root, _place(name), content)
            except Unsealable:
                raise KeyringUnfit(
                    f"{name}.key does not open: TROTH_KEYRING_ROOT is another keyring's, or it is not whole"
                ) from None
        case _:
            raise KeyringUnfit(f"{name}.key is cut short; restore the keyring from its own backup")


def _place(name: str) -> bytes:
    return f"troth keyring 1|{name}".encode()


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
    settle(path.parent)


def _destroy(path: Path) -> None:
    """Overwrite (best effort: the disk may keep a copy), unlink, and make the loss durable."""
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    settle(path.parent)
