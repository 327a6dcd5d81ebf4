"""Workers and the broker killed mid-stream: nothing acknowledged is lost, nothing stored twice."""

import asyncio
import os
import random
import signal
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.flow.devices_rig import FLOW, Wall, camera, crossing, linked, shop

SIZE, AHEAD = 4, 40
HERE = Path(__file__).parent


class Day:
    """A camera that sends on and on, never more than ``AHEAD`` batches before the acknowledgements."""

    def __init__(self, owner, device):
        self.owner, self.device = owner, device
        self.sent, self.readings = [], set()
        self.over = False

    async def send(self):
        while not self.over:
            while len(self.device.waiting) >= AHEAD and not self.over:
                await asyncio.sleep(0.005)
            batch = [crossing(self.owner.clock.now()) for _ in range(SIZE)]
            self.readings.update(reading.id for reading in batch)
            self.sent.append(await self.device.send(FLOW, batch))

    async def check(self):
        acks = await self.device.acked(self.sent, within_s=30)
        stored = [reading.id for reading in await self.owner.stored()]
        assert len(stored) == len(set(stored))
        assert set(stored) == self.readings
        assert all(ack.figures["denied"] == ack.figures["dropped"] == 0 for ack in acks)


@asynccontextmanager
async def sending(owner, device):
    day = Day(owner, device)
    task = asyncio.create_task(day.send())
    try:
        await device.let_in()
        yield day
    finally:
        day.over = True
        await task
    await day.check()


async def moment(chance):
    await asyncio.sleep(chance.uniform(0.05, 0.4))  # the moment of the kill is the point


async def start(database, folder, way):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "devices_worker.py"),
        database.app,
        str(folder),
        way.url,
        str(way.worker_seed),
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": f"{HERE.parents[1]}:{HERE.parents[1] / 'src'}"},
    )
    async with asyncio.timeout(20):
        assert await process.stdout.readline() == b"ready\n"
    return process


async def test_workers_killed_lose_nothing_and_store_nothing_twice(database, nats_server, tmp_path):
    chance = random.Random(7)  # noqa: S311 - a moment, not a secret
    async with shop(database, tmp_path, Wall()) as owner:
        bound = await owner.ready(FLOW)
        async with linked(owner, nats_server, workers=0) as way:
            workers = [await start(database, tmp_path, way) for _ in range(2)]
            try:
                async with camera(bound, nats_server) as device, sending(owner, device) as day:
                    for victim in (0, 1, 0):
                        await moment(chance)
                        assert device.waiting
                        workers[victim].kill()
                        await workers[victim].wait()
                        workers[victim] = await start(database, tmp_path, way)
                for worker in workers:
                    worker.send_signal(signal.SIGTERM)
                    assert await worker.wait() == 0
                assert day.sent
            finally:
                for worker in workers:
                    if worker.returncode is None:
                        worker.kill()
                        await worker.wait()


def broker_pid(nats_server):
    config = str(nats_server._directory / "nats.conf").encode()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # a process that has ended meanwhile is no broker
            if entry.name.isdigit() and config in (entry / "cmdline").read_bytes().split(b"\0"):
                yield int(entry.name)


async def test_the_broker_killed_loses_nothing_and_stores_nothing_twice(database, nats_server, tmp_path):
    chance = random.Random(11)  # noqa: S311 - a moment, not a secret
    async with shop(database, tmp_path, Wall()) as owner:
        bound = await owner.ready(FLOW)
        async with (
            linked(owner, nats_server),
            camera(bound, nats_server) as device,
            sending(owner, device),
        ):
            for times in (2, 3):
                await moment(chance)
                (pid,) = broker_pid(nats_server)
                os.kill(pid, signal.SIGKILL)
                await device.let_in(times, within_s=20)
