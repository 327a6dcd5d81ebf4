"""`troth prove` as a command: what it is told, how it shows progress, what it prints and leaves behind."""

from __future__ import annotations

import asyncio
import fnmatch
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from troth.prove.proof import Verdict, planned

if TYPE_CHECKING:
    from troth.main.prove import Proven
    from troth.policy.clauses import Clause
    from troth.prove.proof import Judged, Outcome

_COLOURS: Mapping[Verdict, str] = {
    Verdict.KEPT: "green",
    Verdict.FACT: "green",
    Verdict.BROKEN: "bold red",
    Verdict.ATTESTED: "cyan",
    Verdict.NOT_PROVABLE: "yellow",
    Verdict.NOT_BUILT: "dim",
}


def prove(
    names: Annotated[
        list[str] | None, typer.Argument(help="Policies, or policy files of your own; none: all of Troth's.")
    ] = None,
    *,
    only: Annotated[
        str, typer.Option(help="Only clauses and promises that fit, such as '*.consent.*' or '*/switches/*'.")
    ] = "*",
    jobs: Annotated[int, typer.Option(min=1, max=32, help="How many trials at once.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try to break every promise on a scratch system, through users' doors; status 1 if one breaks."""
    from troth.main.prove import proven, wanted

    found, fits = wanted(names or []), Fits(only)
    trials = sum(planned(compiled, fits) for _, compiled in found.values())
    err = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("starting", total=trials)

        def say(what: str) -> None:
            progress.update(task, description=what)

        def done(_name: str, outcome: Outcome) -> None:
            progress.advance(task)
            if outcome.verdict is Verdict.BROKEN:
                _show_broken(err, outcome)

        results = asyncio.run(proven(found, only=fits, at_once=jobs, say=say, done=done))
    if as_json:
        shown = {each.compiled.policy.name: _as_json(each, only) for each in results}
        typer.echo(json.dumps(shown, indent=1))
    else:
        _show(Console(), results, only)
    if any(each.verdict is Verdict.BROKEN for result in results for each in result.outcomes):
        raise typer.Exit(1)


class Fits:
    """Whether a clause, or a promise that it carries, is asked for."""

    def __init__(self, glob: str) -> None:
        self._glob = glob

    def __call__(self, clause: Clause) -> bool:
        """Return whether it is."""
        return any(fnmatch.fnmatchcase(name, self._glob) for name in (clause.id, *clause.promises))


def _show_broken(out: Console, outcome: Outcome) -> None:
    out.print(f"[bold red]broken[/] {outcome.clause}: {outcome.scenario}", highlight=False)
    for line in outcome.lines:
        if not line.held:
            out.print(f"    {line.kind.value}: {line.what.en}: {line.seen}", highlight=False, markup=False)


def _judged(result: Proven, only: str) -> Sequence[Judged]:
    """Return the promises that were asked for: those that fit, or whose clauses do."""
    if only == "*":
        return result.promises
    return [each for each in result.promises if each.outcomes or fnmatch.fnmatchcase(each.promise, only)]


def _show(out: Console, results: Sequence[Proven], only: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("policy")
    for verdict in Verdict:
        table.add_column(verdict.value.replace("_", " "), justify="right", style=_COLOURS[verdict])
    for result in results:
        count = Counter(each.verdict for each in _judged(result, only))
        table.add_row(result.compiled.policy.name, *(str(count[verdict]) for verdict in Verdict))
    out.print(table)
    reasons = Counter(each.why for result in results for each in _judged(result, only) if each.why)
    for why, n in reasons.most_common():
        out.print(f"[dim]{n:4}[/] {why}", highlight=False)


def _as_json(result: Proven, only: str) -> dict[str, object]:
    rows = _judged(result, only)
    return {
        "version": result.compiled.policy.version,
        "digest": result.compiled.policy.digest,
        "verdicts": Counter(each.verdict.value for each in rows),
        "promises": [_promise(each) for each in rows],
    }


def _promise(each: Judged) -> dict[str, object]:
    return {
        "promise": each.promise,
        "verdict": each.verdict.value,
        "why": each.why,
        "tried": [
            {
                "clause": outcome.clause,
                "scenario": outcome.scenario,
                "verdict": outcome.verdict.value,
                "why_not": outcome.why_not,
                "ms": outcome.ms,
                "lines": [
                    {"kind": line.kind.value, "what": line.what.en, "seen": line.seen, "held": line.held}
                    for line in outcome.lines
                ],
            }
            for outcome in each.outcomes
        ],
    }
