"""The program `troth`: finds the command, and tells a failure that has a sentence as one.

`serve` is looked for alone: who keeps a system up stays as long as it does, and the other commands know most
of Troth.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from troth.terms import TrothError

if TYPE_CHECKING:
    import typer


def run() -> None:
    """Be the program: exit status 1 for a failure that has a sentence."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        _commands(sys.argv[1:2])()
    except TrothError as error:
        Console(stderr=True).print(f"[red]troth:[/red] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


def _commands(first: list[str]) -> typer.Typer:
    if first == ["serve"]:
        from troth.main.serving import app
    else:
        from troth.main.commands import app
    return app


if __name__ == "__main__":
    run()
