"""A whole served system as it comes up with nothing set: TLS for people and devices; a certificate renewed.

One system for all of it: what each side sees with the authority's file, without it, and without TLS.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import httpx
import pytest

from troth.app.embedded import authority
from troth.app.settings import TLS, Settings
from troth.main import running as serving

CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04none"


@pytest.fixture
async def system(tmp_path):
    settings = Settings.from_environ({}, data=tmp_path / "system", http_port=0, mqtt_port=0)
    async with serving.running(settings, say=lambda _what: None, patience_s=120) as up:
        yield up


async def shown(port: int, trust: ssl.SSLContext) -> bytes:
    """Return the certificate that a listener shows."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    return found


async def test_people_and_devices_are_spoken_to_in_tls_and_in_nothing_else(system):
    settings, trust = system.settings, ssl.create_default_context(cafile=system.authority)
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

    reader, writer = await asyncio.open_connection("127.0.0.1", settings.mqtt_port, ssl=trust)
    writer.write(CONNECT)  # without a name or a secret: refused, and told so
    assert (await asyncio.wait_for(reader.read(64), 20))[:1] in (b"\x20", b"")
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.mqtt_port)
    writer.write(CONNECT)
    with suppress(ConnectionError):
        assert not (await asyncio.wait_for(reader.read(64), 20)).startswith(b"\x20")
    writer.close()

    before = [await shown(port, trust) for port in (settings.http_port, settings.mqtt_port)]
    assert before[0] == before[1]
    known = settings.papers.certificate.read_bytes()
    authority.renew(settings.data / TLS)
    serving._Certificate(settings, system.supervisor, known).renew()
    async with asyncio.timeout(20):
        while {await shown(port, trust) for port in (settings.http_port, settings.mqtt_port)} & {*before}:
            await asyncio.sleep(0.1)
    assert all(health.restarts == 0 for health in system.supervisor.health())
