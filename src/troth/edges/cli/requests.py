"""`troth request`: the desk at the command line. Who works there says so with their token, from a file.

Prints numbers, words and dates; what a person wrote is shown by `read` alone, and that look is on record.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from troth.app.views import RequestLine

app = typer.Typer(no_args_is_help=True)

_As = Annotated[Path, typer.Option("--as", help="A file with your staff token.", exists=True, dir_okay=False)]
_Number = Annotated[UUID, typer.Argument(metavar="REQUEST", help="The request's number.")]


@app.command()
def inbox(who: _As) -> None:
    """List what waits for an answer, the most urgent first."""
    from troth.edges.cli.running import with_system

    for line in with_system(lambda troth: troth.inbox(_token(who))):
        _say(line)


@app.command()
def enter(
    who: _As,
    contact: Annotated[str, typer.Option(prompt=True, help="The number or address of the account.")],
    right: Annotated[str, typer.Option(help="The policy's word for the right, such as cancel.")],
    by: Annotated[str, typer.Option(help="How it came in: phone, email, letter.")],
    text: Annotated[str, typer.Option(help="What they ask, in their words.")] = "",
) -> None:
    """Enter a request for someone; it waits for proof of who asks."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.enter_request(_token(who), contact, right, channel=by, text=text)))


@app.command()
def read(who: _As, request: _Number) -> None:
    """Show one request and what the person wrote, once it is proven to be theirs."""
    from troth.edges.cli.running import with_system

    line = with_system(lambda troth: troth.read_request(_token(who), request))
    _say(line)
    if line.said:
        typer.echo(line.said)


@app.command()
def prove(
    who: _As,
    request: _Number,
    proof: Annotated[list[str], typer.Option(help="identity, written_request, death or kinship; repeat.")],
) -> None:
    """Note what was shown; refused while the policy asks for more."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.prove_request(_token(who), request, frozenset(proof))))


@app.command()
def ask(
    who: _As, request: _Number, text: Annotated[str, typer.Option(help="What is still missing.")]
) -> None:
    """Ask the person for what is missing."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.ask_more(_token(who), request, text)))


@app.command()
def meet(
    who: _As,
    request: _Number,
    text: Annotated[str, typer.Option(help="What the person is told.")] = "",
    function: Annotated[str | None, typer.Option(help="The function it is done to, where one is.")] = None,
    warned: Annotated[
        bool, typer.Option("--warned", help="They were told that it cannot be undone.")
    ] = False,
) -> None:
    """Do what was asked and tell the person."""
    from troth.edges.cli.running import with_system
    from troth.rights.effects import Answer
    from troth.terms import FunctionName

    answer = Answer(text=text, function=FunctionName(function) if function else None, warned=warned)
    _say(with_system(lambda troth: troth.meet_request(_token(who), request, answer)))


@app.command()
def refuse(
    who: _As,
    request: _Number,
    ground: Annotated[str, typer.Option(help="A ground that the policy lists.")],
    facts: Annotated[str, typer.Option(help="What the ground rests on; the person is told.")],
) -> None:
    """Refuse on a ground that the policy lists."""
    from troth.edges.cli.running import with_system

    _say(with_system(lambda troth: troth.refuse_request(_token(who), request, ground, facts)))


@app.command()
def minor(
    who: _As,
    contact: Annotated[str, typer.Option(prompt=True, help="The number or address of the account.")],
    warned: Annotated[bool, typer.Option("--warned", help="You know that erasing can't be undone.")] = False,
) -> None:
    """Report a minor found later: everything about them is refused from now on, and erased."""
    from troth.edges.cli.running import with_system

    erasure = with_system(lambda troth: troth.found_minor(_token(who), contact, warned=warned))
    typer.echo(f"refused from now on; erasure {erasure}")


def _token(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def _say(line: RequestLine) -> None:
    due = line.due.isoformat() if line.due else "no clock runs"
    late = " OVERDUE" if line.overdue else ""
    clause = f" ({line.clause})" if line.clause else ""
    typer.echo(f"{line.request} {line.right} by {line.channel}: {line.state}, due {due}{clause}{late}")
