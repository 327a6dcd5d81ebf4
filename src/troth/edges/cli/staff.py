"""`troth staff`: tokens for programs and for work at the command line, setup codes for people at the desk."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def staff() -> None:
    """Do something about the controller's people."""


@app.command()
def invite(
    role: Annotated[str, typer.Option(help="admin, privacy, support or audit.")] = "admin",
) -> None:
    """Print a setup code, once: whoever enters it at /desk/join makes a passkey and has this role."""
    from troth.edges.cli.running import with_system
    from troth.subjects.roles import Role

    if role not in set(Role):
        raise typer.BadParameter(f"write one of {', '.join(Role)}")
    made = with_system(lambda troth: troth.invite_staff(Role(role)))
    typer.echo(f"{made.role.value}, until {made.expires:%Y-%m-%d %H:%M} UTC, at /desk/join; shown this once:")
    typer.echo(made.code)


@app.command()
def add(
    role: Annotated[str, typer.Option(help="admin, privacy, support (or staff), audit, maker or service.")],
) -> None:
    """Add someone to the staff; the last word printed is their token."""
    from troth.edges.cli.running import with_system
    from troth.subjects.roles import Role

    word = "support" if role == "staff" else role
    if word not in set(Role):
        raise typer.BadParameter(f"write one of {', '.join(Role)}")
    hired = with_system(lambda troth: troth.hire(Role(word)))
    typer.echo(f"{hired.staff.role.value} {hired.staff.id}; the token is shown this once:")
    typer.echo(hired.token)
