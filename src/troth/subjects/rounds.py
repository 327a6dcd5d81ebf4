"""Telling everybody whom a matter concerns, one person a transaction, by the clause's ways in their order.

Whom it concerns is written down first, in batches with a mark of how far that has come; so a round that was
cut short goes on where it was, and nobody gets two letters. Whoever no way reaches is left as *unreached*:
what follows from that is the workflow's. What is said is the matter's own text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.db import for_each
from troth.ledger import EntryKind, NewEntry
from troth.policy.words import Channel as Way
from troth.subjects import matters
from troth.subjects.acts import home, on_file
from troth.subjects.messages import LetterKind
from troth.subjects.names import REGISTER
from troth.subjects.outbox import ADDRESSES
from troth.subjects.senders import Channel
from troth.subjects.sql import QUERIES
from troth.terms import FunctionName, SubjectId
from troth.vault.holders import FIRST, holders

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.matters import Matter
    from troth.subjects.outbox import Outbox
    from troth.subjects.parts import Parts

LETTERS: Mapping[str, tuple[Channel, ...]] = {
    Way.EMAIL: (Channel.EMAIL,),
    Way.SMS: (Channel.SMS,),
    Way.PHONE: (Channel.PHONE,),
    Way.INDIVIDUAL: (Channel.EMAIL, Channel.SMS),
}
"""What carries each way of a clause. Any other way is a notice in the app or on the page, which reaches
nobody who stays away; a letter on paper needs an address that no account has."""
LASTS = timedelta(days=3)
BATCH = 500
Whom = Callable[["Tx", "Matter", UUID, int], Awaitable[Sequence[SubjectId]]]
"""Those whom a matter concerns, with ids after one, in order."""


@dataclass(frozen=True, slots=True)
class Round:
    """How a matter is told: ``ways`` in this order; ``said``: what the entry about each person adds."""

    matter: Matter
    ways: tuple[str, ...]
    said: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class _Telling:
    subject: SubjectId
    matter: UUID
    state: str
    tried: int
    seen: object


class Rounds:
    """Tells. Opens its own transactions, on the database that it is given."""

    def __init__(self, parts: Parts, outbox: Outbox) -> None:
        self._parts = parts
        self._outbox = outbox

    async def gather(self, tx: Tx, matter: Matter, whom: Whom) -> int:
        """Write down the next of those whom it concerns; return 0 once all are. ``tx`` holds ``matter``."""
        if matter.gathered:
            return 0
        found = await whom(tx, matter, matter.reached or FIRST, BATCH)
        await matters.concern(tx, matter.matter, found)
        await tx.run(
            QUERIES["gathered_up_to"],
            {
                "matter": matter.matter,
                "reached": found[-1] if found else matter.reached,
                "gathered": len(found) < BATCH,
            },
        )
        return max(1, len(found))

    async def tell(self, db: Database, telling: Round, limit: int = BATCH) -> int:
        """Write to those who wait for it; return how many were seen to."""
        async with db.transaction() as tx:
            params = {"matter": telling.matter.matter, "limit": limit}
            cursor = await tx.conn.execute(QUERIES["to_be_told"], params, prepare=True)
            waiting = [SubjectId(row[0]) for row in await cursor.fetchall()]

        async def told(subject: SubjectId) -> int:
            async with db.transaction() as tx:
                await self._tell(tx, telling, subject)
            return 1

        return await for_each(waiting, told)

    async def _tell(self, tx: Tx, telling: Round, subject: SubjectId) -> None:
        """Take the next way that could reach one person; the letter and its evidence commit together."""
        matter = telling.matter
        standing = await ledger.standing(tx, subject, lock=True)  # the person's row first, as everywhere
        where = {"subject": subject, "matter": matter.matter}
        found = await tx.row(_Telling, QUERIES["telling_of"], where)
        if found is None or found.state != "waiting":
            return
        ways = await self._ways(tx, telling, subject) if standing is not None else ()
        channel = ways[found.tried] if found.tried < len(ways) else None
        letter: UUID | None = None
        if channel is not None:
            letter = await self._outbox.write(
                tx, subject, LetterKind.NOTICE, channel, lasts=LASTS, matter=matter.matter
            )
        goes_on = {"state": "written" if letter else "unreached", "tried": found.tried, "letter": letter}
        await tx.run(QUERIES["telling_goes_on"], where | goes_on)
        if standing is None:  # erased meanwhile: there is nobody that an entry could be about
            return
        entry = NewEntry(
            kind=EntryKind.TOLD,
            at=self._parts.clock.now(),
            policy=matter.policy,
            version=matter.version,
            subject=subject,
            details={
                "matter": str(matter.matter),
                "about": matter.kind,
                "channel": channel.value if channel else "none",
                **telling.said,
            },
        )
        await ledger.append(tx, entry)

    async def _ways(self, tx: Tx, telling: Round, subject: SubjectId) -> Sequence[Channel]:
        """Return what can carry a letter to this person, in the order of the clause."""
        under = await home(tx, subject, telling.matter.policy)
        held = await on_file(tx, subject, under, REGISTER)
        asked = dict.fromkeys(channel for way in telling.ways for channel in LETTERS.get(way, ()))
        return [channel for channel in asked if ADDRESSES[channel] in held]


async def everybody(tx: Tx, matter: Matter, after: UUID, limit: int) -> Sequence[SubjectId]:
    """Return who has an account under the policy."""
    params = {"policy": matter.policy, "after": after, "limit": limit}
    cursor = await tx.conn.execute(QUERIES["accounts_after"], params, prepare=True)
    return [SubjectId(row[0]) for row in await cursor.fetchall()]


async def concerned(tx: Tx, matter: Matter, after: UUID, limit: int) -> Sequence[SubjectId]:
    """Return of whom something is held for the functions of the matter; of any, where it names none."""
    if not matter.functions:
        return await everybody(tx, matter, after, limit)
    return await holders(tx, matter.policy, [FunctionName(each) for each in matter.functions], after, limit)
