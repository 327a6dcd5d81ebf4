"""The program `troth`: finds the command, and tells a failure that has a sentence as one.

`serve` is looked for alone: who keeps a system up stays as long as it does, and the other commands know most
of Troth.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from troth.main.statuses import CUT_SHORT
from troth.terms import TrothError

if TYPE_CHECKING:
    import typer


def run() -> None:
    """Be the program: exit status 1 for a failure that has a sentence."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        _commands(sys.argv[1:2])()
    except TrothError as error:
        _say(str(error))
        sys.exit(1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        if error.filename is None:
            raise
        _say(f"{error.filename}: {(error.strerror or '').lower()}; name another place, or see who may use it")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(CUT_SHORT)


def _say(sentence: str) -> None:
    console = Console(stderr=True)
    console.print(f"[red]troth:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)


def _commands(first: list[str]) -> typer.Typer:
    if first == ["serve"]:
        from troth.main.serving import app
    else:
        from troth.main.commands import app
    return app


if __name__ == "__main__":
    run()
