"""`troth ropa`: the record of processing activities, as CSV or XLSX. Offline."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.edges.cli.policy import named
from troth.policy.words import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.policy.activities import Register
    from troth.terms import PolicyName

_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = {"activity": 24, "purpose": 28, "data": 60, "recipients": 40, "clauses": 60}


class Sheet(StrEnum):
    """What the record may be written as."""

    CSV = "csv"
    XLSX = "xlsx"


def ropa(
    policies: Annotated[list[str], typer.Argument(help="Policy files, or names such as kaiconn.")],
    *,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = Language.EN,
    form: Annotated[
        Sheet | None, typer.Option("--format", help="csv or xlsx; else by the name of --to, else csv.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Write here; CSV else to the terminal.", dir_okay=False)
    ] = None,
) -> None:
    """Write the record of processing activities (GDPR Art. 30(1)): a row for each purpose of each function.

    With the letter of the article over each column, the clauses behind each row, and the terms of the W3C
    Data Privacy Vocabulary 2.3.
    """
    from troth.policy.activities import register

    found = {compiled.policy.name: register(compiled, lang) for compiled in map(named, policies)}
    by_name = Sheet.XLSX if to is not None and to.suffix.lower() == ".xlsx" else Sheet.CSV
    if (form or by_name) is Sheet.XLSX:
        if to is None:
            raise typer.BadParameter("an XLSX file needs a place: add --to record.xlsx")
        _xlsx(found, to)
    else:
        text = _csv(found)
        if to is None:
            typer.echo(text, nl=False)
            return
        to.write_text(text, encoding="utf-8-sig", newline="")
    rows = sum(len(each.rows) for each in found.values())
    typer.echo(f"{to}: {rows} activities of {', '.join(found)}")


def _csv(found: Mapping[PolicyName, Register]) -> str:
    """Write one table; a cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    written = io.StringIO()
    out = csv.writer(written)
    headings = next(iter(found.values())).headings
    out.writerow(["policy", *headings])
    for name, register in found.items():
        for row in register.rows:
            out.writerow([name, *(f"'{cell}" if cell.startswith(_RUNS_AS_FORMULA) else cell for cell in row)])
    return written.getvalue()


def _xlsx(found: Mapping[PolicyName, Register], to: Path) -> None:
    """Write one sheet for each policy."""
    from troth.policy.activities import COLUMNS

    xlsxwriter: Any = import_module("xlsxwriter")  # it comes without types
    with xlsxwriter.Workbook(str(to), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        cell = book.add_format({"text_wrap": True, "valign": "top"})
        for name, register in found.items():
            sheet = book.add_worksheet(name[:31])
            for column, key in enumerate(COLUMNS):
                sheet.set_column(column, column, _WIDTHS.get(key, 20))
            sheet.write_row(0, 0, list(register.headings), head)
            for line, row in enumerate(register.rows, start=1):
                sheet.write_row(line, 0, list(row), cell)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(register.rows), len(COLUMNS) - 1)
