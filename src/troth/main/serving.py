"""`troth serve`: one system, up until it is told to stop.

Composes, and imports little: this process is the supervisor, which is there as long as the system is.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from troth.app.settings import BadSetting, Settings
from troth.main.running import System, running
from troth.main.statuses import CUT_SHORT

HttpPort = Annotated[int | None, typer.Option(help="Where the API and the page listen; 0 takes a free one.")]
MqttPort = Annotated[int | None, typer.Option(help="Where devices connect; 0 takes a free one.")]
Data = Annotated[Path | None, typer.Option(help="The folder for everything that is kept.")]

app = typer.Typer(name="troth", add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _program() -> None:
    """Keep `serve` a command among others, as it is in `commands`."""


@app.command()
def serve(
    *,
    data: Data = None,
    http_port: HttpPort = None,
    mqtt_port: MqttPort = None,
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

    async def work(stop: asyncio.Event) -> None:
        def say(what: str) -> None:
            console.print(f"[dim]{what}[/dim]")

        async with running(settings, invite=True, say=say) as system:
            _tell(system, console)
            await stop.wait()
            console.print("[dim]stopping[/dim]")

    until_stopped(work)


def _tell(system: System, console: Console) -> None:
    """Say where the system is, and to nobody but who started it how its first administrator comes in."""
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
    if system.invitation:
        desk = f"{system.base_url.replace('127.0.0.1', 'localhost')}/desk/join"
        console.print(f"nobody is at the desk yet: open [b]{desk}[/b]")
        console.print(f"and enter [b]{system.invitation}[/b], once", highlight=False)
    console.print(f"everything is kept in {system.settings.data}; stop with Ctrl-C")


def until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
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
        raise typer.Exit(CUT_SHORT) from None
