"""The reference page of the command line, written from the commands: `docs/reference/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
import typer.main

_HEAD = """# The command line

Written from the commands in `troth.edges.cli` and `troth.main.commands`; edit there and run `make bless`.

A command finds the system as `troth serve` does, by the `TROTH_*` settings; without any, in the default
data folder. Exit status 0: done, or yes; 1: no, or it did not work, with a sentence; 2: not understood.
"""


def page(app: typer.Typer) -> str:
    """Return the page of ``app`` with every command that was added to it."""
    return "\n".join([_HEAD, *_commands(typer.main.get_command(app), "troth")]).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for word, one in sorted(inner.items()):
            yield from _commands(one, f"{name} {word}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = " ".join((p.name or "").upper() for p in arguments)
    yield f"## `{f'{name} {words}'.strip()}`"
    yield ""
    yield (command.help or "").strip()
    yield ""
    told_of = [one for one in command.params if one.name != "help"]
    for one in told_of:
        if one.name:
            told = (one.name or "").upper() if one in arguments else ", ".join(one.opts)
            must = " (needed)" if one.required and one not in arguments else ""
            yield f"- `{told}`{must}: {getattr(one, 'help', None) or 'see above'}"
    if told_of:
        yield ""
