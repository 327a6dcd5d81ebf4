"""The API against what it says of itself, and against what nobody should send, on a real port.

schemathesis reads the OpenAPI text and asks every operation in ways that fit it and ways that don't, a few
each, always the same ones. Then paths that climb, and bodies that would fill a memory or a disk.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.conftest import Dsns, Server
from tests.flow.api_people import House, Person, open_house
from troth.edges.api.app import create_app
from troth.subjects.roles import Role

EACH = 3
"""Examples for each operation and each way of asking."""
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
_CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
_LEFT_OUT = (
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/current",
    "POST /v1/me/cancel/confirm",
    "GET /healthz",
)
"""What ends the session that asks; and what rightly says that this system has no broker."""
_WAITS = "HTTP/1.1 "


@dataclass
class Site:
    port: int
    tokens: dict[str, str]

    def token_for(self, path: str) -> str:
        starts = [start for start in self.tokens if path.startswith(start)]
        return self.tokens[max(starts, key=len)] if starts else ""

    def raw(self, *parts: bytes) -> bytes:
        """Send bytes as they are; return the first of what comes back, or nothing for a closed door."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            try:
                for part in parts:
                    line.sendall(part)
                return line.recv(65536)
            except (BrokenPipeError, ConnectionResetError):
                return b""


async def _serve(database: Dsns, folder: Path, ready: list[Site], stop: asyncio.Event) -> None:
    async with open_house(database, folder) as house:
        config = uvicorn.Config(
            house.http._transport.app, port=0, log_level="error", access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        ready.append(Site(server.servers[0].sockets[0].getsockname()[1], await _tokens(house)))
        await stop.wait()
        server.should_exit = True
        await serving


async def _tokens(house: House) -> dict[str, str]:
    owner: Person = await house.owner()
    service, admin = await house.staff(Role.SERVICE), await house.staff(Role.ADMIN)
    at = {"/v1/me": owner, "/v1/service/": service, "/v1/staff/": admin, "/v1/maker/": admin}
    return {start: who.token for start, who in at.items()}


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server.make("fuzzed")
    ready: list[Site] = []
    serving = _serve(Dsns(server, "fuzzed"), tmp_path_factory.mktemp("house"), ready, stop)
    done = asyncio.run_coroutine_threadsafe(serving, loop)
    while not ready and not done.done():
        threading.Event().wait(0.02)
    if not ready:
        done.result(1)
    yield ready[0]
    loop.call_soon_threadsafe(stop.set)
    done.result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    server.drop("fuzzed")


@pytest.mark.filterwarnings("ignore")  # of schemathesis' own
def test_every_operation_answers_as_its_text_says(site: Site) -> None:
    schema = schemathesis.openapi.from_dict(create_app(None).openapi())
    asked: list[int] = []
    wrong: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        name = f"{operation.method.upper()} {operation.path}"
        if name in _LEFT_OUT:
            continue
        token = site.token_for(operation.path)
        for mode in _MODES:
            wrong += _ask(site, operation, mode, token, asked)
    assert not wrong, "\n\n".join(wrong)
    assert len(operations) > 80
    assert len(asked) > EACH * len(operations)
    assert len(set(asked)) > 4  # it was not refused at the door alone


def _ask(site: Site, operation: Any, mode: GenerationMode, token: str, asked: list[int]) -> list[str]:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EACH,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = case.call(base_url=f"http://127.0.0.1:{site.port}", headers=headers, timeout=30)
        asked.append(response.status_code)
        case.validate_response(response, checks=_CHECKS)

    try:
        one()
    except FailureGroup as found:
        return [f"{operation.method} {operation.path}: {each}" for each in found.exceptions]
    except Unsatisfiable:  # nothing can be asked wrongly where nothing is asked
        return []
    return []


TRICKS = (
    "/static/../../../etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/....//....//etc/passwd",
    "/static/..\\..\\app.py",
    "/static/troth.css%00.py",
    "//etc/passwd",
    "/v1/../../../etc/passwd",
    "/v1/me/media/..%2f..%2fkeyring",
    "/v1/policies/..%2f..%2f..%2fetc%2fpasswd",
    "/policy?name=../../../../etc/passwd",
    "/desk/requests/..%2f..%2f",
    "/%ff%fe%fd",
    "/" + "a" * 20_000,
    "http://elsewhere.example/v1/me",
)


@pytest.mark.parametrize("path", TRICKS, ids=range(len(TRICKS)))
def test_no_path_climbs_out(site: Site, path: str) -> None:
    said = site.raw(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    assert b"root:" not in said
    assert said.startswith(_WAITS.encode())
    assert int(said.split(b" ", 2)[1]) in (303, 400, 401, 404, 414, 431), said[:200]


def _posted(path: str, kind: str, *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "connection: close", f"content-type: {kind}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


_CHUNK = b"10000\r\n" + b"a" * 65536 + b"\r\n"
_DEEP = b"[" * 30_000
_MANY = b"&".join(b"f%d=1" % n for n in range(5000))
BOMBS = {
    "announced": (_posted("/v1/sessions", "application/json", "content-length: 10000000000"), b"{"),
    "unannounced": (
        _posted("/v1/sessions", "application/json", "transfer-encoding: chunked"), *[_CHUNK] * 64
    ),
    "nested": (_posted("/v1/sessions", "application/json", f"content-length: {len(_DEEP)}"), _DEEP),
    "packed": (
        _posted("/v1/sessions", "application/json", "content-encoding: gzip", "content-length: 2"),
        b"\x1f\x8b",
    ),
    "fields": (
        _posted("/sign-in", "application/x-www-form-urlencoded", f"content-length: {len(_MANY)}"), _MANY
    ),
    "multipart": (
        _posted("/sign-in", "multipart/form-data; boundary=b", "content-length: 26"),
        b'--b\r\nfilename="a"\r\n\r\nx--b--',
    ),
    "headers": (b"GET / HTTP/1.1\r\nhost: localhost\r\n", *[b"x-a: " + b"a" * 8000 + b"\r\n"] * 64, b"\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_body_fills_the_memory(site: Site, bomb: str) -> None:
    said = site.raw(*BOMBS[bomb])
    if said:  # or the line was closed while it came, which is a refusal as well
        assert int(said.split(b" ", 2)[1]) in (400, 401, 403, 413, 415, 422, 431), said[:200]
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as line:
        line.sendall(b"GET /v1/policies HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert line.recv(15).startswith(b"HTTP/1.1 200")


def test_what_is_refused_says_nothing_of_what_was_sent(site: Site) -> None:
    body = json.dumps({"login": "secret-login@example.com", "password": ["secret-word"]}).encode()
    said = site.raw(_posted("/v1/sessions", "application/json", f"content-length: {len(body)}"), body)
    assert b"422" in said
    assert b"secret" not in said
