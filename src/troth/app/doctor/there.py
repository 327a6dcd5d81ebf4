"""Checks of what answers: the database as each role, clocks, the API, the policies it runs, the ledger.

Each says what it saw in a sentence without values. One that cannot look says so; nothing is taken for well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection, OperationalError

from troth.app import policies, tls
from troth.app.doctor.finding import Finding, failed, ok, warning
from troth.app.prepare import fit
from troth.app.settings import BadSetting, Settings
from troth.app.wiring import Troth
from troth.db import Role, queries
from troth.db.roles import WORKING
from troth.ledger.replay import Broken
from troth.ledger.verify import Verified
from troth.policy import text
from troth.terms import TrothError

_QUERIES = queries("troth.app")
_PATIENCE_S = 10
_SKEW = timedelta(seconds=2)
_MANY = 10_000
_START = "see that troth serve runs here, with the same TROTH_* settings"


async def database(settings: Settings) -> Sequence[Finding]:
    """See that every role can sign in to a server that is new enough and whose log cannot hold a value."""
    found: list[Finding] = []
    for role in sorted(WORKING):
        try:
            await fit(settings, role)
        except BadSetting as bad:
            found.append(failed("database", str(bad), "do what it says; every role must be able to sign in"))
    return found or [ok("database", f"{len(WORKING)} roles sign in; its log can hold no values")]


async def clocks(settings: Settings) -> Finding:
    """See that the database's clock and ours agree: what was measured and what is due is judged by them."""
    check = "clocks"
    try:
        conn = await AsyncConnection.connect(settings.dsn_of(Role.APP) or "", connect_timeout=_PATIENCE_S)
        async with conn:
            row = await (await conn.execute(_QUERIES["clock"])).fetchone()
    except OperationalError:
        return failed(check, "the database does not answer", _START)
    apart = abs((row[0] if row else datetime.max.replace(tzinfo=UTC)) - datetime.now(UTC))
    seen = f"the database's clock is {apart.total_seconds():.1f} s from ours"
    if apart > _SKEW:
        return failed(check, seen, "let both machines keep time by NTP")
    return ok(check, seen)


async def api(settings: Settings) -> Sequence[Finding]:
    """See that the API answers, that its parts are there, and that it runs the policies that lie here."""
    check = "api"
    try:
        health = await _get(settings, "/healthz")
        running = await _get(settings, "/v1/policies")
    except (OSError, ValueError, TimeoutError):
        where = f"{settings.http_host}:{settings.http_port}"
        return [failed(check, f"nothing answers at {where}", f"{_START}, or name its port (TROTH_HTTP_PORT)")]
    away = sorted(name for name in ("database", "broker") if not health.get(name))
    said = (
        failed(check, f"the API has lost its {' and '.join(away)}", f"see the logs in {settings.data}/logs")
        if away
        else ok(check, "the API, its database and the broker answer")
    )
    return [said, await _same_policies(settings, running)]


async def _same_policies(settings: Settings, running: Any) -> Finding:
    """Compare what people are shown with what the files here compile to, by the hash of the text."""
    check = "policies"
    try:
        compiled = policies.in_force(settings.policies)
    except TrothError as error:
        return failed(check, str(error), "run troth check on it; the system goes on with what it has read")
    lines = {str(line["name"]): int(line["version"]) for line in running}
    other: list[str] = []
    for name, versions in compiled.items():
        newest = versions[max(versions)].policy
        language = newest.languages[0]
        known = lines.pop(name, None)
        if known is None or known not in versions:
            other.append(name)
            continue
        shown = await _get(settings, f"/v1/policies/{name}?language={language}")
        if shown.get("text_hash") != text.notice(versions[known], language).text_hash:
            other.append(name)
    other += lines
    if other:
        return failed(
            check,
            f"what runs is not what lies here: {', '.join(sorted(other))}",
            "start troth serve again, with the policies that are meant (TROTH_POLICIES)",
        )
    return ok(check, f"{len(compiled)} policies run as they lie here")


async def ledger(settings: Settings) -> Finding:
    """See that the whole ledger is what was signed."""
    try:
        async with Troth.open(settings) as troth:
            verdict = await troth.verify_ledger()
    except TrothError as error:
        return failed(
            "ledger", str(error), "troth ledger verify says more; keep the tail and every head safe"
        )
    match verdict:
        case Broken(where, why):
            then = "keep every head and receipt safe, stop the system, and compare with a backup"
            return failed("ledger", f"broken at {where}: {why}", then)
        case Verified(size, _root, heads, waiting):
            seen = f"{size} entries under {heads} heads, {waiting} waiting for a number"
            if waiting > _MANY:
                return warning("ledger", seen, "see that a worker numbers them: look at the workers' logs")
            return ok("ledger", seen)


async def _get(settings: Settings, path: str) -> Any:
    """Return what our own API says, by a connection that knows its very certificate."""
    papers = settings.papers
    secure = tls.pinned(papers) if papers else None
    async with asyncio.timeout(_PATIENCE_S):
        reader, writer = await asyncio.open_connection(
            settings.http_host,
            settings.http_port,
            ssl=secure,
            server_hostname="localhost" if secure else None,
        )
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n".encode("ascii"))
            said = await reader.read(-1)
        finally:
            writer.close()
    return json.loads(said.partition(b"\r\n\r\n")[2])
