"""The embedded services of a system by themselves, for who brings processes of their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from troth.app.embedded.nats import Nats
from troth.app.embedded.postgres import Postgres
from troth.app.settings import Settings
from troth.app.supervisor import Supervisor


@asynccontextmanager
async def services(data: Path) -> AsyncGenerator[Settings]:
    """Bring up the database and the broker of ``data``, and nothing that works."""
    settings = Settings.from_environ({"TROTH_TLS": "off"}, data=data, http_port=0, mqtt_port=0)
    async with Supervisor() as supervisor:
        postgres = Postgres(data / "postgres")
        await supervisor.add(postgres.child)
        settings = settings.with_database(postgres.dsn)
        nats = Nats(data / "nats", settings.keyring, name=settings.deployment, nats_port=0, mqtt_port=0)
        await supervisor.add(nats.child)
        yield replace(settings, nats_url=nats.url, mqtt_port=nats.mqtt_port)
