"""A worker process of its own, to be killed: ``python tests/flow/devices_worker.py DSN FOLDER URL SEED``."""

import asyncio
import signal
import sys
from pathlib import Path

from tests.flow.devices_rig import Wall, shop
from troth.edges.devices.broker import connect
from troth.edges.devices.stream import Limits
from troth.edges.devices.worker import Worker


class Dsn:
    def __init__(self, app):
        self.app = app


async def main(dsn, folder, url, seed):
    stop, ready = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with shop(Dsn(dsn), Path(folder), Wall()) as owner:
        client = await connect(url, Path(seed), "victim")
        work = asyncio.create_task(Worker(owner.door, client, Limits(ack_wait_s=1)).run(stop, ready))
        await ready.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await work
        await client.close()


asyncio.run(main(*sys.argv[1:]))
