"""Matters that people are told of, as rows: what it is, what is said, what is due, who was told how far.

Keeps no rule about them: each kind has its workflow (`breach`, `changes`, `cessation`). A matter's texts are
written to be read by everybody; only who was told is about a person, and goes with them at erasure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from troth.subjects.sql import QUERIES
from troth.terms import FunctionName, PolicyName, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.db import Tx

SHOWN_AT_ONCE = 100
LETTER = "letter"
"""The part that people read: all others in one, in the order that the policy wants."""


class Kind(StrEnum):
    """What a matter is."""

    BREACH = "breach"
    CHANGE = "change"
    ENDING = "ending"


class NoSuchMatter(TrothError):
    """there is no such matter: list them and take its number"""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter. ``functions`` empty: it concerns everybody under the policy."""

    matter: UUID
    kind: str
    policy: PolicyName
    version: int
    functions: list[FunctionName]
    state: str
    began: datetime
    at: datetime | None = None
    reached: UUID | None = None
    gathered: bool = False
    announced: datetime | None = None
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done about a matter."""

    matter: UUID
    step: str
    at: datetime
    clause: str | None
    done: datetime | None
    document: UUID | None


@dataclass(frozen=True, slots=True)
class Concern:
    """A matter as one person is told of it."""

    matter: UUID
    kind: str
    policy: PolicyName
    version: int
    began: datetime
    at: datetime | None
    state: str
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class _Said:
    part: str
    language: str
    said: str


@dataclass(frozen=True, slots=True)
class _Counted:
    state: str
    n: int


async def begin(tx: Tx, made: Matter) -> bool:
    """Keep a new matter; return False where it is known already, and then nothing changes."""
    names = ("matter", "kind", "policy", "version", "functions", "state", "began", "at")
    return bool(await tx.run(QUERIES["open_matter"], {name: getattr(made, name) for name in names}))


async def held(tx: Tx, matter: UUID, kind: Kind) -> Matter:
    """Return a matter, held until commit. Raises `NoSuchMatter`."""
    found = await tx.row(Matter, QUERIES["matter"], {"matter": matter})
    if found is None or found.kind != kind:
        raise NoSuchMatter
    return found


async def listed(tx: Tx, kind: Kind) -> tuple[Matter, ...]:
    """Return all matters of a kind, the open ones first."""
    return tuple(await tx.rows(Matter, QUERIES["matters"], {"kind": kind.value}))


async def waited_for(tx: Tx) -> frozenset[UUID]:
    """Return the open matters of which someone has yet to be told."""
    return frozenset(await tx.value(QUERIES["matters_waited_for"]) or ())


async def announced(tx: Tx, now: datetime, policy: PolicyName | None = None) -> tuple[Matter, ...]:
    """Return what is public, of one policy or of all, the newest first."""
    params = {"now": now, "policy": policy, "limit": SHOWN_AT_ONCE}
    return tuple(await tx.rows(Matter, QUERIES["announced"], params))


async def move(tx: Tx, matter: UUID, state: str, *, closed: datetime | None = None) -> None:
    """Let it go on to ``state``."""
    await tx.run(QUERIES["move_matter"], {"matter": matter, "state": state, "closed": closed})


async def announce(tx: Tx, matter: UUID, now: datetime) -> bool:
    """Make it public; return False where it is."""
    return bool(await tx.run(QUERIES["announce_matter"], {"matter": matter, "now": now}))


async def say(tx: Tx, matter: UUID, part: str, language: str, said: str) -> None:
    """Write one part of its notice, in one language."""
    params = {"matter": matter, "part": part, "language": language, "said": said}
    await tx.run(QUERIES["say_part"], params)


async def parts(tx: Tx, matter: UUID) -> Mapping[str, Mapping[str, str]]:
    """Return what was written, by language and part."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in await tx.rows(_Said, QUERIES["parts_said"], {"matter": matter}):
        found[row.language][row.part] = row.said
    return found


async def said(tx: Tx, matter: UUID, language: str) -> str:
    """Return the notice as people read it; in English, where nothing is said in their language."""
    found = await parts(tx, matter)
    whole = {each: of[LETTER] for each, of in found.items() if LETTER in of}
    return whole.get(language) or whole.get("en") or next(iter(whole.values()), "")


async def owe(tx: Tx, matter: UUID, step: str, at: datetime, clause: str | None) -> None:
    """Note something to be done by then."""
    await tx.run(QUERIES["owe_step"], {"matter": matter, "step": step, "at": at, "clause": clause})


async def steps(tx: Tx, matter: UUID) -> tuple[Step, ...]:
    """Return what is to be done about it, in the order of time."""
    return tuple(await tx.rows(Step, QUERIES["steps_of"], {"matter": matter}))


async def do(tx: Tx, matter: UUID, step: str, now: datetime, document: UUID | None = None) -> bool:
    """Note that it is done; return False where nothing of the kind was left to do."""
    params = {"matter": matter, "step": step, "now": now, "document": document}
    return bool(await tx.run(QUERIES["do_step"], params))


async def late(tx: Tx, now: datetime) -> tuple[Step, ...]:
    """Return what should be done by now."""
    return tuple(await tx.rows(Step, QUERIES["late_steps"], {"now": now}))


async def concern(tx: Tx, matter: UUID, subjects: Collection[SubjectId]) -> None:
    """Write down whom it concerns."""
    await tx.run(QUERIES["concern"], {"matter": matter, "subjects": list(subjects)})


async def told(tx: Tx, matter: UUID) -> Mapping[str, int]:
    """Return how many were told how far."""
    return {row.state: row.n for row in await tx.rows(_Counted, QUERIES["tellings"], {"matter": matter})}


async def of(tx: Tx, subject: SubjectId) -> Sequence[Concern]:
    """Return what one person is told of, the newest first."""
    return await tx.rows(Concern, QUERIES["told_me"], {"subject": subject})


async def see(tx: Tx, subject: SubjectId, matter: UUID, now: datetime) -> None:
    """Note that they saw it. Raises `NoSuchMatter` for what they are not told of."""
    if not await tx.run(QUERIES["see_telling"], {"subject": subject, "matter": matter, "now": now}):
        raise NoSuchMatter


async def letter_ended(tx: Tx, subject: SubjectId, letter: UUID, *, reached: bool) -> None:
    """Note how a letter ended; where it did not reach them, the next way is tried."""
    state = "carried" if reached else "waiting"
    params = {"subject": subject, "letter": letter, "state": state, "failed": 0 if reached else 1}
    await tx.run(QUERIES["letter_told"], params)
