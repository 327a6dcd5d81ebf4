"""A real system behind a real port and a real Chromium. Skipped only where there is no Chromium at all."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, SHOP, House, Person, open_house
from troth.subjects.roles import Role

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@dataclass
class Site:
    """Where the pages are, and how to let things happen behind them."""

    url: str
    loop: asyncio.AbstractEventLoop
    house: House
    owner: Person
    stop: asyncio.Event = field(repr=False)

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


@asynccontextmanager
async def _served(database: Dsns, folder: Path) -> AsyncIterator[tuple[str, House, Person]]:
    async with open_house(database, folder) as house:
        owner = await house.owner()
        maker = await house.staff(Role.MAKER)
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
        await owner.done("POST", "/v1/me/devices", CAMERA)
        for function in ("customer_flow", "store_guard"):
            await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
        await owner.done("PUT", "/v1/me/store", SHOP)
        config = uvicorn.Config(
            house.http._transport.app, port=0, log_level="error", access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", house, owner
        server.should_exit = True
        await serving


@pytest.fixture
def site(database: Dsns, tmp_path: Path) -> Iterator[Site]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ready: list[Site] = []
    up = threading.Event()

    async def live() -> None:
        stop = asyncio.Event()
        try:
            async with _served(database, tmp_path) as (url, house, owner):
                ready.append(Site(url, loop, house, owner, stop))
                up.set()
                await stop.wait()
        finally:
            up.set()

    done = asyncio.run_coroutine_threadsafe(live(), loop)
    assert up.wait(60)
    if not ready:
        done.result(1)
    yield ready[0]
    loop.call_soon_threadsafe(ready[0].stop.set)
    done.result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture(scope="module")  # no longer: while it lives, this thread has a running event loop
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
