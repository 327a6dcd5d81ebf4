"""`troth prove`: brings up a scratch system, tries every clause of some policies on it, and says what held.

Composes the proof (`prove`) with a running system; decides nothing. Each proof has a folder of its own, made
for it and gone after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from troth.app import policies
from troth.app.clock import OffsetClock
from troth.app.places import own_directory
from troth.app.promises import listed
from troth.app.settings import Settings
from troth.main.demo import Hands, scratch_entry
from troth.main.running import running
from troth.policy.clauses import Clause
from troth.policy.compiled import Compiled
from troth.policy.promises import carried
from troth.prove.changes import NEXTS, QUICK, VARIANTS
from troth.prove.hosts import hosts, opens
from troth.prove.proof import Judged, Outcome, judged, prove
from troth.prove.record import Record
from troth.prove.sabotage import Sabotage
from troth.prove.story.evidence import Evidence
from troth.prove.story.gateway import Gateway
from troth.prove.story.person import line_to, trusting
from troth.prove.world import World
from troth.terms import PolicyName

_START = timedelta(hours=1)
_NO_HOSTS: Mapping[PolicyName, Compiled] = {}
SYSTEMS = 3
"""So many of a proof run at a time: trials wait more than they work."""
HANDS = ("service", "maker", "privacy")
"""Accounts of the maker's people that most trials need: made before anyone asks for them."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What the proof of one policy came to: each promise, all that was tried, and what sabotage broke."""

    compiled: Compiled
    promises: tuple[Judged, ...]
    outcomes: tuple[Outcome, ...]
    sabotage: Sabotage | None = None


@asynccontextmanager
async def scratch(
    data: Path,
    *,
    files: Path | None = None,
    hosting: Mapping[PolicyName, Compiled] = _NO_HOSTS,
    without: tuple[str, ...] = (QUICK,),
    workers: int = 1,
    tls: bool = False,
    hire: Sequence[str] = HANDS,
    say: Callable[[str], None],
) -> AsyncGenerator[World]:
    """Bring up a system of the proof's own in ``data`` and hand it over as a world.

    ``files`` is the folder of the policies to prove, if they are not those of Troth; ``hosting`` says under
    which of them an account is opened for those that open none.
    """
    own_directory(data)
    clock = OffsetClock(data / "clock")
    clock.advance(_START)
    async with Gateway() as gateway:
        settings = replace(
            Settings.from_environ(
                {}, data=data, http_port=0, mqtt_port=0, workers=workers, tls="on" if tls else "off"
            ),
            policies=files,
            clock=data / "clock",
            outbox_url=gateway.url,
        )
        entry = scratch_entry(without)
        async with running(settings, entry=entry, say=say) as system:
            mqtt = ("127.0.0.1", system.settings.mqtt_port)
            hands = Hands(system, clock, _of_commands(without))
            trust = trusting(system.authority) if system.authority else None
            async with (
                line_to(system.base_url) as line,
                Evidence.kept_open(system.settings.owner_dsn or "") as evidence,
            ):
                world = World(
                    system.base_url, mqtt, evidence, gateway, hands, hosts=hosting, line=line, tls=trust
                )
                await world.hire(*hire)
                await world.settle()  # nobody's trial waits for it
                try:
                    yield world
                finally:
                    await world.settle()


def _of_commands(without: Sequence[str]) -> tuple[str, ...]:
    """Return how a command differs: it looks up no copy of a policy, and to make them all takes long."""
    return tuple(name for name in without if name not in {NEXTS, VARIANTS})


def wanted(names: Sequence[str]) -> Mapping[str, tuple[str, Compiled]]:
    """Return the text and the tables of each policy asked for, a name or a file; none named: all of Troth.

    Raises `NoSuchPolicy`, `PolicyRejected`, `OSError`.
    """
    found: dict[str, tuple[str, Compiled]] = {}
    for name in names or policies.names():
        compiled = policies.named(name)
        found[compiled.policy.name] = (policies.told(name)[0], compiled)
    return found


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told how far it is: ``say`` what is being done, ``tried`` each outcome, ``struck`` each blow.

    ``ahead``: how many blows there will be.
    """

    say: Callable[[str], None]
    tried: Callable[[Outcome], None]
    struck: Callable[[], None]
    ahead: Callable[[int], None] = lambda _blows: None


async def proven(
    found: Mapping[str, tuple[str, Compiled]],
    *,
    only: Callable[[Clause], bool],
    at_once: int,
    tell: Telling,
    record: Record | None = None,
) -> Sequence[Proven]:
    """Prove policies, each on a scratch system of its own; those on ``record`` are not tried again."""
    kept, places = record or Record(), asyncio.Semaphore(SYSTEMS)

    async def one(name: str) -> Proven:
        compiled = found[name][1]
        outcomes = kept.proof(compiled)
        if outcomes is None:
            async with places, system({name: found[name]}, tell, known=found) as world:
                tell.say(f"trying {name}")
                outcomes = await prove(
                    world, compiled.policy.name, compiled, only=only, at_once=at_once, done=tell.tried
                )
            kept.tried(compiled, outcomes)
        return Proven(compiled, judged(compiled, _promises(compiled), outcomes), tuple(outcomes))

    async with asyncio.TaskGroup() as group:
        proofs = [group.create_task(one(name)) for name in found]
    return [each.result() for each in proofs]


@asynccontextmanager
async def system(
    found: Mapping[str, tuple[str, Compiled]],
    tell: Telling,
    *without: str,
    known: Mapping[str, tuple[str, Compiled]],
    hire: Sequence[str] = HANDS,
) -> AsyncGenerator[World]:
    """Bring up a scratch system with these policies, in a folder that is gone afterwards.

    It speaks TLS, as a served system does. Where one of them opens no account, one of the same maker's that
    does is served beside it: of those ``known``, or of Troth's.
    """
    with TemporaryDirectory(prefix="troth-prove-") as folder:
        files = own_directory(Path(folder) / "policies")
        proved = [compiled for _, compiled in found.values()]
        others = () if all(map(opens, proved)) else (*(each for _, each in known.values()), *_built_in())
        hosting = hosts(proved, others)
        texts = {name: text for name, (text, _) in {**known, **found}.items()}
        for name in {*found, *(host.policy.name for host in hosting.values())}:
            text = texts[name] if name in texts else policies.builtin(name)[0]
            (files / f"{name}.yaml").write_text(text, encoding="utf-8")
        data, changed = Path(folder) / "system", (QUICK, NEXTS, *without)
        async with scratch(
            data, files=files, hosting=hosting, without=changed, tls=True, hire=hire, say=tell.say
        ) as world:
            yield world


@cache
def _built_in() -> Sequence[Compiled]:
    """Return the policies of Troth; a proof under sabotage brings up many systems."""
    return tuple(policies.compiled(name) for name in policies.names())


def _promises(compiled: Compiled) -> Iterable[str]:
    """Return the promises of a text: those listed, else those that its own clauses carry."""
    return listed().get(compiled.policy.name) or carried(compiled.policy)
