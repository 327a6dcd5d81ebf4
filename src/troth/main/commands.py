"""Every command of the program `troth`: the command line of `edges/cli`, and those that start processes.

Composes; what a command does is where its noun lives.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from troth.edges.cli.app import app
from troth.main.backups import backup, restore
from troth.main.proving import prove
from troth.main.serving import Data, HttpPort, MqttPort, serve, until_stopped

if TYPE_CHECKING:
    from troth.prove.story.telling import Line, Telling

app.command()(serve)
app.command()(prove)
app.command()(backup)
app.command()(restore)


@app.command()
def demo(
    *,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS, as a served system does.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the lines, as JSON.")] = False,
    data: Data = None,
    http_port: HttpPort = None,
    mqtt_port: MqttPort = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Take out this enforcement point and see its step fail.")
    ] = None,
) -> None:
    """Tell one policy's story on real components: what was expected, what was seen, which clause decided."""
    from troth.main.demo import Wishes, default_folder, told
    from troth.prove.story import living
    from troth.prove.story.living import Life

    out, err = Console(), Console(stderr=True)
    wishes = Wishes(
        data=(data or default_folder(os.environ)).resolve(),
        http_port=http_port or 0,
        mqtt_port=mqtt_port or 0,
        tls=tls,
        without=tuple(without or ()),
    )
    kept: list[Telling] = []

    async def tell() -> None:
        with err.status("") as status:

            def say(what: str) -> None:
                status.update(f"[dim]{what}[/dim]")
                if not what:  # the story begins, and shows its own progress
                    status.stop()

            shows = say if err.is_terminal else _ignore
            async with told(wishes, _ignore if as_json else _show(out), shows) as (telling, stage, system):
                kept.append(telling)
                if as_json:
                    sys.stdout.write(json.dumps([line.as_json() for line in telling.lines], indent=1) + "\n")
                else:
                    _sum_up(out, telling)
                if not once:
                    life = Life(stage)
                    await life.settle()
                    page = err if as_json else out  # standard output is for the JSON alone
                    page.print(f"\nthe privacy page: [b]{system.base_url}[/b]")
                    page.print(
                        f"sign in with [b]{living.PHONE}[/b] and [b]{living.PASSWORD}[/b]; Ctrl-C ends"
                    )
                    await life.go_on()

    until_stopped(lambda stop: _either(tell(), stop.wait()))
    if not kept or not kept[0].held:
        raise typer.Exit(1)


def _ignore(_what: object) -> None:
    """Show nothing."""


def _show(out: Console) -> Callable[[Line], None]:
    """Return what prints a line of the story: expected and time, beneath it what was seen and the clause."""
    from troth.prove.story.telling import TITLES

    step = ""

    def show(line: Line) -> None:
        nonlocal step
        if line.step != step:
            step = line.step
            out.print(f"\n[b]{step}[/b]  {TITLES.get(step, '')}", highlight=False)
        mark = "[green]✓[/green]" if line.held else "[b red]✗[/b red]"
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(width=4, justify="right")
        row.add_column(ratio=1)
        row.add_column(width=9, justify="right")
        row.add_row(mark, line.expected if line.held else f"[red]{line.expected}[/red]", f"{line.ms:,} ms")
        row.add_row("", f"[dim]{escape(line.seen)}[/dim]", "")
        if line.clause:
            row.add_row("", f"[cyan]{line.clause}[/cyan]", "")
        out.print(row)

    return show


def _sum_up(out: Console, telling: Telling) -> None:
    held = sum(line.held for line in telling.lines)
    took = sum(line.ms for line in telling.lines) / 1000
    colour = "green" if telling.held else "red"
    out.print(f"\n[b {colour}]{held} of {len(telling.lines)} held[/b {colour}] in {took:.0f} s")


async def _either(*works: Awaitable[object]) -> None:
    """Run until the first of ``works`` ends, and end the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
