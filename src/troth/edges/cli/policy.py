"""`troth check`, `troth render` and `troth policy`: what a policy text says and whether it holds together."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.policy.words import Language

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled

app = typer.Typer(no_args_is_help=True)


class Format(StrEnum):
    """What a rendered policy may be written as."""

    HTML = "html"
    MD = "md"


def named(policy: str) -> Compiled:
    """Return the policy that a command names: one of Troth's, or a file. Raises `PolicyRejected`."""
    from troth.app import policies

    try:
        return policies.named(policy)
    except policies.NoSuchPolicy as unknown:
        raise typer.BadParameter(str(unknown)) from unknown


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


def render(
    policy: Annotated[str, typer.Argument(help="A policy file, or a name such as kaiconn.")],
    *,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = Language.EN,
    form: Annotated[Format, typer.Option("--format", help="html: one page; md: Markdown.")] = Format.HTML,
    to: Annotated[Path | None, typer.Option(help="Write here; else to the terminal.", dir_okay=False)] = None,
) -> None:
    """Write the human policy from its file: all of it, each sentence with its clause.

    Sensitive items stand out. What binds in the other language alone is shown at the end.
    """
    from troth.policy import rendered

    page = rendered.rendered(named(policy), lang)
    text = rendered.html(page) if form is Format.HTML else rendered.markdown(page)
    if to is None:
        typer.echo(text, nl=False)
        return
    to.write_text(text, encoding="utf-8")
    typer.echo(
        f"{to}: {page.notice.policy} version {page.notice.version} in {lang}, {len(page.clauses)} clauses"
    )
