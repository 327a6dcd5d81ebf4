"""What one of a system's processes does: the API, a worker, or an errand. Composes edges; decides nothing.

Run as ``python -m troth.main.process worker 1`` or ``... api``, told by the environment where things are.
Each imports only its own edges: imports are what makes a start slow. A process ends on SIGTERM or Ctrl-C,
after it has finished what it has in hand.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from troth.app import litter, policies, tls
from troth.app.embedded.nats_config import BrokerKeys
from troth.app.prepare import make_room, prepare
from troth.app.settings import Settings
from troth.app.wiring import Troth
from troth.main.errand import INVITED
from troth.main.running import ready_sign
from troth.main.statuses import CUT_SHORT
from troth.terms import TrothError

_SHUTDOWN_S = 5
_AT_ONCE = 2_000
_BEAT_S = 15


async def api(troth: Troth) -> None:
    """Serve the API and the page until told to stop."""
    import uvicorn

    from troth.edges.api.app import create_app
    from troth.edges.web.app import create_pages

    app = create_app(troth)
    app.mount("/", create_pages(troth))
    papers = troth.settings.papers
    secure = tls.listening(papers) if papers else None
    config = uvicorn.Config(
        app,
        host=troth.settings.http_host,
        port=troth.settings.http_port,
        access_log=False,  # it carries addresses
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        limit_concurrency=_AT_ONCE,
        ssl_context_factory=(lambda _config, _default: secure) if secure else None,
    )
    if papers and secure:
        read_again = partial(tls.load, secure, papers)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, read_again)
    await uvicorn.Server(config).serve()


async def worker(troth: Troth, number: int) -> None:
    """Take messages, let devices in, and do what is due, until told to stop."""
    from troth.edges import worker as background
    from troth.edges.devices import link
    from troth.edges.devices import worker as ingest
    from troth.edges.devices.broker import Broker

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    keys = BrokerKeys.at(troth.settings.keyring)
    broker = Broker(
        troth.settings.nats_url or "", keys.worker_seed, keys.callout_seed, keys.system_seed, keys.issuer_seed
    )
    link_up, ingest_up = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(link.serve(troth.door, broker, stop, link_up))
        group.create_task(ingest.serve(troth.door, broker, stop, ready=ingest_up))
        group.create_task(background.serve(troth, stop))
        await asyncio.gather(link_up.wait(), ingest_up.wait())
        group.create_task(_beat(ready_sign(troth.settings, number).touch, stop))


async def _beat(say: Callable[[], None], stop: asyncio.Event) -> None:
    """Say that this worker takes work, and go on saying so: `troth doctor` looks how long ago that was."""
    while not stop.is_set():
        say()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _BEAT_S)


async def prepared(settings: Settings, *, invite: bool) -> None:
    """Bring the schema up to date once there is a line to read: the database is up; say who is invited."""
    in_force = policies.in_force(settings.policies)
    await asyncio.to_thread(sys.stdin.readline)
    await prepare(settings, in_force)
    if invite:
        async with Troth.open(settings) as troth:
            first = await troth.first_invitation()
        if first is not None:
            print(f"{INVITED}{first.code}")  # noqa: T201 - to the supervisor alone


async def be(words: Sequence[str], settings: Settings) -> None:
    """Be the process that ``words`` name: of a system that is up, or one that goes on an errand for it."""
    match words:
        case ["prepare", *also]:
            await prepared(settings, invite="invite" in also)
        case ["room"]:
            await make_room(settings)
        case ["api"]:
            async with _opened(settings) as troth:
                await api(troth)
        case ["worker", number]:
            async with _opened(settings) as troth:
                await worker(troth, int(number))
        case _:
            raise TrothError(f"no such process: {' '.join(words)}; write api, or worker and a number")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Troth]:
    async with Troth.open(settings) as troth:
        litter.settle()
        yield troth


def run(words: Sequence[str]) -> int:
    """Run ``words`` to the end; return the exit status, with a sentence on standard error for a failure."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(be(words, Settings.from_environ(os.environ)))
    except TrothError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the supervisor shows the last lines
        return 1
    except KeyboardInterrupt:
        return CUT_SHORT
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
