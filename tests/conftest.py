"""Shared by every tier: one embedded PostgreSQL and one NATS per run, and a fresh database per test.

Both are started only when a test asks for them, Debian's PostgreSQL too. TROTH_TEST_CITUS_DSN puts the fresh
databases on a cluster (docs/howto/many-machines.md). Services run in a thread of their own, because a test
brings its own event loop; the thread lives as long as the run.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.cluster import Cluster
from tests.servers.debian import Debian, newest_programs
from tests.servers.embedded import ALL, Embedded, let_all_in
from troth.app.embedded.nats import Nats
from troth.app.embedded.postgres import Postgres
from troth.app.supervisor import Supervisor
from troth.db import Role, migrate
from troth.db.roles import WORKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from troth.app.supervisor import Child

settings.register_profile("troth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("troth")  # how busy the machine is decides no test


class Services:
    """A supervisor in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._supervisor = self.run(self._make())

    @staticmethod
    async def _make() -> Supervisor:
        return Supervisor()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def start(self, child: Child) -> None:
        self.run(self._supervisor.add(child))

    def stop(self) -> None:
        self.run(self._supervisor.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A private directory for the run, short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="troth-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def services(scratch: Path) -> Iterator[Services]:
    found = Services()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def postgres(services: Services, scratch: Path) -> Postgres:
    """The run's server, with a migrated template. Ask for `database` instead, as a rule."""
    # A test never has to survive a power cut.
    server = Postgres(scratch / "pg", settings={"fsync": "off", "full_page_writes": "off"})
    services.start(server.child)
    services.run(migrate(server.owner_dsn))
    let_all_in(server)
    return server


class Server(Protocol):
    """Where databases for tests are made: see `tests.servers`."""

    def dsn(self, role: Role, database: str) -> str: ...
    def make(self, name: str, *, empty: bool = False) -> None: ...
    def drop(self, name: str) -> None: ...


@pytest.fixture(scope="session")
def debian(services: Services, scratch: Path) -> Debian:
    """Debian's PostgreSQL, over TLS, with a migrated template."""
    programs = newest_programs()
    if programs is None:
        pytest.skip("nothing is tested over TLS: install Debian's PostgreSQL (apt install postgresql)")
    server = Debian(scratch / "debian", programs)
    services.start(server.child)
    server.set_up()
    services.run(migrate(server.dsn(Role.OWNER)))
    return server


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Where `database` is: the embedded server, or the cluster that TROTH_TEST_CITUS_DSN names."""
    cluster = os.environ.get("TROTH_TEST_CITUS_DSN")
    if cluster:
        yield Cluster(cluster, request.getfixturevalue("scratch"))
        return
    embedded = Embedded(request.getfixturevalue("postgres"))
    yield embedded
    embedded.close()


class Dsns:
    """The ways into one database: ``of`` each role; ``app`` may do what every working role may.

    Tests of a package drive several parts over one pool, so they use ``app``. What each role may do by itself
    is held in `test_roles.py`, and used by whatever opens a whole system (``environ``).
    """

    def __init__(self, server: Server | Postgres, name: str) -> None:
        self.name = name
        self.of = {role: server.dsn(role, name) for role in Role}
        self.owner = self.of[Role.OWNER]
        self.app = f"{self.of[Role.APP]} user={ALL}"
        self.environ = {
            "TROTH_DSN": self.of[Role.APP],
            "TROTH_OWNER_DSN": self.owner,
            **{f"TROTH_{role.name}_DSN": self.of[role] for role in WORKING - {Role.APP}},
        }


_numbers = itertools.count(1)


@pytest.fixture
def make_database(server: Server) -> Iterator[Callable[..., Dsns]]:
    """Make as many migrated databases as a test (or a hypothesis example) needs; all go afterwards."""
    made: list[Dsns] = []

    def make(*, empty: bool = False) -> Dsns:
        name = f"test_{next(_numbers)}"
        server.make(name, empty=empty)
        made.append(Dsns(server, name))
        return made[-1]

    yield make
    for one in made:
        server.drop(one.name)


@pytest.fixture
def make_empty(make_database: Callable[..., Dsns]) -> Callable[[], Dsns]:
    """Make databases without any table."""
    return lambda: make_database(empty=True)


@pytest.fixture
def database(make_database: Callable[[], Dsns]) -> Dsns:
    """A fresh, migrated database: ``database.app`` and ``database.owner`` are connection strings."""
    return make_database()


@pytest.fixture(scope="session")
def nats_server(services: Services, scratch: Path) -> Nats:
    """The run's broker: ``.url``, ``.mqtt_port``, ``.keys``. Devices need an answer to the callout."""
    server = Nats(scratch / "nats", scratch / "keyring" / "broker")
    services.start(server.child)
    return server
