"""`troth ledger`: whether the log is what was signed, here or from an export; its keys.

An export is checked with a public key alone: no database, no settings, no need to trust who made it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from troth.app.wiring import Troth
    from troth.ledger.verify import Progress, Verdict

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(
    against: Annotated[
        Path | None,
        typer.Option(
            help="A head that someone kept, or a receipt or certificate: nothing before it may differ.",
            exists=True,
        ),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="A head that was verified before: only what came later is read.", exists=True),
    ] = None,
    offline: Annotated[
        Path | None, typer.Option(help="An export: verified without a database.", exists=True)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="For an export: any key of the ledger; else that of the keyring.")
    ] = None,
) -> None:
    """Verify the ledger; status 1 and the first place where it was bent, when it was."""
    from troth.ledger.replay import Broken
    from troth.ledger.verify import Verified

    given, start = _head(against), _head(since)
    if offline is not None and since is not None:
        raise typer.BadParameter("an export is verified whole: leave --since away")
    with _progress() as told:
        verdict = _offline(offline, key, given, told) if offline else _here(given, start, told)
    match verdict:
        case Broken(where, why):
            typer.echo(f"broken at {where}: {why}")
            raise typer.Exit(1)
        case Verified(size, root, heads, pending):
            typer.echo(f"verified: {size} entries under {heads} heads, {pending} waiting, root {root.hex()}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; a file that is there is not overwritten.")],
) -> None:
    """Write the whole ledger to a file that anyone can verify offline. Nothing in it leads to a person."""
    from troth.edges.cli.running import with_system

    async def work(troth: Troth) -> int:
        lines = 0
        with file.open("x", encoding="ascii") as out:
            async for line in troth.export_ledger():
                out.write(line)
                lines += 1
        return lines - 1

    try:
        heads = with_system(work)
    except FileExistsError:
        raise typer.BadParameter(f"{file} is there already: name another file") from None
    typer.echo(
        f"exported {heads} heads with their entries: troth ledger verify --offline {file} --key KEYFILE"
    )


@app.command()
def key() -> None:
    """Print the public key that checks heads, receipts and certificates, on one line."""
    from troth.edges.cli.keyfile import public_key

    typer.echo(str(public_key(None)))


@app.command()
def rotate() -> None:
    """Make a new signing key; the one before hands over in the log and is destroyed. Print the new one."""
    from troth.edges.cli.running import with_system

    typer.echo(str(with_system(lambda troth: troth.rotate_ledger_key())))


def _head(file: Path | None) -> str | None:
    from troth.ledger.receipts import kept_head

    return kept_head(file.read_text(encoding="utf-8")) if file else None


def _here(given: str | None, start: str | None, told: Progress) -> Verdict:
    from troth.edges.cli.running import with_system

    return with_system(lambda troth: troth.verify_ledger(given, since=start, progress=told))


def _offline(file: Path, key: Path | None, given: str | None, told: Progress) -> Verdict:
    from troth.edges.cli.keyfile import public_key
    from troth.ledger.export import verify_export

    with file.open(encoding="utf-8", errors="replace") as lines:
        return verify_export(lines, public_key(key), given, progress=told)


@contextmanager
def _progress() -> Generator[Progress]:
    """Show how far the reading is, on standard error, to someone who is looking."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("entries", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
