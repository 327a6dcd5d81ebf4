"""A whole served system as it comes up with nothing set: TLS, and what operators do to it.

One system for all of it: what each side sees with the authority's file, without it and without TLS; a
certificate renewed; the doctor's word; every secret made anew, while it runs or before its next start.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from contextlib import suppress

import httpx
import psycopg
import pytest

from troth.app.embedded import authority
from troth.app.settings import TLS, Settings
from troth.db import Role
from troth.main import running as serving

CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04none"


async def shown(port: int, trust: ssl.SSLContext) -> bytes:
    """Return the certificate that a listener shows."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    return found


async def troth(settings: Settings, *words: str) -> tuple[int, str]:
    """Run a command beside the system, as the operator does."""
    told = {
        "TROTH_DATA": str(settings.data),
        "TROTH_HTTP_PORT": str(settings.http_port),
        "TROTH_MQTT_PORT": str(settings.mqtt_port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "troth.main.troth", *words, env=told,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def speaks_tls_and_nothing_else(system: serving.System, trust: ssl.SSLContext) -> None:
    assert system.base_url.startswith("https://")
    async with httpx.AsyncClient(base_url=system.base_url, verify=trust, trust_env=False) as http:
        page = await http.get("/")
        assert page.status_code == 200
        assert "Secure" in page.headers["set-cookie"]
        assert page.headers["strict-transport-security"]
    async with httpx.AsyncClient(trust_env=False) as stranger:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await stranger.get(system.base_url)
        with pytest.raises(httpx.TransportError):
            await stranger.get(system.base_url.replace("https", "http"))
    port = system.settings.mqtt_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    writer.write(CONNECT)  # without a name or a secret: refused, and told so
    assert (await asyncio.wait_for(reader.read(64), 20))[:1] in (b"\x20", b"")
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(CONNECT)
    with suppress(ConnectionError):
        assert not (await asyncio.wait_for(reader.read(64), 20)).startswith(b"\x20")
    writer.close()


async def renews_what_it_shows(system: serving.System, trust: ssl.SSLContext) -> None:
    ports = (system.settings.http_port, system.settings.mqtt_port)
    before = {await shown(port, trust) for port in ports}
    assert len(before) == 1
    known = system.settings.papers.certificate.read_bytes()
    authority.renew(system.settings.data / TLS)
    serving._Certificate(system.settings, system.supervisor, known).renew()
    async with asyncio.timeout(20):
        while {await shown(port, trust) for port in ports} & before:
            await asyncio.sleep(0.1)


async def the_doctor_finds_nothing_to_mend(system: serving.System) -> None:
    status, said = await troth(system.settings, "doctor", "--json")
    found = {one["check"]: one for one in json.loads(said)}
    assert status == 0, said
    assert {name for name, one in found.items() if one["verdict"] != "ok"} <= {
        "keyring apart", "backups", "disk space",
    }, said  # fmt: skip
    assert {"certificate", "workers", "policies", "ledger", "database", "api"} <= found.keys()
    plain = system.settings.data / "loose"
    plain.write_text("x")
    system.settings.data.chmod(0o755)
    status, said = await troth(system.settings, "doctor", "--quick")
    system.settings.data.chmod(0o700)
    assert status == 1
    assert "chmod -R go=" in said


async def rotates_while_it_runs(system: serving.System) -> None:
    settings = system.settings
    files = settings.data / "postgres" / "roles"
    old = (files / "troth_app.pgpass").read_text().strip().rsplit(":", 1)[1]
    status, said = await troth(settings, "secrets", "rotate", "database", "--yes")
    assert (status, said.strip()) == (0, "6 passwords")
    with psycopg.connect(settings.dsn_of(Role.APP)):  # by the file, as a new connection of ours is made
        pass
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(settings.dsn_of(Role.APP), passfile="", password=old)

    _, said = await troth(settings, "staff", "add", "--role", "privacy")
    before = said.split()[-1]
    status, said = await troth(settings, "secrets", "rotate", "staff", "--yes")
    assert status == 0
    after = said.split()[-1]
    trust = ssl.create_default_context(cafile=system.authority)
    async with httpx.AsyncClient(base_url=system.base_url, verify=trust, trust_env=False) as http:
        for token, expected in ((before, 401), (after, 200)):
            asked = await http.get("/v1/staff/requests", headers={"authorization": f"Bearer {token}"})
            assert asked.status_code == expected
    assert (await troth(settings, "secrets", "rotate", "sessions", "--yes"))[0] == 0
    status, said = await troth(settings, "secrets", "rotate", "broker", "--yes")
    assert status == 1
    assert "stop troth serve" in said


async def test_it_speaks_tls_from_the_first_start_and_all_its_secrets_can_be_made_anew(tmp_path):
    settings = Settings.from_environ({}, data=tmp_path / "system", http_port=0, mqtt_port=0)

    def brought_up():
        return serving.running(settings, say=lambda _what: None)

    async with brought_up() as system:
        trust = ssl.create_default_context(cafile=system.authority)
        await speaks_tls_and_nothing_else(system, trust)
        await renews_what_it_shows(system, trust)
        await the_doctor_finds_nothing_to_mend(system)
        await rotates_while_it_runs(system)
        assert all(health.restarts == 0 for health in system.supervisor.health())
        stopped = system.settings
    seeds = {path: path.read_bytes() for path in settings.keyring.glob("*.seed")}
    for name in ("broker", "authority"):
        assert (await troth(stopped, "secrets", "rotate", name, "--yes"))[0] == 0, name
    assert all(path.read_bytes() != seed for path, seed in seeds.items())
    assert len(seeds) == 4
    async with brought_up() as system:
        with pytest.raises(ssl.SSLCertVerificationError):
            await shown(system.settings.http_port, trust)
        await shown(system.settings.http_port, ssl.create_default_context(cafile=system.authority))
        assert not (settings.keyring / "stream.previous").exists()
        await the_doctor_finds_nothing_to_mend(system)
