"""`troth secrets`: makes what is kept secret anew, one kind at a time, and says what that means."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def listed() -> None:
    """List the kinds of secrets, and what making one anew means."""
    from troth.app.secrets import SECRETS

    for name, secret in SECRETS.items():
        typer.echo(f"{name:12} {secret.means}")
    typer.echo(f"{'epochs':12} keys of people's data: troth keys rotate")
    typer.echo(f"{'ledger':12} the key that signs: troth ledger rotate")


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(metavar="KIND", help="Which kind, as troth secrets list names it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Make one kind of secrets anew."""
    from troth.app.embedded.authority import now
    from troth.app.secrets import SECRETS
    from troth.app.secrets import rotate as anew
    from troth.edges.cli.running import settings

    if name not in SECRETS:
        raise typer.BadParameter(f"write one of {', '.join(SECRETS)}")
    if not yes:
        typer.confirm(f"{SECRETS[name].means}. Go on?", abort=True)
    for line in asyncio.run(anew(name, settings(), now())):
        typer.echo(line)
