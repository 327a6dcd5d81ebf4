"""Taking a backup, while the system serves: one moment of the database, and the keys of that moment.

Nobody wraps, tags or plans an erasure while the keys are copied and the view is taken, which is milliseconds;
from then on nobody is waited for. Nothing is opened: what is sealed stays sealed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
from psycopg.errors import LockNotAvailable

from troth.app.backup import catalogue, keys
from troth.app.backup.bundle import Draft
from troth.app.backup.catalogue import Catalogue
from troth.app.backup.errors import NotApart
from troth.app.backup.sql import QUERIES
from troth.app.settings import MEDIA, BadSetting, Settings
from troth.app.system import ERASURES, SIGNING, SPARES, TAIL
from troth.db import Database, Tx
from troth.ledger import tree
from troth.ledger.proofs import stored
from troth.ledger.signing import Signer
from troth.terms import TrothError
from troth.vault.keyring_folder import FolderKeyring
from troth.vault.keys import stand_still
from troth.vault.spares import Spares

KIND = "troth-backup+jws"
FORM = 1
CATALOGUE = "catalogue.json"
_STAMP = "%Y-%m-%dT%H%M%SZ"

Say = Callable[[str], None]


class Busy(TrothError):
    """keys are in use without a pause just now: run the backup again"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made: its name in both folders, and how much it holds."""

    name: str
    data: Path
    keys: Path
    rows: int
    entries: int


@dataclass(frozen=True, slots=True)
class _HeadRow:
    size: int
    signed: str


def apart(data: Path, keys_to: Path, settings: Settings) -> None:
    """Raise `NotApart` unless data, keys and the system itself lie in folders of their own."""
    one, other = data.resolve(), keys_to.resolve()
    live = [settings.keyring.resolve(), settings.data.resolve()]
    if one == other or one in other.parents or other in one.parents:
        raise NotApart
    for folder in (one, other):
        if folder in live or any(place in folder.parents for place in live):
            raise NotApart(f"{folder} lies in the system that it is a backup of: name a folder elsewhere")


async def take(settings: Settings, data: Path, keys_to: Path, now: datetime, say: Say) -> Taken:
    """Make a backup of the system in ``data`` and of its keys in ``keys_to``.

    Cut short, it leaves drafts that nothing takes for a backup. Raises `NotApart`, `BadSetting`, `Busy`.
    """
    apart(data, keys_to, settings)
    if settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: a backup reads as the role that owns the schema")
    signer = Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    name = f"{now.astimezone(UTC):{_STAMP}}-{secrets.token_hex(4)}"
    said: dict[str, object] = {
        "form": FORM,
        "backup": str(uuid4()),
        "deployment": settings.deployment,
        "taken": now.astimezone(UTC).isoformat(),
    }
    of_keys, of_data = Draft(keys_to, name), Draft(data, name)
    try:
        async with Database(settings.owner_dsn, size=2) as db:
            return await _Taking(settings, of_data, of_keys, signer, say).run(db, name, said)
    except BaseException:
        of_keys.drop()
        of_data.drop()
        Spares(settings.data / SPARES).gone(name, now)
        raise


def taken_at(name: str) -> datetime | None:
    """Return when the backup of this name was begun, or None when it is no backup's name."""
    try:
        return datetime.strptime(name.rpartition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


class _Taking:
    def __init__(self, settings: Settings, data: Draft, of_keys: Draft, signer: Signer, say: Say) -> None:
        self._settings = settings
        self._data = data
        self._keys = of_keys
        self._signer = signer
        self._say = say

    async def run(self, db: Database, name: str, said: dict[str, object]) -> Taken:
        async with db.transaction() as tx:
            self._say("copying the keys")
            try:
                async with db.transaction() as still:
                    await stand_still(still)
                    taken = datetime.fromisoformat(str(said["taken"]))
                    said["epochs"] = await asyncio.to_thread(self._export, name, taken)
                    await tx.run(QUERIES["one_view"])
                    found = await catalogue.survey(tx)  # the view begins here
            except LockNotAvailable:
                raise Busy from None
            await tx.run(QUERIES["no_hurry"])
            rows = await self._rows(tx, found)
            head = await tx.row(_HeadRow, QUERIES["head"])
            size = head.size if head else 0
            edge = tree.cover(0, size)
            hashes = await stored(tx, edge)
            said["head"] = head.signed if head else None
            said["peaks"] = [hashes[node].hex() for node in edge]
        await asyncio.to_thread(self._files)
        of_keys = self._keys.finish(self._signer, keys.KIND, said)
        of_data = self._data.finish(self._signer, KIND, said)
        return Taken(name, of_data, of_keys, rows, size)

    def _export(self, name: str, at: datetime) -> dict[str, str]:
        """Copy the keyring. The copy is on the roll first, so that an erasure knows what it waits for."""
        told = self._settings
        Spares(told.data / SPARES).lay(name, FolderKeyring(told.keyring, told.keyring_root), at)
        return keys.export(told.keyring, self._keys)

    async def _rows(self, tx: Tx, found: Catalogue) -> int:
        with self._data.part(CATALOGUE) as sink:
            sink.write(msgspec.json.encode(found))
        rows = 0
        for table in found.tables:
            self._say(f"copying {table.name}")
            async with tx.conn.cursor() as cursor:
                with self._data.part(f"tables/{table.name}") as sink:
                    async with cursor.copy(catalogue.out(table)) as copy:
                        async for chunk in copy:
                            sink.write(chunk)
                rows += max(cursor.rowcount, 0)
        return rows

    def _files(self) -> None:
        """Copy what lies outside the database, after the view: it says at least as much."""
        for name in (ERASURES, SPARES, TAIL):
            if (self._settings.data / name).exists():
                self._data.copy(name, self._settings.data / name)
        store = self._settings.store
        if not isinstance(store, Path):
            self._say("media lie in a bucket and are not in this backup: the bucket needs one of its own")
            return
        self._say("copying media")
        for file in _objects(store):
            try:
                self._data.copy(f"{MEDIA}/{file.relative_to(store)}", file)
            except FileNotFoundError:
                continue  # deleted since the folder was listed: nothing of it is to be kept


def whole(name: str) -> bool:
    """Whether an object of this name is one, and not a draft of one that is still being written."""
    return not name.startswith(".") and "#" not in name


def _objects(folder: Path) -> Sequence[Path]:
    if not folder.exists():
        return ()
    return sorted(f for f in folder.rglob("*") if f.is_file() and whole(f.name))
