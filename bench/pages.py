"""How long a person waits for a page, and what it weighs, on a served system with a million readings.

``python bench/pages.py --json`` prints one object. 50 people are signed in, each over a connection and an
address of their own, on TLS as `troth serve` brings it; a million sealed readings lie in the store, a
thousand of each of them. Everyone opens page after page and looks at each for a second, more or less.
``p95_ms`` is the slowest page's, from the request until its last byte; ``without_rest`` is the same when
nobody looks at what they opened: 50 requests under way at any time. ``kib`` is the heaviest page with all
that it loads.

Pages are found, not listed: every route without parameters that a person may open, and of the links on them
one of each kind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from ssl import SSLContext
from statistics import quantiles
from typing import cast

sys.path.insert(0, str(Path(__file__).parent))

from devices import POLICY, Owner, owner, owners
from fastapi.routing import APIRoute
from served import Served, by_kind, served, trusted
from services import services
from sides import SINCE, Sealing, batch

from troth.app import litter
from troth.app.prepare import prepare
from troth.app.settings import Settings
from troth.app.system import System, opened
from troth.app.wiring import Troth
from troth.edges.web.app import create_pages
from troth.subjects import sessions
from troth.subjects.registration import Registration
from troth.subjects.senders import Channel

PEOPLE, OF_EACH = 50, 1_000
RECORDS, LARGE = 10**6, 10**7
OTHERS, DAYS, IN_A_BLOCK, AT_ONCE = 200, 10, 100, 64
SECONDS, LOOKS_S = 20.0, (0.5, 1.5)
AT_MOST = {"p95_ms": 150, "kib": 300}
HOME = "/privacy"
"""Only who is signed in gets it."""
_LINK = re.compile(rb'<a\b[^>]*?\bhref="(/[^"#]*)"')
_LOADED = re.compile(rb'<(?:link|script|img)\b[^>]*?\b(?:href|src)="(/[^"#]*)"')
_PARTICULAR = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d|\d+|[a-z]+-[a-z-]+")
_CHANCE = Random(6)  # noqa: S311 - how long somebody looks


class Earlier:
    """The clock of the day on which everybody registered."""

    def now(self) -> datetime:
        return datetime.now(UTC) - SINCE


@dataclass(slots=True)
class Letters:
    """Takes the codes that would go to people's phones."""

    codes: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    async def send(self, channel: Channel, to: str, text: str) -> None:
        del channel
        if found := re.search(r"\b\d{6}\b", text):
            self.codes[to] = found[0]


async def register(settings: Settings, n: int) -> list[Owner]:
    """Let people register, long enough ago for their readings; return each with a camera of theirs."""
    letters = Letters()
    async with Troth.open(settings, Earlier()) as troth, opened(settings) as system:
        notice = troth.notice(POLICY, "en")
        made: list[Owner] = []
        for number in range(n):
            phone = f"+861380013{number:04}"
            given = Registration(
                policy=POLICY,
                version=notice.version,
                language="en",
                text_hash=notice.text_hash,
                agreed=True,
                password=f"lantern by the river {number}",
                phone=phone,
                email=f"owner{number}@example.com",
                declares_adult=True,
            )
            begun = await troth.register(given, origin=f"127.0.1.{number + 1}")
            await troth.deliver(letters)
            await troth.verify(begun.account, letters.codes[phone])
            made.append(await owner(system, SINCE - timedelta(minutes=1), begun.account))
        return made


