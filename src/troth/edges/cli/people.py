"""`troth import`: the people of another system, from a file, with what they are known to have agreed to.

Reads the file and shows how far it is; who is stored, and with which of their consents, the door says.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from troth.terms import PolicyName, TrothError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.app.wiring import Troth
    from troth.subjects.imports import Line, Row
    from troth.subjects.imports import Progress as SoFar

LONGEST = 64 * 1024
_SEEN = ("version", "language", "at", "text_hash")
_COLUMNS = frozenset({"phone", "email", "items", "adult", "chosen", *(f"accepted_{each}" for each in _SEEN)})


class NotAFile(TrothError):
    """this is not a CSV or JSONL file of people: see docs/howto/import-people.md"""


def people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .csv or .jsonl file.")],
    policy: Annotated[str, typer.Option(help="The policy whose users they are.")],
    result: Annotated[
        Path | None, typer.Option(help="Where the lines that need asking go; else beside the file.")
    ] = None,
) -> None:
    """Take in an existing user base, with the consents that are known; what is unknown stays a no.

    May be killed and run again: it goes on where it stopped, and a second time it changes nothing.
    """
    from troth.app import litter
    from troth.edges.cli.running import with_system

    digest, count = _known(file)
    into = result or file.with_name(f"{file.name}.result.csv")

    async def work(troth: Troth) -> tuple[SoFar, Sequence[Line]]:
        done = None
        litter.settle()
        with Progress(
            *(TextColumn("taking people in"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            task = bar.add_task("", total=count)
            async for done in troth.import_people(PolicyName(policy), digest, rows(file)):
                bar.update(task, completed=done.reached)
        if done is None:
            raise AssertionError("an import says how far it is")
        return done, await troth.import_lines(PolicyName(policy), digest)

    done, lines = with_system(work)
    with into.open("w", encoding="utf-8", newline="") as out:
        told = csv.writer(out)
        told.writerow(("line", "outcome", "reason"))
        told.writerows(
            (one.line, "stored_without" if one.stored else "not_stored", one.reason) for one in lines
        )
    refused = done.reached - done.stored
    partly = len({one.line for one in lines if one.stored})
    typer.echo(f"rows {done.reached}; stored {done.stored}, of them without an unknown choice {partly}")
    typer.echo(f"not stored {refused}; lines and reasons: {into}")


def rows(file: Path) -> Iterator[Row]:
    """Yield every row of ``file`` with the line it ends on. Raises `NotAFile`."""
    match file.suffix.lower():
        case ".jsonl" | ".ndjson":
            return _jsonl(file)
        case ".csv":
            return _csv(file)
        case _:
            raise NotAFile


def _known(file: Path) -> tuple[bytes, int]:
    """Return the SHA-256 of the file's bytes, and about how many rows it has."""
    digest, newlines = hashlib.sha256(), 0
    with file.open("rb") as read:
        while piece := read.read(1 << 20):
            digest.update(piece)
            newlines += piece.count(b"\n")
    return digest.digest(), newlines


def _jsonl(file: Path) -> Iterator[Row]:
    from troth.subjects.imports import Row

    with file.open("rb") as read:
        for number, line in enumerate(read, 1):
            if not line.strip():
                continue
            said: object = None
            if len(line) <= LONGEST:
                try:
                    said = json.loads(line)
                except (ValueError, RecursionError):
                    said = None
            yield Row(number, said)


def _csv(file: Path) -> Iterator[Row]:
    from troth.subjects.imports import Row

    with file.open(encoding="utf-8-sig", errors="replace", newline="") as read:
        table = csv.reader(read, strict=True)
        columns = next(table, list[str]())
        if not columns or set(columns) - _COLUMNS or len(set(columns)) < len(columns):
            raise NotAFile(f"the first line names the columns, of these: {', '.join(sorted(_COLUMNS))}")
        while True:
            try:
                cells = next(table, None)
            except csv.Error:
                yield Row(table.line_num, None)
                continue
            if cells is None:
                return
            if cells:
                yield Row(table.line_num, _told(columns, cells))


def _told(columns: Sequence[str], cells: Sequence[str]) -> object:
    """Return a row of a table as an object of the other form, or None: malformed."""
    if len(cells) != len(columns):
        return None
    by = {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()}
    said: dict[str, object] = {key: by[key] for key in ("phone", "email", "adult") if key in by}
    seen: dict[str, object] = {key: by[f"accepted_{key}"] for key in _SEEN if f"accepted_{key}" in by}
    if str(seen.get("version", "")).isdecimal():
        seen["version"] = int(str(seen["version"]))
    said["accepted"] = seen
    try:
        said |= {key: json.loads(by[key]) for key in ("chosen", "items") if key in by}
    except (ValueError, RecursionError):
        return None
    return said
