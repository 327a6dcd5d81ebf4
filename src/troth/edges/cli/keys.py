"""`troth keys`: ends the current epochs, so that what was deleted before can't be recovered here."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Keep `rotate` a command of its own, also while it is the only one."""


@app.command()
def rotate() -> None:
    """Begin new epochs, wrap and tag everything that lives anew, destroy the old keys."""
    from troth.edges.cli.running import with_system

    done = with_system(lambda troth: troth.rotate_keys())
    gone = ", ".join(f"{kind.value} {number}" for kind, number in done.destroyed) or "none yet"
    typer.echo(f"{done.moved} rows moved; destroyed epochs: {gone}")
