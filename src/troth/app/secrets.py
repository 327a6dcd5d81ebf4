"""What a deployment keeps secret, as a table, and how each is made anew: while it runs, or before a start.

Decides the order of the steps, so that a rotation cut short leaves a system that starts. Epoch keys and the
ledger's key have histories of their own: `troth keys rotate`, `troth ledger rotate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg import AsyncConnection, sql

from troth.app.embedded import authority, nats_config
from troth.app.embedded.postgres import Postgres
from troth.app.embedded.postgres_roles import anew, verifier
from troth.app.places import Hold, own_file
from troth.app.settings import TLS, BadSetting, Settings
from troth.app.wiring import Troth
from troth.db import Role
from troth.terms import TrothError


class StillRunning(TrothError):
    """the broker is running: stop troth serve, rotate, and start it again"""


@dataclass(frozen=True, slots=True)
class Secret:
    """One kind: how to make it anew, and what that means for who uses it."""

    rotate: Callable[[Settings, datetime], Awaitable[Sequence[str]]]
    means: str


async def _database(settings: Settings, _now: datetime) -> Sequence[str]:
    folder = settings.data / "postgres"
    if not folder.exists():
        raise BadSetting(
            "the database is a server of your own: give its roles new passwords there, then write them into "
            "the files that TROTH_*_DSN_FILE or passfile= name"
        )
    server = Postgres(folder)
    async with await AsyncConnection.connect(server.owner_dsn, autocommit=True) as conn:
        server.unlearn()  # cut short from here on, the next start teaches the server what the files say
        for role in Role:
            path, password, line = anew(server.passwords, role)
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            await conn.execute(change.format(sql.Identifier(role.value), sql.Literal(verifier(password))))
            own_file(path, line)
    return [f"{len(tuple(Role))} passwords"]


async def _broker(settings: Settings, _now: datetime) -> Sequence[str]:
    folder = settings.data / "nats"
    if settings.nats_url is not None or not folder.exists():
        raise BadSetting("the broker is a server of your own: rotate its keys there")
    hold = Hold(folder)
    if not hold.take():
        raise StillRunning
    try:
        nats_config.rotate(settings.keyring)
    finally:
        hold.release()
    return ["four seeds and the key of the stream store"]


async def _sessions(settings: Settings, _now: datetime) -> Sequence[str]:
    async with Troth.open(settings) as troth:
        return [f"{await troth.end_sessions()} sessions ended"]


async def _staff(settings: Settings, _now: datetime) -> Sequence[str]:
    async with Troth.open(settings) as troth:
        renewed = await troth.renew_staff()
    return [f"{each.staff.role.value} {each.staff.id} {each.token}" for each in renewed]


async def _certificate(settings: Settings, now: datetime) -> Sequence[str]:
    return _own_papers(settings, authority.renew, now)


async def _authority(settings: Settings, now: datetime) -> Sequence[str]:
    return _own_papers(settings, authority.renew_authority, now)


def _own_papers(settings: Settings, forget: Callable[[Path], None], now: datetime) -> Sequence[str]:
    papers = settings.papers
    if papers is None or papers.authority is None:
        raise BadSetting("the certificate is not one of ours: renew it where it comes from")
    forget(settings.data / TLS)
    names = authority.names(settings.tls_names, (settings.http_host, settings.mqtt_host))
    made = authority.ensure(settings.data / TLS, names, now)
    return [str(made.authority)]


SECRETS: Mapping[str, Secret] = {
    "database": Secret(_database, "passwords of the roles; at once, and connections in use stay"),
    "broker": Secret(_broker, "the broker's keys; while troth serve is stopped"),
    "sessions": Secret(_sessions, "sessions of all people; at once, and everybody signs in again"),
    "staff": Secret(_staff, "tokens of all staff and services; at once, and the new ones are printed"),
    "certificate": Secret(_certificate, "what listeners show; within the hour, nobody has to do anything"),
    "authority": Secret(
        _authority, "who vouches for that; within the hour, and every device must be given the new ca.pem"
    ),
}


async def rotate(name: str, settings: Settings, now: datetime) -> Sequence[str]:
    """Make one kind of secret anew; return what was made, as lines. Raises `TrothError` with what to do."""
    return await SECRETS[name].rotate(settings, now)
