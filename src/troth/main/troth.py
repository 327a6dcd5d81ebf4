"""The program `troth`: the command line of `edges/cli`, and the two commands that start processes.

Composes; what a command does is where its noun lives.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from troth.app.settings import BadSetting, Settings
from troth.edges.cli.app import app
from troth.main.backups import backup, restore
from troth.main.proving import prove
from troth.main.running import System, running
from troth.terms import TrothError

if TYPE_CHECKING:
    from troth.prove.story.telling import Line, Telling

_CUT_SHORT = 130
"""The exit status of who did not wait for an orderly end."""
_HttpPort = Annotated[int | None, typer.Option(help="Where the API and the page listen; 0 takes a free one.")]
_MqttPort = Annotated[int | None, typer.Option(help="Where devices connect; 0 takes a free one.")]
_Data = Annotated[Path | None, typer.Option(help="The folder for everything that is kept.")]


@app.command()
def serve(
    *,
    data: _Data = None,
    http_port: _HttpPort = None,
    mqtt_port: _MqttPort = None,
    cert: Annotated[
        Path | None, typer.Option(help="A certificate of your own, followed by its chain (PEM).")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="No TLS, for this machine alone.")] = False,
) -> None:
    """Run a system: database and broker (embedded, unless settings name others), workers, API and page."""
    console = Console(stderr=True)
    settings = Settings.from_environ(
        os.environ,
        data=data.resolve() if data else None,
        http_port=http_port,
        mqtt_port=mqtt_port,
        tls="off" if plain else None,
        tls_cert=cert.resolve() if cert else None,
        tls_key=key.resolve() if key else None,
    )
    if settings.clock is not None:
        raise BadSetting("TROTH_CLOCK is for the demo and the proof: a served system keeps real time")

    async def until_stopped(stop: asyncio.Event) -> None:
        async with running(settings, say=lambda what: console.print(f"[dim]{what}[/dim]")) as system:
            console.print(f"the API and the page: [b]{system.base_url}[/b]")
            how = "MQTT over TLS" if system.settings.tls else "MQTT"
            console.print(f"devices, {how}: {system.settings.mqtt_host}:{system.settings.mqtt_port}")
            if system.authority:
                console.print(f"devices and browsers check them with {system.authority}")
            if system.settings.outbox_url is None:
                console.print(
                    "TROTH_OUTBOX_URL is not set: codes are kept until they lapse and reach nobody, "
                    "so no one can finish registering"
                )
            await _invite_first(system, console)
            console.print(f"everything is kept in {system.settings.data}; stop with Ctrl-C")
            await stop.wait()
            console.print("[dim]stopping[/dim]")

    _until_stopped(until_stopped)


async def _invite_first(system: System, console: Console) -> None:
    """Print the setup code of the first administrator, as long as nobody can come to the desk."""
    from troth.app.wiring import Troth

    async with Troth.open(replace(system.settings, nats_url=None)) as troth:
        invited = await troth.first_invitation()
    if invited is not None:
        desk = f"{system.base_url.replace('127.0.0.1', 'localhost')}/desk/join"
        console.print(f"nobody is at the desk yet: open [b]{desk}[/b]")
        console.print(f"and enter [b]{invited.code}[/b], once", highlight=False)


app.command()(prove)
app.command()(backup)
app.command()(restore)


@app.command()
def demo(
    *,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS, as a served system does.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the lines, as JSON.")] = False,
    data: _Data = None,
    http_port: _HttpPort = None,
    mqtt_port: _MqttPort = None,
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

    _until_stopped(lambda stop: _either(tell(), stop.wait()))
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


def _until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run ``work`` with an event that Ctrl-C or SIGTERM sets; a second Ctrl-C cuts it short."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def asked() -> None:
            if stop.is_set() and task is not None:
                task.cancel()
            stop.set()

        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, asked)
        await work(stop)

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        raise typer.Exit(_CUT_SHORT) from None


def run() -> None:
    """Be the program: a failure that has a sentence is told as one, with exit status 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except TrothError as error:
        _say(str(error))
        sys.exit(1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        if error.filename is None:
            raise
        _say(f"{error.filename}: {(error.strerror or '').lower()}; name another place, or see who may use it")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_CUT_SHORT)


def _say(sentence: str) -> None:
    console = Console(stderr=True)
    console.print(f"[red]troth:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run()
