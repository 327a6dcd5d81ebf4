"""A folder whose every part is listed with its SHA-256, in a list that the ledger's key signed.

Written whole or not at all: under a name that nobody takes for a backup, until the end. Read with a key that
is trusted already: a flipped byte, a missing part or one too many is found before anything is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from troth.app.backup.errors import BadBackup
from troth.app.places import own_directory
from troth.durable import settle
from troth.ledger.keys import Keys
from troth.ledger.signing import NotGenuine, PublicKey, Signer

SIGNED = "manifest.jws"
LIST = "parts.json"
DRAFT = ".unfinished"
_CHUNK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")

Progress = Callable[[int, int], None]
"""Told how many bytes were read, and of how many."""


class Part(msgspec.Struct, frozen=True):
    """One file of a bundle."""

    name: str
    bytes: int
    sha256: str


class _Sink:
    """Takes the bytes of one part."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)


class Draft:
    """A bundle in the making, at ``root/name``."""

    def __init__(self, root: Path, name: str) -> None:
        self._final = own_directory(root) / name
        self.folder = root / f"{name}{DRAFT}"
        self.folder.mkdir(mode=0o700)
        self._parts: list[Part] = []

    @contextmanager
    def part(self, name: str) -> Generator[_Sink]:
        """Open a part for writing; it is on disk for good when this is left."""
        path = self.folder / _fit(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            sink = _Sink(file)
            yield sink
            file.flush()
            os.fsync(handle)
        self._parts.append(Part(name, sink.size, sink.digest.hexdigest()))

    def copy(self, name: str, source: Path) -> None:
        """Add a file as it is now."""
        with source.open("rb") as file, self.part(name) as sink:
            while chunk := file.read(_CHUNK):
                sink.write(chunk)

    def names(self) -> list[str]:
        """Return the names of what was added."""
        return [part.name for part in self._parts]

    def remove(self, name: str) -> None:
        """Take back a part that was added."""
        (self.folder / name).unlink()
        self._parts = [part for part in self._parts if part.name != name]

    def finish(self, signer: Signer, kind: str, said: Mapping[str, object]) -> Path:
        """List and sign what was added, give the folder its name, and return it."""
        with self.part(LIST) as sink:
            sink.write(msgspec.json.encode(self._parts))
        listed = self._parts[-1].sha256
        with self.part(SIGNED) as sink:
            sink.write(signer.token({**said, "parts": listed}, kind).encode())
        for folder, _, _ in os.walk(self.folder):
            settle(Path(folder))
        self.folder.rename(self._final)
        settle(self._final.parent)
        return self._final

    def drop(self) -> None:
        """Leave nothing of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder that the trusted key signed for. Its parts are believed once `check` has read them."""

    folder: Path
    said: Mapping[str, Any]
    parts: Mapping[str, Part]

    @classmethod
    def read(cls, folder: Path, trusted: PublicKey | Keys, kind: str) -> Bundle:
        """Read what ``folder`` says of itself; raise `BadBackup` for what is not signed, or is no bundle."""
        try:
            said = trusted.read((folder / SIGNED).read_text(encoding="ascii"), kind)
            text = (folder / LIST).read_bytes()
            if hashlib.sha256(text).hexdigest() != said["parts"]:
                raise BadBackup(f"{folder / LIST} is not the one that was signed: take another backup")
            parts = msgspec.json.decode(text, type=list[Part])
        except NotGenuine as error:
            raise BadBackup(f"{folder / SIGNED}: {error}: it is damaged, or of another deployment") from error
        except (OSError, ValueError, KeyError) as error:
            raise BadBackup(
                f"{folder} is not a whole backup ({LIST} or {SIGNED} is missing or damaged): take another one"
            ) from error
        return cls(folder, said, {_fit(part.name): part for part in parts})

    def path(self, name: str) -> Path:
        """Return where a part lies; raise `BadBackup` when it is none of the listed."""
        if name not in self.parts:
            raise BadBackup(f"{self.folder} has no part {name}: take another backup")
        return self.folder / name

    def check(self, progress: Progress) -> None:
        """Read every part; raise `BadBackup` with the first that is not what was signed, or is not listed."""
        here = {str(f.relative_to(self.folder)) for f in self.folder.rglob("*") if not f.is_dir()}
        odd = sorted(here - {*self.parts, LIST, SIGNED})
        if odd:
            raise BadBackup(f"{self.folder / odd[0]} was not there when the backup was signed: remove it")
        total, done = sum(part.bytes for part in self.parts.values()), 0
        for part in self.parts.values():
            if _hash(self.folder / part.name) != part.sha256:
                raise BadBackup(f"{self.folder / part.name} is missing or damaged: take another backup")
            done += part.bytes
            progress(done, total)


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _fit(name: str) -> str:
    """Return ``name`` when it can only lie inside the folder; raise `BadBackup`."""
    if not _NAME.fullmatch(name):
        raise BadBackup("a part's name would leave the folder: this list was not made by troth backup")
    return name
