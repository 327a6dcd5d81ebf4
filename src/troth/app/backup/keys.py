"""The keyring of a backup's day, exported apart, and put back beside what is left of the present one.

Whoever has both a backup and its keys can read it: that is what they are for, and why they lie apart. Knows
files, not ciphers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from troth.app.backup.bundle import Bundle, Draft
from troth.app.backup.errors import BadBackup, KeysMissing
from troth.app.places import own_directory
from troth.durable import settle
from troth.vault.keyring import EpochKind

KIND = "troth-backup-keys+jws"
_SHOWN = 16
_OURS = {*(kind.value for kind in EpochKind), "sign"}
"""Where another key of the same name belongs to another deployment. Elsewhere the present one stays."""


def export(keyring: Path, draft: Draft) -> dict[str, str]:
    """Add every key of ``keyring`` to ``draft``, and return the `marks` of the epochs' keys in it.

    One that goes meanwhile was ended before everything stood still: no row needs it, and none is kept of it.
    """
    for file in _files(keyring):
        with suppress(FileNotFoundError):
            draft.copy(str(file.relative_to(keyring)), file)
    for name in draft.names():
        if not (keyring / name).exists():
            draft.remove(name)
    return marks(draft.folder)


def marks(keyring: Path) -> dict[str, str]:
    """Return the epochs' keys by name, each with a mark that tells it from another and says nothing of it."""
    found: dict[str, str] = {}
    for kind in EpochKind:
        for file in _files(keyring / kind.value):
            with suppress(FileNotFoundError):
                found[str(file.relative_to(keyring))] = _mark(file)
    return found


def demand(needed: Mapping[str, str], keyring: Path, exported: Bundle | None) -> None:
    """Raise unless every key of ``needed`` is in the keyring or in the export, and no other one by its name.

    Changes nothing.
    """
    present = marks(keyring)
    brought = {} if exported is None else {name: _mark(exported.folder / name) for name in exported.parts}
    missing = sorted(name for name in needed if name not in present and name not in brought)
    if missing:
        raise KeysMissing(
            f"{', '.join(missing)} of this backup's day is neither in {keyring} nor among exported keys: "
            "name their folder with --keys; if it went at the horizon, this backup can no longer be restored"
        )
    for found in (present, brought):
        for name in sorted(found.keys() & needed.keys()):
            if found[name] != needed[name]:
                raise BadBackup(f"{name} is not this backup's: the keys are of another deployment")
    if exported is not None:
        _demand_same(keyring, exported)


def put_back(exported: Bundle, keyring: Path) -> None:
    """Add the exported keys that the keyring lacks. Done again, it goes on where it was cut short."""
    own_directory(keyring)
    own_directory(keyring / "farewell")  # often empty
    for name in exported.parts:
        target = keyring / name
        own_directory(target.parent)
        if target.exists():
            continue
        scratch = target.with_name(f".{target.name}.restored")
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write((exported.folder / name).read_bytes())
            file.flush()
            os.fsync(handle)
        scratch.replace(target)
        settle(target.parent)


def _demand_same(keyring: Path, exported: Bundle) -> None:
    for name in exported.parts:
        there = keyring / name
        if name.split("/")[0] in _OURS and there.exists() and _mark(there) != _mark(exported.folder / name):
            raise BadBackup(
                f"{there} is another key than the exported one: the keyring is of another deployment, or its "
                "ledger's key was changed since; take a backup from after that"
            )


def _files(folder: Path) -> Iterator[Path]:
    if folder.exists():
        yield from sorted(f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("."))


def _mark(file: Path) -> str:
    return hashlib.sha256(b"troth backup mark|" + file.read_bytes()).hexdigest()[:_SHOWN]
