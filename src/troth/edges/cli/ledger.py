"""`troth ledger`: reads the whole log again and says whether it is what was signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Keep `verify` a command of its own, also while it is the only one."""


@app.command()
def verify(
    against: Annotated[
        Path | None, typer.Option(help="A signed head that someone kept: nothing before it may differ.")
    ] = None,
) -> None:
    """Verify the ledger; status 1 and the first place where it was bent, when it was."""
    from troth.edges.cli.running import with_system
    from troth.ledger.evidence import Broken
    from troth.ledger.verify import Verified

    head = against.read_text(encoding="utf-8") if against else None
    match with_system(lambda troth: troth.verify_ledger(head)):
        case Broken(where, why):
            typer.echo(f"broken at {where}: {why}")
            raise typer.Exit(1)
        case Verified(size, root, heads, pending):
            typer.echo(f"verified: {size} entries under {heads} heads, {pending} waiting, root {root.hex()}")


@app.command()
def key() -> None:
    """Print the public key that checks heads, receipts and certificates, on one line."""
    from troth.edges.cli.keyfile import public_key

    typer.echo(str(public_key(None)))
