"""`troth prove` as a command: what it is told, how it shows progress, what it prints and leaves behind."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from troth.prove.proof import Verdict, planned
from troth.terms import TrothError

if TYPE_CHECKING:
    from troth.main.prove import Proven
    from troth.policy.clauses import Clause
    from troth.policy.compiled import Compiled
    from troth.prove.proof import Judged, Outcome

_COLOURS: Mapping[Verdict, str] = {
    Verdict.KEPT: "green",
    Verdict.FACT: "green",
    Verdict.BROKEN: "bold red",
    Verdict.ATTESTED: "cyan",
    Verdict.NOT_PROVABLE: "yellow",
    Verdict.NOT_BUILT: "dim",
}


class NotWhole(TrothError):
    """`--sabotage`, `--report` and `--resume` speak of whole policies: leave `--only` away"""


def prove(
    names: Annotated[
        list[str] | None, typer.Argument(help="Policies, or policy files of your own; none: all of Troth's.")
    ] = None,
    *,
    only: Annotated[
        str,
        typer.Option(help="Only clauses and promises that fit: globs, such as '*.consent.*,*/switches/*'."),
    ] = "*",
    jobs: Annotated[int, typer.Option(min=1, max=32, help="How many trials at once.")] = 8,
    sabotage: Annotated[
        bool, typer.Option("--sabotage", help="Then take away what each promise rests on: it must break.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(help="A file that notes what is done; with it, go on where it was."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a signed report for auditors: one HTML file, zh and en.")
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(help="Verify a report instead: whether it is as it was signed.", exists=True),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="For --verify: the public key; else that of the keyring.", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try to break every promise on a scratch system, through users' doors; status 1 if one breaks."""
    if verify is not None:
        _verify(verify, key)
        return
    if only != "*" and (sabotage or report is not None or resume is not None):
        raise NotWhole
    from troth.main.prove import wanted

    found = wanted(names or [])
    began = datetime.now(UTC)
    results = _tried(found, Fits(only), jobs, sabotage=sabotage, resume=resume)
    shown = [replace(each, promises=_asked_for(each, only)) for each in results]
    if sabotage:
        _keep(shown)
    if report is not None:
        _write(report, shown, began)
    if as_json:
        typer.echo(json.dumps(_json(shown), indent=1, ensure_ascii=False))
    else:
        _show(Console(), shown)
    if any(each.verdict is Verdict.BROKEN for result in results for each in result.outcomes):
        raise typer.Exit(1)


class Fits:
    """Whether a clause, or a promise that it carries, is asked for; ``globs`` stand between commas."""

    def __init__(self, globs: str) -> None:
        self._globs = globs.split(",")

    def __call__(self, clause: Clause) -> bool:
        """Return whether it is."""
        return any(self.name(name) for name in (clause.id, *clause.promises))

    def name(self, name: str) -> bool:
        """Return whether a clause or a promise of that name is."""
        return any(fnmatch.fnmatchcase(name, glob) for glob in self._globs)


def _tried(
    found: Mapping[str, tuple[str, Compiled]], fits: Fits, jobs: int, *, sabotage: bool, resume: Path | None
) -> Sequence[Proven]:
    from troth.main.prove import Telling, proven
    from troth.main.sabotaging import sabotaged
    from troth.prove.record import Record

    trials = sum(planned(compiled, fits) for _, compiled in found.values())
    err = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("starting", total=trials)

        def say(what: str) -> None:
            progress.update(task, description=what)

        def tried(outcome: Outcome) -> None:
            progress.advance(task)
            if outcome.verdict is Verdict.BROKEN:
                _show_broken(err, outcome)

        def struck() -> None:
            progress.advance(task)

        def ahead(blows: int) -> None:
            progress.reset(task, total=blows)

        async def run() -> Sequence[Proven]:
            tell = Telling(say, tried, struck, ahead)
            record = Record(resume)
            results = await proven(found, only=fits, at_once=jobs, tell=tell, record=record)
            if not sabotage:
                return results
            return await sabotaged(found, results, record=record, at_once=jobs, tell=tell)

        return asyncio.run(run())


