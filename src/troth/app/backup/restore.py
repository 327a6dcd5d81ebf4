"""A restore, in an order in which nobody who was erased is ever served, and a kill leaves something to go on.

1. `checked` reads everything and changes nothing. 2. `begin` marks the folder, so that nothing is served from
it, and puts keys, roll and tail in place. 3. `load` fills the database, in one transaction. 4. `settle`
brings it to today: schema, the log that was signed since, the erasures, what was taken back, `restored`, new
epochs. 5. The mark goes. Run again after a kill, it goes on: before the end of 3 from there, later from 4.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from troth.app.backup import bundle, catalogue, keys, outside, take
from troth.app.backup.bundle import Bundle
from troth.app.backup.catalogue import Catalogue
from troth.app.backup.errors import BadBackup, NotEmpty, OutsideUnknown
from troth.app.backup.outside import Outside
from troth.app.backup.sql import QUERIES
from troth.app.backup.unfinished import MARK
from troth.app.places import own_directory, own_file
from troth.app.settings import MEDIA, BadSetting, Settings
from troth.app.system import SIGNING, TAIL
from troth.db import Database, migrate
from troth.db.pool import Tx
from troth.durable import settle
from troth.ledger.checkpoint import Head
from troth.ledger.keys import Keys
from troth.ledger.signing import CURRENT, NotGenuine, PublicKey, Signer

_CHUNK = 1 << 20
_OR_LOST = "or say --outside-lost, if both are lost: then everybody is asked anew for everything"


class _Mark(msgspec.Struct, frozen=True):
    """What a restore that is under way left behind."""

    restore: str
    backup: str
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A restore that may go ahead."""

    settings: Settings
    data: Bundle
    keys: Bundle | None
    catalogue: Catalogue
    outside: Outside
    outside_lost: bool
    mark: _Mark

    @property
    def name(self) -> str:
        """Return what the backup is called."""
        return self.data.folder.name

    @property
    def taken(self) -> datetime:
        """Return when it was taken."""
        return datetime.fromisoformat(self.data.said["taken"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to restore from. ``outside``: folders that still have a roll of erasures and a ledger's tail."""

    data: Path
    keys: Path | None
    outside: tuple[Path, ...]
    outside_lost: bool


async def checked(settings: Settings, wanted: Wanted, progress: bundle.Progress) -> Plan:
    """Read everything that the restore needs; change nothing. Raises what is wrong, in one sentence."""
    mark = _mark(settings.data)
    folder, exported = _folders(wanted)
    if not wanted.outside and not wanted.outside_lost:
        raise OutsideUnknown(
            "name the folder that still has erasures.log and ledger.tail (the old data folder) with "
            f"--outside, {_OR_LOST}"
        )
    signer = _trusted(settings, exported)
    data = Bundle.read(folder, signer, take.KIND)
    brought = None if exported is None else Bundle.read(exported, signer, keys.KIND)
    if data.said["deployment"] != settings.deployment:
        raise BadBackup(
            f"this is a backup of the deployment {data.said['deployment']!r}, and this one is "
            f"{settings.deployment!r}: set TROTH_DEPLOYMENT, or take another backup"
        )
    for each in (data, brought):
        if each is not None:
            await asyncio.to_thread(each.check, progress)
    found = msgspec.json.decode(data.path(take.CATALOGUE).read_bytes(), type=Catalogue)
    found.demand_known()
    if mark is None or not mark.loaded:
        keys.demand(data.said["epochs"], settings.keyring, brought)
    if mark is None:
        await _demand_empty(settings)
    elif mark.backup != data.said["backup"]:
        raise NotEmpty(
            f"{settings.data} holds a restore of another backup that was cut short: finish that one"
        )
    head = _head(data, signer)
    if head is not None:
        _demand_tail(wanted)
    known = outside.gather(_who_knows(folder, wanted), head, _peaks(data), Keys.only(signer))
    fresh = _Mark(uuid4().hex, data.said["backup"])
    return Plan(settings, data, brought, found, known, wanted.outside_lost, mark or fresh)


def begin(plan: Plan) -> None:
    """Mark the folder, then put in place what lies outside the database."""
    own_directory(plan.settings.data)
    _write(plan, plan.mark)
    if plan.keys is not None:
        keys.put_back(plan.keys, plan.settings.keyring)
    if not plan.mark.loaded:
        outside.put(plan.outside, plan.settings.data)
        _media(plan)


async def load(plan: Plan, owner_dsn: str, say: take.Say) -> Plan:
    """Fill the database as it was, in one transaction; nothing when that was done."""
    if plan.mark.loaded:
        return plan
    await migrate(owner_dsn, only=frozenset(one.name for one in plan.catalogue.migrations))
    async with Database(owner_dsn, size=1) as db, db.transaction() as tx:
        await tx.run(QUERIES["no_hurry"])
        await catalogue.make_room(tx, plan.catalogue)
        await catalogue.empty(tx, plan.catalogue)
        for table in plan.catalogue.tables:
            say(f"loading {table.name}")
            await _copy(tx, table, plan.data.path(f"tables/{table.name}"))
        await catalogue.go_on_counting(tx)
    mark = msgspec.structs.replace(plan.mark, loaded=True)
    _write(plan, mark)
    return Plan(plan.settings, plan.data, plan.keys, plan.catalogue, plan.outside, plan.outside_lost, mark)


def end(plan: Plan) -> None:
    """Let the folder be served from."""
    (plan.settings.data / MARK).unlink()
    settle(plan.settings.data)


async def _copy(tx: Tx, table: catalogue.Table, path: Path) -> None:
    async with tx.conn.cursor() as cursor, cursor.copy(catalogue.into(table)) as copy:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                await copy.write(chunk)


def _folders(wanted: Wanted) -> tuple[Path, Path | None]:
    """Return the folder of one backup, the newest of several, and that of its keys, if they were named."""
    folder = wanted.data
    if not (folder / bundle.SIGNED).exists():
        several = backups(folder)
        if not several:
            raise BadBackup(f"there is no backup in {folder}: name a folder that troth backup wrote")
        folder = several[-1]
    if wanted.keys is None:
        return folder, None
    exported = wanted.keys if (wanted.keys / bundle.SIGNED).exists() else wanted.keys / folder.name
    if not exported.exists():
        raise BadBackup(f"the keys of {folder.name} are not in {wanted.keys}: name the folder that has them")
    return folder, exported


def backups(folder: Path) -> Sequence[Path]:
    """Return the backups in ``folder``, oldest first, drafts left out."""
    if not folder.is_dir():
        return ()
    return sorted(
        one for one in folder.iterdir() if (one / bundle.SIGNED).exists() and take.taken_at(one.name)
    )


def _demand_tail(wanted: Wanted) -> None:
    """Raise `OutsideUnknown` for a folder without a tail: there is one from the first signature on.

    A folder named by mistake would be taken for one in which nothing happened since: what was erased and
    withdrawn would come back.
    """
    for folder in wanted.outside:
        if not (folder / TAIL).exists():
            raise OutsideUnknown(f"{folder} has no {TAIL}: name the old data folder, {_OR_LOST}")


def _who_knows(folder: Path, wanted: Wanted) -> tuple[Path, ...]:
    """Return every folder with a roll and a tail: later backups know of erasures that this one does not."""
    return (*wanted.outside, folder, *backups(folder.parent))


def _trusted(settings: Settings, exported: Path | None) -> PublicKey:
    """Return the key that the backup must be signed with: the present keyring's, or the exported."""
    name = f"troth/{settings.deployment}"
    for folder in (settings.keyring / SIGNING, *([exported / SIGNING] if exported else [])):
        if (folder / CURRENT).exists():  # it would be made otherwise, and be nobody's
            return Signer.load(folder, name).public
    raise BadBackup(
        f"there is no keyring in {settings.keyring} to check the backup with: name its keys with --keys"
    )


def _head(data: Bundle, trusted: PublicKey) -> Head | None:
    signed: str | None = data.said["head"]
    try:
        return None if signed is None else Keys.only(trusted).head(signed)
    except NotGenuine as error:
        raise BadBackup(f"the backup's own head: {error}") from error


def _peaks(data: Bundle) -> list[bytes]:
    return [bytes.fromhex(one) for one in data.said["peaks"]]


def _mark(data: Path) -> _Mark | None:
    try:
        return msgspec.json.decode((data / MARK).read_bytes(), type=_Mark)
    except FileNotFoundError:
        return None


def _write(plan: Plan, mark: _Mark) -> None:
    own_file(plan.settings.data / MARK, msgspec.json.encode(mark).decode())
    settle(plan.settings.data)


async def _demand_empty(settings: Settings) -> None:
    """Raise `NotEmpty` unless there is nothing here but, perhaps, the keyring."""
    data = settings.data
    there = {one.name for one in data.iterdir()} if data.exists() else set[str]()
    there = {name for name in there if not name.startswith(f".{MARK}.")}  # a mark that was never finished
    if settings.keyring.parent == data:
        there.discard(settings.keyring.name)
    if settings.clock is not None and settings.clock.parent == data:
        there.discard(settings.clock.name)
    if there:
        raise NotEmpty(
            f"{data} holds a system ({min(there)}): stop it and move it aside, or name an empty folder"
        )
    if settings.dsn is None:
        return
    if settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: a restore writes as the role that owns the schema")
    async with Database(settings.owner_dsn, size=1) as db, db.transaction() as tx:
        found = await tx.value(QUERIES["any_table"])
    if found is not None:
        raise NotEmpty(f"the database holds tables ({found}): make an empty one, and name it with TROTH_DSN")


def _media(plan: Plan) -> None:
    store = plan.settings.store
    if not isinstance(store, Path):
        return  # a bucket is put back by its own means
    folders = {store}
    for name in plan.data.parts:
        if name.startswith(f"{MEDIA}/"):
            target = store / name.removeprefix(f"{MEDIA}/")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(plan.data.folder / name, target)
            target.chmod(0o600)
            settle(target)
            folders |= {folder for folder in target.parents if folder.is_relative_to(store)}
    for folder in folders:
        if folder.exists():
            settle(folder)
