"""A whole system as processes: services, workers and the API, in order up and in reverse order down.

Composes; decides nothing. What each process does is in `process.py`; who keeps it up is the supervisor.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from troth.app import policies, tls, ways
from troth.app.backup.restore import refuse_unfinished
from troth.app.embedded import authority
from troth.app.embedded.nats import Nats
from troth.app.embedded.postgres import Postgres
from troth.app.places import own_directory
from troth.app.ports import free_port, must_be_free
from troth.app.prepare import make_room
from troth.app.settings import TLS, BadSetting, Settings
from troth.app.supervisor import Child, Supervisor
from troth.app.ways import Part
from troth.app.wiring import prepare
from troth.terms import TrothError

_LOG = logging.getLogger("troth.running")
_UPKEEP_S = 3600
_HTTP_OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class System:
    """A running system: where it listens, what it was told, and who keeps it up."""

    settings: Settings
    supervisor: Supervisor

    @property
    def base_url(self) -> str:
        """Where the API and the page listen."""
        scheme = "https" if self.settings.tls else "http"
        return f"{scheme}://{self.settings.http_host}:{self.settings.http_port}"

    @property
    def authority(self) -> Path | None:
        """Which file others need to check our certificate; None where they know its authority already."""
        return self.settings.papers.authority if self.settings.papers else None

    def signal_workers(self, number: signal.Signals) -> None:
        """Send a signal to every worker process."""
        for health in self.supervisor.health():
            if health.name.startswith("worker") and health.pid:
                os.kill(health.pid, number)


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    entry: tuple[str, ...] = ("troth.main.process",),
    patience_s: float = 30,
    say: Callable[[str], None],
) -> AsyncGenerator[System]:
    """Bring a system up and hand it over; take it down on leaving.

    ``entry`` is the module (and its first words) that each of our processes runs, which may take
    ``patience_s`` to come up; ``say`` is told what is being waited for. Services that ``settings`` names by
    address are used as they are.
    """
    own_directory(settings.data)
    refuse_unfinished(settings.data)
    async with Supervisor() as supervisor:
        papers = certified(settings)
        reading = asyncio.create_task(asyncio.to_thread(policies.in_force, settings.policies))
        settings = await _services(settings, supervisor, say)  # meanwhile the policies are read
        say("bringing the schema up to date")
        await prepare(settings, await reading)
        must_be_free(settings.http_host, settings.http_port, "TROTH_HTTP_PORT")
        say("starting the workers and the API")
        async with asyncio.TaskGroup() as group:
            for number in range(1, settings.workers + 1):
                worker = replace(_worker(settings, entry, number), patience_s=patience_s)
                group.create_task(supervisor.add(worker))
            group.create_task(supervisor.add(replace(_api(settings, entry), patience_s=patience_s)))
        stop = asyncio.Event()
        upkeep = asyncio.create_task(upkeep_until(stop, settings, _Certificate(settings, supervisor, papers)))
        try:
            yield System(settings, supervisor)
        finally:
            stop.set()
            await asyncio.wait({upkeep})  # never cancelled: what it has in hand is finished, or times out


def certified(settings: Settings) -> bytes:
    """See to it that our listeners have what they show, making or renewing what is ours; return it.

    Raises `UnfitTls` for files that are no certificate with its key.
    """
    papers = settings.papers
    if papers is None:
        return b""
    if papers.authority is not None:
        names = authority.names(settings.tls_names, (settings.http_host, settings.mqtt_host))
        authority.ensure(settings.data / TLS, names, authority.now())
    tls.listening(papers)
    return papers.certificate.read_bytes()


class _Certificate:
    """What the listeners show; they are told when it has changed, by us or by who renews the given one."""

    def __init__(self, settings: Settings, supervisor: Supervisor, shown: bytes) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._shown = shown

    def renew(self) -> None:
        """Renew what is due, and let the API and the broker read a changed certificate again."""
        found = certified(self._settings)
        if found == self._shown:
            return
        self._shown = found
        for health in self._supervisor.health():
            if health.name in {"api", "nats"} and health.pid:
                os.kill(health.pid, signal.SIGHUP)


async def upkeep_until(
    stop: asyncio.Event, settings: Settings, certificate: _Certificate | None = None
) -> None:
    """Make room ahead, again and again: partitions are the owner's to make, and no worker has that role.

    And renew the certificate before it ends.
    """
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _UPKEEP_S)
            return
        try:
            await make_room(settings)
        except Exception as error:  # noqa: BLE001 - rows still go to the rest partition; the next hour tries again
            _LOG.warning("no room was made ahead: %s", type(error).__name__)
        try:
            if certificate is not None:
                certificate.renew()
        except (OSError, TrothError) as error:
            _LOG.warning("the certificate was not renewed: %s", type(error).__name__)


async def _services(settings: Settings, supervisor: Supervisor, say: Callable[[str], None]) -> Settings:
    """Start what is to be embedded; return the settings with every address filled in."""
    if settings.dsn is None:
        say("starting PostgreSQL")
        postgres = Postgres(settings.data / "postgres")
        await supervisor.add(postgres.child)
        settings = settings.with_database(postgres.dsn)
    elif settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: name the role that owns the schema, for migrations")
    if settings.nats_url is None:
        say("starting the broker, and proving that its store is encrypted")
        nats = Nats(
            settings.data / "nats",
            settings.keyring,
            name=settings.deployment,
            nats_port=settings.nats_port,
            mqtt_host=settings.mqtt_host,
            mqtt_port=settings.mqtt_port,
            papers=settings.papers,
        )
        await supervisor.add(nats.child)
        settings = replace(settings, nats_url=nats.url, mqtt_port=nats.mqtt_port)
    if not settings.http_port:
        settings = replace(settings, http_port=free_port(settings.http_host))
    return settings


def child_environment(
    settings: Settings, environ: Mapping[str, str], part: Part = Part.COMMAND
) -> Mapping[str, str]:
    """Return all that a process of ours is told: the resolved addresses, never the owner's connection."""
    told = {
        name: said
        for name, said in ways.told(settings, environ, part).items()
        if not name.startswith("TROTH_TLS")  # names are for who makes the certificate: that is done
    }
    if settings.outbox_url:
        told["TROTH_OUTBOX_URL"] = settings.outbox_url
    if settings.policies:
        told["TROTH_POLICIES"] = str(settings.policies)
    if "TMPDIR" in environ:
        told["TMPDIR"] = environ["TMPDIR"]
    if settings.clock:
        told["TROTH_CLOCK"] = str(settings.clock)
    if settings.tls_cert and settings.tls_key:
        told |= {"TROTH_TLS_CERT": str(settings.tls_cert), "TROTH_TLS_KEY": str(settings.tls_key)}
    return told | {
        "TROTH_DATA": str(settings.data),
        "TROTH_KEYRING": str(settings.keyring),
        "TROTH_DEPLOYMENT": settings.deployment,
        "TROTH_REGION": settings.region,
        "TROTH_HTTP_HOST": settings.http_host,
        "TROTH_HTTP_PORT": str(settings.http_port),
        "TROTH_TLS": "on" if settings.tls else "off",
        "TROTH_MQTT_HOST": settings.mqtt_host,
        "TROTH_MQTT_PORT": str(settings.mqtt_port),
        "TROTH_NATS_URL": settings.nats_url or "",
        "TROTH_MEDIA_QUOTA": str(settings.media_quota),
        "TROTH_WORKERS": str(settings.workers),
        "PATH": environ.get("PATH", ""),
        "PYTHONUNBUFFERED": "1",
    }