def _show_broken(out: Console, outcome: Outcome) -> None:
    out.print(f"[bold red]broken[/] {outcome.clause}: {outcome.scenario}", highlight=False)
    for line in outcome.lines:
        if not line.held:
            out.print(f"    {line.kind.value}: {line.what.en}: {line.seen}", highlight=False, markup=False)


def _asked_for(result: Proven, only: str) -> tuple[Judged, ...]:
    """Return the promises that were asked for: those that fit, or whose clauses do."""
    if only == "*":
        return result.promises
    return tuple(each for each in result.promises if each.outcomes or Fits(only).name(each.promise))


def _keep(results: Sequence[Proven]) -> None:
    """Write what was proven where `troth promises` looks for it; other policies keep what they had."""
    from troth.app.places import own_directory
    from troth.app.settings import Settings
    from troth.prove.told import proven

    file = own_directory(Settings.from_environ(os.environ).data) / "proven.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for each in results:
        if each.sabotage is not None:
            policy = each.compiled.policy
            told[policy.name] = {"digest": policy.digest, "promises": proven(each.promises, each.sabotage)}
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write(file: Path, results: Sequence[Proven], at: datetime) -> None:
    from troth.app.settings import Settings
    from troth.app.system import SIGNING
    from troth.ledger.signing import Signer
    from troth.prove.report import Chapter, signed

    told = Settings.from_environ(os.environ)
    signer = Signer.load(told.keyring / SIGNING, f"troth/{told.deployment}")
    chapters = [Chapter(each.compiled, each.promises, each.sabotage) for each in results]
    file.write_text(signed(chapters, at, signer), encoding="utf-8")


def _verify(file: Path, key: Path | None) -> None:
    from troth.edges.cli.keyfile import public_key
    from troth.ledger.signing import NotGenuine
    from troth.prove.report import verified

    try:
        said = verified(file.read_text(encoding="utf-8"), public_key(key))
    except NotGenuine as why:
        typer.echo(f"not genuine: {why}")
        raise typer.Exit(1) from None
    typer.echo(f"genuine report of {said['at']}: {', '.join(said['policies'])}")


def _json(results: Sequence[Proven]) -> dict[str, Any]:
    from troth.prove.told import as_json, total

    policies: dict[str, Any] = {
        each.compiled.policy.name: as_json(each.compiled, each.promises, each.sabotage) for each in results
    }
    sabotages = [each.sabotage for each in results if each.sabotage is not None]
    return {"policies": policies, "total": total(policies, sabotages)}


def _show(out: Console, results: Sequence[Proven]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("policy")
    for verdict in Verdict:
        table.add_column(verdict.value.replace("_", " "), justify="right", style=_COLOURS[verdict])
    for result in results:
        count = Counter(each.verdict for each in result.promises)
        table.add_row(result.compiled.policy.name, *(str(count[verdict]) for verdict in Verdict))
    out.print(table)
    reasons = Counter(str(each.why) for result in results for each in result.promises if each.why)
    for why, n in reasons.most_common():
        out.print(f"[dim]{n:4}[/] {why}", highlight=False)
    for result in results:
        _show_sabotage(out, result)


def _show_sabotage(out: Console, result: Proven) -> None:
    if result.sabotage is None:
        return
    from troth.prove.sabotage import Cell, matrix
    from troth.prove.told import proven

    rows = matrix([result.sabotage])
    struck = list(dict.fromkeys(by for row in rows.values() for by in row))
    table = Table(box=None, pad_edge=False, header_style="bold", title=None)
    table.add_column("trial")
    for by in struck:
        table.add_column(by, justify="right")
    for name, row in rows.items():
        cells = [row.get(by, Cell()) for by in struck]
        table.add_row(name, *(f"{cell.broken}/{cell.made}" if cell.made else "" for cell in cells))
    name, shown = result.compiled.policy.name, len(proven(result.promises, result.sabotage))
    out.print(f"\n[b]{name}[/b]: {shown} proven: kept, and broken once what they rest on was taken away")
    lost, sample = result.sabotage.collateral_percent, result.sabotage.sample
    out.print(f"{lost} % of a sample of {sample} trials that rest on something else broke too")
    out.print(table)
