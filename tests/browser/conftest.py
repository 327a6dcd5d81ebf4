"""A real system behind a real port and a real Chromium: one of each for a module, with several people in it.

Skipped, and said so, only where there is no Chromium at all.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Dsns, Server
from tests.flow.api_people import CAMERA, PASSWORD, POLICY, SHOP, House, Person, open_house
from troth.devices.batch import Batch
from troth.prove import story
from troth.prove.story.day import at
from troth.prove.story.till import DRAWER, NIGHT, till_day
from troth.subjects.roles import Role
from troth.terms import LEGAL_TIME, FunctionName, ItemName, Reading

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
STORY = Path(story.__file__).parent
FILM, STILL = STORY / "second.mp4", STORY / "still.jpg"
SHOTS = os.environ.get("TROTH_SHOTS")
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
FUNCTIONS = ("customer_flow", "store_guard", "cloud")
AUDIT, VISITS, FLOW = (FunctionName(name) for name in ("cashier_audit", "visits", "customer_flow"))
TILL = {
    "kind": "cash_register",
    "code": "7741-2280",
    "model": "SUNMI T2",
    "mac": "02:00:5e:00:53:02",
    "ip": "192.0.2.8",
}
_GRAVE = ("error", "warning")
_numbers = itertools.count(1)


@dataclass
class Someone:
    """A person of the house: what they sign in with, and their camera."""

    phone: str
    person: Person
    camera: dict[str, Any] = field(repr=False)


@dataclass
class Site:
    """Where the pages are, and how to let things happen behind them."""

    url: str
    loop: asyncio.AbstractEventLoop
    house: House
    maker: Person
    office: Person
    stop: asyncio.Event = field(repr=False)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def someone(self, **shop: str) -> Someone:
        """Return a newcomer whose shop has a camera that has counted, filmed and seen something move."""
        return self.run(_settled(self, next(_numbers), SHOP | shop))


async def _settled(site: Site, number: int, shop: dict[str, Any]) -> Someone:
    phone = f"+86138{number:08d}"
    owner = await site.house.owner(phone=phone)
    camera = CAMERA | {"serial": f"SS-1{number:04d}", "mac": f"02:00:5e:00:54:{number:02x}"}
    await site.maker.done("POST", "/v1/maker/devices", {k: camera[k] for k in ("serial", "model", "code")})
    bound = await owner.done("POST", "/v1/me/devices", camera)
    for function in FUNCTIONS:
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    await owner.done("PUT", "/v1/me/store", shop)
    serial = {"values": {"device_serial": {"value": camera["serial"]}}}
    await owner.done("PUT", "/v1/me/functions/cloud/items", serial)
    return Someone(phone, owner, bound)


async def measured(site: Site, who: Someone, zone: str = "door") -> None:
    """Let an hour pass, and a camera send what it measured in it, and a film."""
    site.house.clock.advance(hours=1)
    now = site.house.clock.now()
    crossings = tuple(
        Reading(uuid4(), ItemName("line_crossing"), now - timedelta(minutes=minutes),
                {"direction": "in" if minutes % 3 else "out", "zone": zone})
        for minutes in range(1, 40)
    )  # fmt: skip
    moved = Reading(uuid4(), ItemName("motion_event"), now - timedelta(minutes=5), {"zone": zone})
    for function, readings in (("customer_flow", crossings), ("store_guard", (moved,))):
        batch = Batch(uuid4(), readings)
        ack = await site.house.troth.door.ingest(who.camera["token"], FunctionName(function), batch)
        assert ack.stored == len(readings), ack
    await filmed(site, who, FILM, now, "1")


async def rang_up(site: Site, who: Someone) -> None:
    """Let a till be bound under the camera, and a day pass at it: sales, what does not fit, a night alert."""
    owner, clock = who.person, site.house.clock
    register = TILL | {"serial": f"CR-{who.phone}", "seen_by": who.camera["device"]}
    await site.maker.done("POST", "/v1/maker/devices", {k: register[k] for k in ("serial", "model", "code")})
    for function in (AUDIT, VISITS):
        await owner.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
    await owner.done("PUT", "/v1/me/store", SHOP)  # for these two as well
    store = {key: SHOP[key] for key in ("store_name", "store_address")}
    till = await owner.done("POST", "/v1/me/devices", register | {"store": store})
    today = clock.now().astimezone(LEGAL_TIME).date() + timedelta(days=1)
    day = till_day(today, mark="A")
    clock.at = at(today, NIGHT) + timedelta(minutes=5)
    ingest = site.house.troth.door.ingest
    assert (await ingest(till["token"], AUDIT, Batch(uuid4(), day.rung))).stored == len(day.rung)
    assert (await ingest(who.camera["token"], AUDIT, Batch(uuid4(), day.looks))).stored == len(day.looks)
    visited = Reading(uuid4(), ItemName("visit_count"), at(today, DRAWER), {"count": 87})
    moved = Reading(uuid4(), ItemName("motion_event"), at(today, NIGHT), {"zone": "till"})
    crossed = Reading(uuid4(), ItemName("line_crossing"), at(today, DRAWER), {"direction": "in", "count": 5})
    for function, reading in ((FLOW, crossed), (VISITS, visited), (FunctionName("store_guard"), moved)):
        assert (await ingest(who.camera["token"], function, Batch(uuid4(), (reading,)))).stored == 1
    await filmed(site, who, FILM, at(today, DRAWER) - timedelta(seconds=20), "60")
    await filmed(site, who, STILL, at(today, NIGHT))


async def filmed(site: Site, who: Someone, file: Path, made: datetime, seconds: str | None = None) -> None:
    """Let the camera upload a film or a picture of a moment."""
    kind = "video/mp4" if seconds else "image/jpeg"
    said = {"content-type": kind, "troth-measured": made.isoformat()}
    said |= {"authorization": f"Bearer {who.camera['token']}.{who.camera['secret']}"}
    said |= {"troth-seconds": seconds} if seconds else {}
    path = "/v1/device/functions/cloud/media/cloud_video"
    kept = await site.house.http.post(path, content=file.read_bytes(), headers=said)
    assert kept.status_code == 201, kept.text


async def shared(site: Site, who: Someone) -> None:
    """Let a listed receiver have the phone number, with every paper that takes."""
    at = f"/v1/staff/receivers/{POLICY}/acme"
    await site.office.done("PUT", at, {"kind": "agents", "purpose": "service", "items": ["phone_number"]})
    for fact in ("agreement", "confidentiality", "instructions", "security_measures"):
        await site.office.done("PUT", f"{at}/papers/{fact}", {"document": str(uuid4())})
    asked = {
        "subject": who.person.account, "function": "register", "purpose": "service",
        "items": ["phone_number"], "recipient": "acme", "case": {"act": "share", "case": "agents"},
    }  # fmt: skip
    await site.office.done("POST", "/v1/staff/share", asked)


async def _serve(database: Dsns, folder: Path, loop: asyncio.AbstractEventLoop, ready: list[Site]) -> None:
    stop = asyncio.Event()
    async with open_house(database, folder) as house:
        app = house.http._transport.app
        config = uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        maker, office = await house.staff(Role.MAKER), await house.staff(Role.PRIVACY)
        ready.append(Site(f"http://127.0.0.1:{port}", loop, house, maker, office, stop))
        await stop.wait()
        server.should_exit = True
        await serving


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    name = f"browser_{next(_numbers)}"
    server.make(name)
    ready: list[Site] = []
    folder = tmp_path_factory.mktemp("house")
    done = asyncio.run_coroutine_threadsafe(_serve(Dsns(server, name), folder, loop, ready), loop)
    while not ready and not done.done():
        threading.Event().wait(0.02)
    if not ready:
        done.result(1)
    yield ready[0]
    loop.call_soon_threadsafe(ready[0].stop.set)
    done.result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    server.drop(name)


@pytest.fixture(scope="module")  # no longer: while it lives, this thread has a running event loop
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visit(
    chromium: Browser, site: Site, language: str, width: int, *, scripts: bool = True
) -> Iterator[Page]:
    """Open a page as someone of this language would; at the end nothing may have been complained about."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale=LOCALES[language], java_script_enabled=scripts
    )
    page = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in _GRAVE else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    page.on("request", lambda asked: None if _ours(asked.url, site) else foreign.append(asked.url))
    yield page
    assert not foreign
    assert not [said for said in complaints if "status of 40" not in said]
    kept = page.evaluate("({...localStorage, ...sessionStorage})")
    assert kept.keys() <= {"htmx-current-path-for-history"}  # the path alone, until the tab is closed
    context.close()


def _ours(url: str, site: Site) -> bool:
    return url.startswith((site.url, f"blob:{site.url}"))


def sign_in(page: Page, site: Site, who: Someone) -> None:
    page.goto(site.url)
    page.fill("#login", who.phone)
    page.fill("#password", PASSWORD)
    page.click("form[action='/sign-in'] button")
    page.wait_for_url("**/privacy")


def looked_at(page: Page, name: str) -> None:
    """Nothing sticks out sideways, everything to press is large enough for a thumb; with TROTH_SHOTS, see."""
    page.wait_for_load_state()  # a form that was just sent may still be on its way
    page.locator("main").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    small = page.eval_on_selector_all(
        "main button, main .button, main summary",
        "found => found.filter(b => b.offsetHeight && b.offsetHeight < 44).map(b => b.innerText)",
    )
    assert not small, name
    unlabelled = page.eval_on_selector_all(
        "input:not([type=hidden], [hidden]), textarea, select",
        "found => found.filter(i => !i.labels.length).map(i => i.name)",
    )
    assert not unlabelled, name
    if SHOTS:
        language = (page.get_attribute("html", "lang") or "")[:2]
        width = (page.viewport_size or {}).get("width")
        page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{width}.png", full_page=True)
