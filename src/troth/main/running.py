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
from dataclasses import dataclass, field, replace
from pathlib import Path

from troth.app import tls, ways
from troth.app.backup.unfinished import refuse_unfinished
from troth.app.embedded import authority
from troth.app.embedded.nats import Nats
from troth.app.embedded.postgres import Postgres
from troth.app.places import own_directory
from troth.app.ports import free_port, must_be_free
from troth.app.settings import TLS, BadSetting, Settings
from troth.app.supervisor import Child, Supervisor
from troth.app.ways import Part
from troth.main.errand import errand, invited
from troth.terms import TrothError

_LOG = logging.getLogger("troth.running")
_UPKEEP_S = 3600
_HTTP_OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class System:
    """A running system: where it listens, what it was told, and who keeps it up."""

    settings: Settings
    supervisor: Supervisor
    invitation: str | None = field(default=None, repr=False)
    """The setup code of the first administrator, as long as nobody can come to the desk."""

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
    invite: bool = False,
    say: Callable[[str], None],
) -> AsyncGenerator[System]:
    """Bring a system up and hand it over; take it down on leaving.

    ``entry`` is the module (and its first words) that each of our processes runs; ``say`` is told what is
    being waited for. Services that ``settings`` names by address are used as they are. With ``invite``, the
    first administrator is invited.
    """
    own_directory(settings.data)
    refuse_unfinished(settings.data)
    async with Supervisor() as supervisor:
        settings, papers, invitation = await _founded(settings, supervisor, say, invite=invite)
        must_be_free(settings.http_host, settings.http_port, "TROTH_HTTP_PORT")
        say("starting the workers and the API")
        async with _side_by_side() as group:
            for number in range(1, settings.workers + 1):
                group.create_task(supervisor.add(_worker(settings, entry, number)))
            group.create_task(supervisor.add(_api(settings, entry)))
        stop = asyncio.Event()
        upkeep = asyncio.create_task(upkeep_until(stop, settings, _Certificate(settings, supervisor, papers)))
        try:
            yield System(settings, supervisor, invitation)
        finally:
            stop.set()
            await asyncio.wait({upkeep})  # never cancelled: what it has in hand is finished, or times out


@asynccontextmanager
async def _side_by_side() -> AsyncGenerator[asyncio.TaskGroup]:
    """Wait for all that is begun inside; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _founded(
    settings: Settings, supervisor: Supervisor, say: Callable[[str], None], *, invite: bool
) -> tuple[Settings, bytes, str | None]:
    """Start what is to be embedded, and bring the schema up to date.

    Return the settings with every address filled in, the certificate that is shown, and the invitation.
    """
    settings, postgres = _database(settings)
    words = ("prepare", "invite") if invite else ("prepare",)
    async with errand(*words, environment=_as_owner(settings)) as schema:  # it reads the policies meanwhile
        papers = certified(settings)
        settings, broker = _broker(settings)
        said: list[str] = []

        async def found() -> None:
            if postgres is not None:
                say("starting PostgreSQL")
                await supervisor.add(postgres)
            say("bringing the schema up to date")
            said.append(await schema.done())

        async def stream() -> None:
            if broker is not None:
                say("starting the broker, and proving that its store is encrypted")
                await supervisor.add(broker)

        async with _side_by_side() as group:
            group.create_task(found())
            group.create_task(stream())
    if not settings.http_port:
        settings = replace(settings, http_port=free_port(settings.http_host))
    return settings, papers, invited(said[0])


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


async def make_room(settings: Settings) -> None:
    """Make room ahead, by an errand: it needs the policies, and the owner's role. Raises `Failed`."""
    async with errand("room", environment=_as_owner(settings)) as room:
        await room.done()


def _database(settings: Settings) -> tuple[Settings, Child | None]:
    """Return the settings with the ways into the database, and the server that is to be started for it."""
    if settings.dsn is None:
        postgres = Postgres(settings.data / "postgres")
        return settings.with_database(postgres.dsn), postgres.child
    if settings.owner_dsn is None:
        raise BadSetting("TROTH_OWNER_DSN is not set: name the role that owns the schema, for migrations")
    return settings, None


def _broker(settings: Settings) -> tuple[Settings, Child | None]:
    """Return the settings with the broker's address, and the broker that is to be started for it."""
    if settings.nats_url is not None:
        return settings, None
    nats = Nats(
        settings.data / "nats",
        settings.keyring,
        name=settings.deployment,
        nats_port=settings.nats_port,
        mqtt_host=settings.mqtt_host,
        mqtt_port=settings.mqtt_port,
        papers=settings.papers,
    )
    return replace(settings, nats_url=nats.url, mqtt_port=nats.mqtt_port), nats.child


def child_environment(
    settings: Settings, environ: Mapping[str, str], part: Part = Part.COMMAND
) -> Mapping[str, str]:
    """Return all that a process of ours is told: the resolved addresses, and the ways in of its part."""
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
    if settings.nats_url:
        told["TROTH_NATS_URL"] = settings.nats_url
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
        "TROTH_MEDIA_QUOTA": str(settings.media_quota),
        "TROTH_WORKERS": str(settings.workers),
        "PATH": environ.get("PATH", ""),
        "PYTHONUNBUFFERED": "1",
    }


def _as_owner(settings: Settings) -> Mapping[str, str]:
    """Return what an errand is told that needs the role that owns the schema."""
    return child_environment(settings, os.environ, Part.OWNER)


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
