"""`troth promises`: how far the promises of the published texts are kept, by policy, and which are not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from troth.edges.cli.policy import named

if TYPE_CHECKING:
    from troth.policy.clauses import Policy
    from troth.policy.mutation import Missed
    from troth.policy.promises import Kept

_COLUMNS = ("promises", "expressed", "enforced", "proven", "attested")


def promises(
    names: Annotated[
        list[str] | None, typer.Argument(help="Policies, or policy files of your own; none: all seven.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    not_kept: Annotated[
        bool, typer.Option("--not-kept", help="List each promise that is not enforced: why, and its clauses.")
    ] = False,
    proven: Annotated[
        Path | None, typer.Option(help="What a proof wrote; else proven.json in the data folder.")
    ] = None,
) -> None:
    """Count the promises of each text: carried by a clause, enforced by one, proven on a running system.

    Enforced: some decision, deadline, store rule or answer changes when the clause is taken away; each one is
    taken away to see. Attested: only evidence on paper can show it. Not kept: by reason.
    """
    from troth.policy.promises import report, tally, total

    found = {name: (policy, ids) for name, policy, ids in _wanted(names)}
    digests = {name: policy.digest for name, (policy, _) in found.items() if policy is not None}
    shown = _proven(proven, digests)
    kept = {name: _measured(policy, ids) for name, (policy, ids) in found.items()}
    rows = {name: tally(each, shown) for name, each in kept.items()}
    missing = [each for row in kept.values() for each in row if each.reason is not None]
    if as_json:
        more = {"not_kept": [_why(each) for each in missing]} if not_kept else {}
        typer.echo(json.dumps(report(rows) | more, indent=1))
        return
    Console().print(_table(rows, total(rows.values())))
    for each in missing if not_kept else ():
        typer.echo(f"{each.promise}: {str(each.reason).replace('_', ' ')}")
        for clause in each.clauses:
            typer.echo(f"    {clause.id}  {clause.at.file}:{clause.at.line}:{clause.at.column}")


def _wanted(
    names: list[str] | None,
) -> Iterator[tuple[str, Policy | None, tuple[str, ...] | None]]:
    """Yield each policy that is asked for; without a text of ours, there is none to measure yet."""
    from troth.app import policies
    from troth.app.promises import listed

    known, written = listed(), policies.names()
    for name in names or [*known, *(each for each in written if each not in known)]:
        unwritten = name in known and name not in written
        policy = None if unwritten else named(name).policy
        title = name if policy is None else policy.name
        yield title, policy, known.get(title)


def _proven(file: Path | None, digests: Mapping[str, str]) -> frozenset[str]:
    from troth.app.promises import proven
    from troth.app.settings import Settings

    if file is None:
        file = Settings.from_environ(os.environ).data / "proven.json"
        if not file.exists():
            return frozenset()
    return proven(file, digests)


def _measured(policy: Policy | None, ids: tuple[str, ...] | None) -> tuple[Kept, ...]:
    from troth.gate.decide import decide
    from troth.policy.promises import measured, unwritten

    if policy is None:
        return unwritten(ids or ())
    with Progress(console=Console(stderr=True), transient=True) as progress:

        def watch(examined: Iterator[Missed]) -> Iterator[Missed]:
            return iter(progress.track(examined, len(policy.clauses), description=policy.name))

        return measured(policy, decide, ids, watch)


def _why(kept: Kept) -> dict[str, object]:
    return {
        "promise": kept.promise,
        "reason": str(kept.reason),
        "clauses": [
            {"clause": each.id, "file": each.at.file, "line": each.at.line, "column": each.at.column}
            for each in kept.clauses
        ],
    }


def _table(rows: Mapping[str, Mapping[str, object]], total: Mapping[str, object]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("policy", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("not kept", no_wrap=True)
    for name, row in rows.items():
        table.add_row(name, *_cells(row), end_section=name == [*rows][-1])
    table.add_row("total", *_cells(total), style="bold")
    return table


def _cells(row: Mapping[str, object]) -> Iterator[str]:
    for column in _COLUMNS:
        yield str(row[column])
    reasons = cast("Mapping[str, int]", row["not_kept"])
    yield "\n".join(f"{n} {why.replace('_', ' ')}" for why, n in reasons.items())
