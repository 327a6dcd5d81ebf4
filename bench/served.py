"""`troth serve` as a process of its own, as an operator starts it: until when it is healthy, what it takes.

Knows processes and their memory, and nothing of what they do. Memory is the proportional set size: what
several processes share (PostgreSQL's buffers, the interpreter) is counted once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from troth.app.ports import free_port

PATIENCE_S = 60
_TICK = os.sysconf("SC_CLK_TCK")
_READY = "everything is kept in"
"""What `troth serve` says last, once its workers and its API take work."""


@dataclass(frozen=True, slots=True)
class Served:
    """A system that is up, and how long that took."""

    process: Process
    http_port: int
    mqtt_port: int
    start_s: float


@asynccontextmanager
async def served(data: Path, *, also: Mapping[str, str] | None = None) -> AsyncGenerator[Served]:
    """Run ``troth serve`` over ``data`` until the block ends."""
    ports = free_port("127.0.0.1"), free_port("127.0.0.1")
    words = ("serve", "--data", str(data), "--http-port", str(ports[0]), "--mqtt-port", str(ports[1]))
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "troth.main.troth", *words,
        stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env={**_environment(), **(also or {})},
    )  # fmt: skip
    try:
        await _healthy(process, ports[0], data)
        yield Served(process, *ports, time.perf_counter() - began)
    finally:
        await ended(process)


async def ended(process: Process) -> None:
    """Ask a process to end, and see it end."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def trusted(data: Path) -> ssl.SSLContext:
    """Return what a visitor who knows the system's own authority goes by."""
    return ssl.create_default_context(cafile=str(data / "tls" / "ca.pem"))


async def _healthy(process: Process, port: int, data: Path) -> None:
    assert process.stderr is not None
    said: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while not any(_READY in line for line in said):
            line = (await process.stderr.readline()).decode()
            assert line, "".join(said)
            said.append(line)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted(data))
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert (await reader.read(12)).endswith(b"200")
        writer.close()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Taken:
    """One process: its name, its memory and its time on a processor."""

    name: str
    mib: float
    cpu_s: float


def taken(root: int) -> Mapping[int, Taken]:
    """Return what ``root`` and every process that it started take now (Linux)."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found: dict[int, Taken] = {}
    left = [root]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        with suppress(OSError):
            found[pid] = Taken(_name(pid), _mib(pid), _cpu_s(pid))
    return found


def by_kind(root: int) -> Mapping[str, Taken]:
    """Return the same, added up by kind of process."""
    found: dict[str, Taken] = {}
    for each in taken(root).values():
        so_far = found.get(each.name, Taken(each.name, 0, 0))
        found[each.name] = Taken(each.name, so_far.mib + each.mib, so_far.cpu_s + each.cpu_s)
    return found


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    for sign, name in _KINDS.items():
        if sign in words:
            return name
    return "other"


_KINDS = {
    "postgres": "postgres",
    "nats-server": "broker",
    "troth.main.process worker": "worker",
    "troth.main.process api": "api",
    "--work": "worker",
    "--send": "sender",
    "troth.main.troth serve": "serve",
    "link.py": "bench",
}
"""By what stands in a command line; the first that fits."""


def _mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu_s(pid: int) -> float:
    rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(rest[11]) + int(rest[12])) / _TICK
