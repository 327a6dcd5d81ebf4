"""`troth check` and `troth policy`: what a policy text says and whether it holds together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


def check(
    files: Annotated[list[Path], typer.Argument(help="Policy files, as YAML.", exists=True, dir_okay=False)],
) -> None:
    """Check policy files; every finding is a line, and an error ends with status 1."""
    from troth.policy.check import check as findings_of
    from troth.policy.compile import compile_policy
    from troth.policy.load import decode, load
    from troth.policy.problems import PolicyRejected, Severity

    failed = False
    for file in files:
        try:
            policy = load(decode(file.read_bytes(), str(file)), str(file))
        except PolicyRejected as rejected:
            failed = True
            typer.echo(str(rejected))
            continue
        findings = findings_of(policy)
        for finding in findings:
            typer.echo(str(finding))
        if any(finding.severity is Severity.ERROR for finding in findings):
            failed = True
            continue
        compile_policy(policy)
        typer.echo(f"{file}: {policy.name} version {policy.version}, {len(policy.clauses)} clauses")
    raise typer.Exit(1 if failed else 0)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The policy's name, such as sunmi-camera.")],
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
) -> None:
    """Show a policy as people are shown it, with the clause behind every line."""
    from troth.app.policies import compiled
    from troth.policy.text import notice

    if lang not in {"en", "zh"}:
        raise typer.BadParameter("write en or zh")
    told = notice(compiled(name), lang)
    typer.echo(told.text, nl=False)
    typer.echo(f"\nsha256 {told.text_hash}")


@app.command("list")
def list_() -> None:
    """List the policies that come with Troth."""
    from troth.app.policies import names

    for name in names():
        typer.echo(name)
