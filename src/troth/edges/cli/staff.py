"""`troth staff`: the only place where someone of the staff is made. The token is printed once."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def staff() -> None:
    """Keep `add` a command of its own, also while it is the only one."""


@app.command()
def add(
    role: Annotated[str, typer.Option(help="admin, privacy, support (or staff), audit, maker or service.")],
) -> None:
    """Add someone to the staff; the last word printed is their token."""
    from troth.edges.cli.running import with_system
    from troth.subjects.staff import Role

    word = "support" if role == "staff" else role
    if word not in set(Role):
        raise typer.BadParameter(f"write one of {', '.join(Role)}")
    hired = with_system(lambda troth: troth.hire(Role(word)))
    typer.echo(f"{hired.staff.role.value} {hired.staff.id}; the token is shown this once:")
    typer.echo(hired.token)
