"""What the story is handed: a running system, and levers that only a demo has (its clock, its workers)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from troth.prove.scan import Sighting
from troth.prove.simulator import Camera, Way
from troth.prove.story.evidence import Evidence
from troth.prove.story.gateway import Gateway
from troth.prove.story.person import Person

POLICY = "sunmi-camera"
_QUIET_S = 20


class Levers(Protocol):
    """What the demo may do to its own system and nobody may do to a served one."""

    def now(self) -> datetime:
        """Return the system's present moment."""
        ...

    def advance_to(self, moment: datetime) -> None:
        """Let the system's clock jump forward to ``moment``."""
        ...

    def hold_workers(self) -> None:
        """Stop the workers where they stand, as a long pause of the machine would."""
        ...

    def let_workers_go(self) -> None:
        """Let them run on."""
        ...

    async def command(self, *words: str) -> tuple[int, str]:
        """Run ``troth WORDS`` against the system; return its exit status and what it printed."""
        ...


@dataclass(frozen=True, slots=True)
class Marks:
    """Values planted in the story, none of which may ever lie readable in a file."""

    phone: str = "+8613912345678"
    email: str = "planted.owner@example.com"
    password: str = "planted-password-4711"  # noqa: S105 - planted on purpose
    store_name: str = "Planted Lantern Teahouse"
    store_address: str = "88 Planted Marker Lane, Shanghai"
    serial: str = "PLANTED-SERIAL-0817"
    mac: str = "02:00:5e:71:ad:ed"
    ip: str = "198.51.100.217"
    reading: str = "planted-reading-mark"
    register: str = "TROTH-TILL-7F31"
    film: str = "planted-film-mark"

    def sealed(self) -> tuple[str, ...]:
        """Return the values that lie sealed in the vault; the password is only ever kept as a hash."""
        return tuple(m for m in self.every() if m != self.password)

    def every(self) -> tuple[str, ...]:
        """Return all planted values."""
        return (
            self.phone, self.email, self.password, self.store_name, self.store_address,
            self.serial, self.mac, self.ip, self.reading, self.register, self.film,
        )  # fmt: skip


@dataclass(slots=True)
class Stage:
    """A running system with the people around it. Steps add what they learn to the lower half."""

    base_url: str
    mqtt: tuple[str, int]
    evidence: Evidence
    roots: tuple[Path, ...]
    levers: Levers
    gateway: Gateway
    today: date
    control: Callable[[], Awaitable[frozenset[Sighting]]]
    tls: ssl.SSLContext | None = None
    marks: Marks = field(default_factory=Marks)

    owner: Person = field(init=False)
    maker: Person = field(init=False)
    staff: Person = field(init=False)
    account: str = ""
    receipt: str = ""
    device: str = ""
    way: Way | None = None
    till: Way | None = None
    films: dict[time, str] = field(default_factory=dict[time, str])
    """What was filmed, by when it happened."""
    farewell: str = ""
    still_held: int = 0
    """Readings of functions that were not withdrawn."""

    def __post_init__(self) -> None:
        self.owner, self.maker, self.staff = (Person(self.base_url) for _ in range(3))

    async def hire(self) -> None:
        """Let the operator make an account for the maker's line and one for staff, unless that is done."""
        hired = {"maker": self.maker, "staff": self.staff}
        await asyncio.gather(*(self._hire(role, who) for role, who in hired.items() if not who.token))

    async def _hire(self, role: str, who: Person) -> None:
        """Give ``who`` the token that the command prints last."""
        status, said = await self.levers.command("staff", "add", "--role", role)
        if status or not said.split():
            raise RuntimeError(f"troth staff add --role {role} did not work: {said.strip()}")
        who.token = said.split()[-1]

    def camera(self) -> Camera:
        """Return the owner's camera, switched off. Raises `RuntimeError` when none is bound."""
        if self.way is None:
            raise RuntimeError("no camera is bound: the step that binds it did not hold")
        return Camera(self.way)

    async def until(self, moment: datetime) -> None:
        """Let time pass until ``moment``, once everything that has happened stands in the ledger's tree.

        Else an entry from before the jump would be numbered after it, and look back-dated. Raises
        `TimeoutError` when the sequencer is not getting there.
        """
        async with asyncio.timeout(_QUIET_S):
            # There is no event to wait for out here: the table is the evidence.
            while await self.evidence.value("SELECT count(*) FROM ledger_queue"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        self.levers.advance_to(moment)

    async def later(self, by: timedelta) -> None:
        """Let ``by`` pass."""
        await self.until(self.levers.now() + by)
