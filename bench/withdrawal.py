"""How long after the commit of a withdrawal anything is still taken, on a whole system under load.

``python bench/withdrawal.py --json`` prints one object. Four worker processes on embedded services take what
cameras send without a pause; one owner after another withdraws, in a transaction of this process, which tells
the bus as a door does. For each, from the moment the commit returned: when the camera heard of the last
reading that was stored (an upper bound of when a worker last stored one), and when the broker ended its
connection, after which what it publishes is not let into the stream. ``withdraw_p99_ms`` is the later of the
two, at the 99th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parent))

from devices import FLOW, POLICY, Link, Owner, owners, reading

from troth.app.settings import Settings
from troth.app.system import System, opened
from troth.ledger import telling
from troth.main.running import running
from troth.subjects.choices import Choices

WORKERS = 4
OWNERS = 100
SENDING_S = 0.25
"""Each camera sends a reading this often."""
BETWEEN_S = 0.05
LIMIT_MS = 1000.0


@dataclass(slots=True)
class Camera:
    """A camera that sends on and on, and comes back when it is kicked."""

    owner: Owner
    port: int
    stored_at: float = 0.0
    stored: int = 0
    refused: int = 0
    link: Link | None = None
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, ack: bytes) -> None:
        said = json.loads(ack)
        if said.get("stored"):
            self.stored += 1
            self.first.set()
            self.stored_at = time.monotonic()
        else:
            self.refused += 1

    async def send(self, over: asyncio.Event) -> None:
        await asyncio.sleep(SENDING_S * (self.owner.subject.int % 97) / 97)
        while not over.is_set():
            if self.link is None or self.link.lost.done():
                with suppress(PermissionError, OSError):  # not answered in time, on a busy machine
                    self.link = await Link.open(self.port, self.owner, self.heard)
            if self.link is not None:
                self.link.send(reading())
            await asyncio.sleep(SENDING_S)


async def withdraw(system: System, camera: Camera) -> tuple[float, float, float]:
    """Withdraw; return in ms: last acceptance and kick since the commit, and what the commit took."""
    link, subject = camera.link, camera.owner.subject
    assert link is not None
    asked = time.monotonic()
    async with system.db.transaction() as tx:
        await Choices(system.parts).withdraw(tx, subject, POLICY, FLOW)
    committed = time.monotonic()
    async with system.db.transaction() as tx:
        change = await telling.latest(tx, subject)
    assert change is not None
    await system.bus.changed(change)
    async with asyncio.timeout(10):
        kicked = await link.lost
    await asyncio.sleep(1.0)  # what was stored before the commit is heard of by then
    last = max(0.0, camera.stored_at - committed)
    return 1000 * last, 1000 * (kicked - committed), 1000 * (committed - asked)


async def measured(folder: Path, n: int) -> dict[str, object]:
    settings = Settings.from_environ({}, data=folder, http_port=0, mqtt_port=0, workers=WORKERS, tls="off")
    async with running(settings, say=lambda _what: None) as up, opened(up.settings) as system:
        made = await owners(system, n)
        cameras = [Camera(owner, up.settings.mqtt_port) for owner in made]
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for camera in cameras:
                group.create_task(camera.send(over))
            async with asyncio.timeout(20):
                for camera in cameras:
                    await camera.first.wait()
            before, began = sum(c.stored for c in cameras), time.monotonic()
            waiting: list[asyncio.Task[tuple[float, float, float]]] = []
            for camera in cameras:
                waiting.append(group.create_task(withdraw(system, camera)))
                await asyncio.sleep(BETWEEN_S)
            found = [await task for task in waiting]
            rate = (sum(c.stored for c in cameras) - before) / (time.monotonic() - began)
            over.set()
        for camera in cameras:
            if camera.link is not None:
                camera.link.close()
    later = [max(last, kicked) for last, kicked, _ in found]
    return {
        "withdraw_p99_ms": round(quantiles(later, n=100)[98], 1),
        "withdraw_p50_ms": round(median(later), 1),
        "withdraw_max_ms": round(max(later), 1),
        "last_stored_p99_ms": round(quantiles([last for last, _, _ in found], n=100)[98], 1),
        "kicked_p99_ms": round(quantiles([kicked for _, kicked, _ in found], n=100)[98], 1),
        "asked_to_commit_p50_ms": round(median(wait for _, _, wait in found), 1),
        "withdrawals": len(found),
        "workers": WORKERS,
        "readings_per_s_meanwhile": round(rate),
    }


def measure(n: int = OWNERS) -> dict[str, object]:
    """Return the figures of one run, on a scratch system that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    try:
        return asyncio.run(measured(folder, n))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    asked = parser.parse_args()
    found = measure()
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key}: {value}")
    return 0 if float(str(found["withdraw_p99_ms"])) < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