def _process(settings: Settings, entry: tuple[str, ...], *words: str) -> tuple[tuple[str, ...], Path]:
    module, *first = entry
    log = own_directory(settings.data / "logs") / f"{'-'.join(words)}.log"
    return (sys.executable, "-m", module, *first, *words), log


def _worker(settings: Settings, entry: tuple[str, ...], number: int) -> Child:
    argv, log = _process(settings, entry, "worker", str(number))
    sign = ready_sign(settings, number)

    async def fresh() -> None:
        sign.unlink(missing_ok=True)

    async def ready() -> bool:
        return sign.exists()

    return Child(
        name=f"worker-{number}",
        argv=argv,
        log=log,
        before=fresh,
        ready=ready,
        environment=child_environment(settings, os.environ, Part.WORKER),
    )


def ready_sign(settings: Settings, number: int) -> Path:
    """Return the empty file by which a worker says that it takes work."""
    return own_directory(settings.data / "run") / f"worker-{number}.ready"


def _api(settings: Settings, entry: tuple[str, ...]) -> Child:
    argv, log = _process(settings, entry, "api")

    papers = settings.papers

    async def ready() -> bool:
        with suppress(OSError):
            knock = tls.pinned(papers) if papers else None
            reader, writer = await asyncio.open_connection(
                settings.http_host,
                settings.http_port,
                ssl=knock,
                server_hostname="localhost" if knock else None,
            )
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            try:
                return (await reader.read(len(_HTTP_OK))) == _HTTP_OK
            finally:
                writer.close()
        return False

    told = child_environment(settings, os.environ, Part.API)
    return Child(name="api", argv=argv, log=log, ready=ready, environment=told)
