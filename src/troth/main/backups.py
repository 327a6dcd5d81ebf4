"""`troth backup` and `troth restore`: the two commands of an operator that hold data and keys apart.

Composes: what a backup is and how a restore goes is in `app/backup`. A restore brings up the embedded
database for itself and takes it down again.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from troth.app.backup.bundle import Progress
    from troth.app.backup.prune import Pruned
    from troth.app.backup.restore import Wanted
    from troth.app.backup.take import Taken
    from troth.app.settings import Settings

_Folder = Annotated[Path, typer.Argument(help="Where backups of the data lie.")]
_Keys = Annotated[Path, typer.Option(help="Where the keys go: another folder, ideally on other storage.")]


def backup(
    folder: _Folder,
    keys: _Keys,
    *,
    prune: Annotated[
        bool, typer.Option("--prune", help="Afterwards, remove backups and keys that are beyond the horizon.")
    ] = False,
    within: Annotated[
        int | None, typer.Option(min=0, help="The horizon in days; no more than any policy in force says.")
    ] = None,
) -> None:
    """Back up the system while it serves: data here, keys there. Nothing sealed is opened."""
    taken = asyncio.run(_take(folder.resolve(), keys.resolve()))
    typer.echo(f"backed up {taken.rows} rows and {taken.entries} entries of the log: {taken.data}")
    typer.echo(f"the keys of its day: {taken.keys}")
    if prune:
        gone = _prune(folder.resolve(), keys.resolve(), None if within is None else timedelta(days=within))
        typer.echo(f"beyond the horizon, removed: {', '.join(gone.names) or 'none'}")


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, or the folder of several: the newest is taken.")],
    keys: Annotated[
        Path | None, typer.Option(help="Where its keys lie; not needed while the keyring has them all.")
    ] = None,
    *,
    outside: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that still has erasures.log and ledger.tail: the old data folder."),
    ] = None,
    outside_lost: Annotated[
        bool, typer.Option("--outside-lost", help="There is none: everybody is asked anew for everything.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="The empty folder to restore into.")] = None,
) -> None:
    """Restore a backup into an empty place, and repeat what was erased and taken back since."""
    from troth.app.backup.restore import Wanted
    from troth.app.settings import Settings

    settings = Settings.from_environ(os.environ, data=data.resolve() if data else None)
    wanted = Wanted(
        data=folder.resolve(),
        keys=keys.resolve() if keys else None,
        outside=tuple(one.resolve() for one in outside or ()),
        outside_lost=outside_lost,
    )
    asyncio.run(_restore(settings, wanted))


async def _take(folder: Path, keys: Path) -> Taken:
    from troth.app.backup.take import take
    from troth.app.clock import OffsetClock, SystemClock
    from troth.edges.cli.running import settings

    told = settings(up=True)
    clock = OffsetClock(told.clock) if told.clock else SystemClock()
    with Console(stderr=True).status("") as status:
        return await take(told, folder, keys, clock.now(), lambda what: status.update(f"[dim]{what}[/dim]"))


def _prune(folder: Path, keys: Path, within: timedelta | None) -> Pruned:
    from troth.app import policies
    from troth.app.backup.prune import horizon, prune
    from troth.app.clock import OffsetClock, SystemClock
    from troth.edges.cli.running import settings

    told = settings()
    clock = OffsetClock(told.clock) if told.clock else SystemClock()
    every = [one for versions in policies.in_force(told.policies).values() for one in versions.values()]
    now = clock.now()
    return prune(told, folder, keys, horizon(every, now, within), now)


async def _restore(settings: Settings, wanted: Wanted) -> None:
    from troth.app.backup import restore as steps
    from troth.app.backup.settle import settle

    err = Console(stderr=True)
    with _shown(err) as progress:
        plan = await steps.checked(settings, wanted, progress)
    steps.begin(plan)
    with err.status(f"restoring {plan.name}") as status:

        def say(what: str) -> None:
            status.update(f"[dim]{what}[/dim]")

        async with _database(settings) as told:
            plan = await steps.load(plan, told.owner_dsn or "", say)
            settled = await settle(plan, told, say)
    steps.end(plan)
    typer.echo(f"restored {plan.name}, taken {plan.taken:%Y-%m-%d %H:%M} UTC, into {settings.data}")
    typer.echo(
        f"repeated since then: {settled.entries} entries of the log, {settled.erased} erasures, "
        f"{settled.deleted} deletions, {settled.taken_back} acts taken back; everybody signs in again"
    )
    if settled.outdated:
        found = ", ".join(f"{item} of {people}" for item, people in settled.outdated.items())
        typer.echo(
            f"corrected since then, so the values of the backup were deleted: {found}; each sees in their "
            "privacy centre what to give again"
        )
    for papers, again in (
        (settled.orders, "placed or prolonged since then, to be placed again"),
        (settled.orders_ended, "ended since then, of one person or more: end them again where they stand"),
    ):
        if papers:
            typer.echo(f"orders of authorities {again}: {', '.join(map(str, papers))}")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Settings]:
    """Bring up the embedded database, unless the settings name one."""
    from dataclasses import replace

    from troth.app.embedded.postgres import Postgres
    from troth.app.supervisor import Supervisor

    settings = replace(settings, nats_url=None)
    async with Supervisor() as supervisor:
        if settings.dsn is None:
            postgres = Postgres(settings.data / "postgres")
            await supervisor.add(postgres.child)
            settings = settings.with_database(postgres.dsn)
        yield settings


@contextmanager
def _shown(err: Console) -> Generator[Progress]:
    """Show how far the reading of a backup is, to someone who is looking."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    with Bar(console=err, transient=True) as bar:
        task = bar.add_task("checking the backup", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
