"""`troth breach`: an incident from its declaration to its end, for the privacy office.

Who works there says so with their token, from a file. Prints numbers, words and dates.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from troth.breach.incidents import Incident

app = typer.Typer(no_args_is_help=True)

_As = Annotated[Path, typer.Option("--as", help="A file with your staff token.", exists=True, dir_okay=False)]
_Number = Annotated[UUID, typer.Argument(metavar="INCIDENT", help="The incident's number.")]
_Document = Annotated[UUID, typer.Option(help="The opaque id of the document that you keep.")]


@app.command()
def declare(  # noqa: PLR0917 - options of a command
    who: _As,
    policy: Annotated[str, typer.Option(help="The policy under which the data is held.")],
    known: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M%z"], help="Since when, as 2026-03-02T09:00+0800; else now."),
    ] = None,
    function: Annotated[list[str] | None, typer.Option(help="A function affected; repeat.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="An item affected; repeat.")] = None,
    subject: Annotated[list[UUID] | None, typer.Option(help="Only these accounts; repeat.")] = None,
) -> None:
    """Put on record that data leaked; from then on the time runs."""
    from troth.edges.cli.running import with_system
    from troth.terms import FunctionName, ItemName, PolicyName, SubjectId

    _say(
        with_system(
            lambda troth: troth.declare_breach(
                _token(who),
                PolicyName(policy),
                known=known,
                functions=[FunctionName(each) for each in function or ()],
                items=[ItemName(each) for each in item or ()],
                subjects=[SubjectId(each) for each in subject or ()],
            )
        )
    )


@app.command("list")
def listed(who: _As) -> None:
    """List incidents, the open ones first."""
    from troth.edges.cli.running import with_system

    for one in with_system(lambda troth: troth.breaches(_token(who))):
        _say(one)


@app.command()
def write(
    who: _As,
    incident: _Number,
    part: Annotated[str, typer.Option(help="The policy's word for the part.")],
    language: Annotated[str, typer.Option(help="zh or en.")],
    text: Annotated[typer.FileText, typer.Option(help="A file with the text; everybody may read it.")],
) -> None:
    """Write one part of the notice."""
    from troth.edges.cli.running import with_system

    said = text.read()
    _say(with_system(lambda troth: troth.write_breach(_token(who), incident, part, language, said)))


@app.command()
def contain(who: _As, incident: _Number, document: _Document) -> None:
    """Note that it was stopped from spreading."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.contain_breach(_token(who), incident, document)))


@app.command()
def tell(who: _As, incident: _Number) -> None:
    """Let the notice go out to everybody concerned."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.tell_breach(_token(who), incident)))


@app.command()
def report(
    who: _As, incident: _Number, language: Annotated[str, typer.Option(help="zh or en.")] = "zh"
) -> None:
    """Print the report to the authorities, as far as it is known."""
    from troth.edges.cli.running import with_system

    typer.echo(with_system(lambda troth: troth.report_breach(_token(who), incident, language)), nl=False)


@app.command()
def reported(who: _As, incident: _Number, document: _Document) -> None:
    """Note that the authorities have the report."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.file_breach(_token(who), incident, document)))


@app.command()
def close(who: _As, incident: _Number) -> None:
    """End it; refused while the policy still asks for something."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.close_breach(_token(who), incident)))


def _token(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def _say(one: Incident) -> None:
    people = ", ".join(f"{n} {state}" for state, n in sorted(one.told.items())) or "nobody yet"
    typer.echo(f"{one.matter.matter} {one.matter.policy}: {one.stands}, people: {people}")
    for step in one.steps:
        ended = f"done {step.done.isoformat()}" if step.done else f"due {step.at.isoformat()}"
        typer.echo(f"  {step.step}: {ended} ({step.clause})")
    if one.lacks:
        typer.echo(f"  still to write: {', '.join(one.lacks)}")
