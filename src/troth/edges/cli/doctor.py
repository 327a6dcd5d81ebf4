"""`troth doctor`: the checks of a deployment, one line each, with what to do next. Status 1 if one failed."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from troth.app.doctor.finding import Finding

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def doctor(
    backups: Annotated[Path | None, typer.Option(help="The folder of your backups of data.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Without reading the whole ledger.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at a running deployment: files, keys, certificate, space, backups, services, policies, ledger."""
    from rich.console import Console

    found = asyncio.run(_all(backups.resolve() if backups else None, quick=quick))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        out = Console(highlight=False, soft_wrap=True)
        for one in found:
            mark, colour = _MARKS[one.verdict.value]
            out.print(f"[{colour}]{mark}[/] [b]{one.check}[/b]  ", end="")
            out.print(one.seen, markup=False)
            if one.then:
                out.print(f"    {one.then}", markup=False)
    if any(one.verdict.value == "failed" for one in found):
        raise typer.Exit(1)


async def _all(backups: Path | None, *, quick: bool) -> Sequence[Finding]:
    from troth.app.doctor import here, there
    from troth.app.embedded.authority import now
    from troth.app.settings import Settings
    from troth.edges.cli.running import settings, signs

    told, moment = settings(), now()
    found = [
        here.modes(told),
        here.keyring(told),
        here.certificate(told.papers, moment),
        here.space(told),
        here.backups(backups, moment),
        here.stream_key(told, embedded=Settings.from_environ(os.environ).nats_url is None),
        here.workers(told, signs(told), moment),
        *await there.database(told),
        await there.clocks(told),
        *await there.api(told),
    ]
    return found if quick else [*found, await there.ledger(told)]