async def fill(system: System, people: Sequence[Owner], readings: int) -> None:
    """Store ``readings``, evenly among ``people`` and over some days."""
    sealing = Sealing(system)
    blocks = [(people[n % len(people)], n // len(people) % DAYS) for n in range(readings // IN_A_BLOCK)]
    for start in range(0, len(blocks), AT_ONCE):
        some = [(one, batch(IN_A_BLOCK, days_ago=ago)) for one, ago in blocks[start : start + AT_ONCE]]
        await sealing.seal(sealing.arrivals(some))


async def settle(data: Path, records: int) -> list[str]:
    """Make a system with that many records in it; return the sessions of the people to come."""
    async with services(data) as settings:
        await prepare(settings)
        people = await register(settings, PEOPLE)
        say(f"{PEOPLE} people")
        async with opened(settings) as system:
            litter.settle()
            others = await owners(system, OTHERS, ago=SINCE)
            await fill(system, people, PEOPLE * OF_EACH)
            await fill(system, others, records - PEOPLE * OF_EACH)
            say(f"{records} records")
            async with system.db.transaction() as tx:
                now = system.clock.now()
                return [(await sessions.begin(tx, one.subject, now)).token for one in people]


@dataclass(slots=True)
class Browser:
    """One person's: a connection, a cookie, and how long every page took."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cookie: str = field(repr=False)
    took: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of a page."""
        said = (f"GET {path} HTTP/1.1", "host: localhost", "accept-language: en", f"cookie: {self.cookie}")
        self.writer.write("\r\n".join((*said, "\r\n")).encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        assert length or b" 304 " in head, head
        body = await self.reader.readexactly(int(length[1])) if length else b""
        return int(head[9:12]), body

    async def open(self, kind: str, path: str) -> None:
        """Open a page and note how long it took."""
        began = time.perf_counter()
        status, _ = await self.get(path)
        self.took.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
        assert status == 200, f"{path}: {status}"


@asynccontextmanager
async def browser(up: Served, tls: SSLContext, session: str, place: int) -> AsyncGenerator[Browser]:
    """Connect from an address of their own, so that nobody's requests are counted as another's."""
    reader, writer = await asyncio.open_connection(
        "localhost", up.http_port, ssl=tls, local_addr=(f"127.0.1.{place + 1}", 0), limit=1 << 22
    )
    try:
        yield Browser(reader, writer, f"__Host-troth_session={session}; __Host-troth_visit={'0' * 64}")
    finally:
        writer.close()


def routes() -> list[str]:
    """Return the pages that need no parameter."""
    pages = create_pages(cast("Troth", None))  # asked for its routes, and nothing else
    return sorted({path for path in _paths(pages.routes) if "{" not in path})


def _paths(routes: Iterable[object]) -> Iterator[str]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _paths(included.routes)
        elif isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            yield route.path


def kind_of(path: str) -> str:
    """Return what pages of one kind have in common."""
    return _PARTICULAR.sub("…", path.partition("?")[0])


async def found(one: Browser) -> dict[str, str]:
    """Return the pages that a person may open, one of each kind, by kind."""
    pages: dict[str, str] = {}
    left = [path for path in routes() if path != "/"]
    while left:
        path = left.pop(0)
        if kind_of(path) in pages:
            continue
        status, body = await one.get(path)
        if status == 200 and body.lstrip().lower().startswith(b"<!doctype"):
            pages[kind_of(path)] = path
            left += [link.decode().replace("&amp;", "&") for link in _LINK.findall(body)]
    assert HOME in pages, "nobody is signed in"
    return pages


async def weighed(one: Browser, path: str) -> int:
    """Return the bytes of a page and of everything that it loads."""
    _, body = await one.get(path)
    weight = len(body)
    for loaded in {each.decode() for each in _LOADED.findall(body)}:
        weight += len((await one.get(loaded))[1])
    return weight


async def walk(one: Browser, pages: dict[str, str], until: float, *, looks: bool) -> None:
    """Open page after page, in an order of one's own."""
    order = [*pages.items()]
    _CHANCE.shuffle(order)
    if looks:
        await asyncio.sleep(_CHANCE.uniform(0, LOOKS_S[1]))
    while True:
        for kind, path in order:
            if time.monotonic() >= until:
                return
            await one.open(kind, path)
            if looks:
                await asyncio.sleep(_CHANCE.uniform(*LOOKS_S))


async def walked(
    up: Served,
    tls: SSLContext,
    tokens: Sequence[str],
    pages: Sequence[dict[str, str]],
    seconds: float,
    *,
    looks: bool,
) -> tuple[dict[str, float], float]:
    """Return the p95 in ms of every kind of page, and the pages a second, with everybody at it."""
    took: dict[str, list[float]] = {}
    begins = time.monotonic() + 1.0

    async def person(place: int) -> None:
        async with browser(up, tls, tokens[place], place) as one:
            await asyncio.sleep(begins - time.monotonic())
            await walk(one, pages[place], begins + seconds, looks=looks)
            for kind, times in one.took.items():
                took.setdefault(kind, []).extend(times)

    async with asyncio.TaskGroup() as group:
        for place in range(len(tokens)):
            group.create_task(person(place))
    p95 = {kind: round(quantiles(times, n=20)[18], 1) for kind, times in sorted(took.items())}
    return p95, sum(map(len, took.values())) / seconds


async def measured(data: Path, records: int) -> dict[str, object]:
    tokens, weights = await settle(data, records), dict[str, float]()
    async with served(data) as up:
        tls = trusted(data)
        pages: list[dict[str, str]] = []
        for place, token in enumerate(tokens):
            async with browser(up, tls, token, place) as one:
                pages.append(await found(one))
                if not place:
                    weights = {kind: await weighed(one, path) / 1024 for kind, path in pages[0].items()}
        say(f"{len(weights)} pages")
        p95, rate = await walked(up, tls, tokens, pages, SECONDS, looks=True)
        hurried, most = await walked(up, tls, tokens, pages, SECONDS / 2, looks=False)
        memory = {kind: round(each.mib) for kind, each in by_kind(up.process.pid).items()}
    return {
        "p95_ms": max(p95.values()),
        "kib": round(max(weights.values()), 1),
        "pages_per_s": round(rate, 1),
        "p95_ms_of": p95,
        "kib_of": {kind: round(weight, 1) for kind, weight in sorted(weights.items())},
        "without_rest": {"p95_ms": max(hurried.values()), "pages_per_s": round(most, 1)},
        "mib_of": memory,
        "people": PEOPLE,
        "records": records,
    }


def say(what: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {what}", file=sys.stderr)


BEGAN = time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--large", action="store_true", help="ten million readings instead of one")
    parser.add_argument("--records", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    try:
        records = asked.records or (LARGE if asked.large else RECORDS)
        figures = asyncio.run(measured(folder / "troth", records))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, indent=1) if asked.json else "\n".join(f"{k}: {v}" for k, v in figures.items()))
    missed = [key for key, limit in AT_MOST.items() if float(str(figures[key])) > limit]
    for key in missed:
        say(f"{key} missed its target")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
