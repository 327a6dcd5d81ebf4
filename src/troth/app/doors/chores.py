"""What is done in the background, one small piece per call: numbering, letters, erasures, purging.

Each may be called again at any time and by several processes; each says how much it did. Decides nothing:
what is due says its own row, by the injected clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.base import Doors, Unavailable
from troth.app.views import Late
from troth.db import for_each
from troth.ledger import telling
from troth.rights.due import overdue, owed
from troth.rights.rows import NoSuchRequest, held
from troth.subjects import desk, matters, sessions, tries
from troth.subjects.outbox import Outcome
from troth.vault import deletions
from troth.vault.rotation import Rotation
from troth.vault.stages import Stage

if TYPE_CHECKING:
    from uuid import UUID

    from troth.subjects.senders import Sender
    from troth.terms import SubjectId

_AT_ONCE = 50
EPOCH = timedelta(days=1)
"""A deletion waits at most this long until the keys that could open its rows are destroyed."""


class ChoreDoors(Doors):
    """The worker's side of the system."""

    async def sequence(self) -> int:
        """Give numbers to what was committed; return how many entries got one. Raises `TreeDamaged`."""
        return await self._system.sequencer.run_once()

    async def tell(self) -> int:
        """Tell the links of changed standings that none of them has dealt with; return how many now are."""
        if not self._system.bus.connected():
            return 0
        async with self._open() as tx:
            heard = await self._system.bus.heard(await telling.untold(tx))
            if heard:
                await telling.told(tx, heard)
        return len(heard)

    async def deliver(self, sender: Sender) -> int:
        """Hand over the letters that are due; return how many were carried."""
        system = self._system
        ended = await system.accounts.outbox.deliver(system.db, sender)
        last = await system.farewells.deliver(system.db, system.erasure, sender)
        return ended[Outcome.SENT] + last

    async def take_effect(self) -> int:
        """End the accounts whose owners applied and did not take it back in time; return how many."""
        async with self._open() as tx:
            due = await self._system.effects.effective(tx, _AT_ONCE)
        return await for_each(due, self._take_effect, stops=(Unavailable,))

    async def late(self) -> Late:
        """Return what should be done by now: requests, erasures, steps about what people are told of."""
        now = self._system.clock.now()
        async with self._open() as tx:
            requests = await overdue(tx, now)
            erasures = await owed(tx, self._system.erasure, now)
            steps = await matters.late(tx, now)
        return Late(
            tuple(one.request for one in requests),
            tuple(one.erasure for one in erasures),
            tuple(f"{one.matter}/{one.step}" for one in steps),
        )

    async def notify(self) -> int:
        """Take what people are told of further: incidents, next versions, ends; return how much was done."""
        system = self._system
        steps = (
            (system.incidents.advance, system.db),
            (system.changes.advance, system.db),
            (system.ends.advance, system.db),
            (system.ends.erase, system.eraser),
        )
        return await for_each(steps, lambda step: step[0](step[1]))

    async def erase(self) -> int:
        """Take each erasure one stage further if its time has come; return how many moved on."""
        async with self._erasing() as tx:
            due = await self._system.erasure.due(tx)
        return await for_each(due, self._advance, stops=(Unavailable,))

    async def turn_epoch(self) -> bool:
        """End the epoch once a deletion has waited for it long enough; finish a turn that was cut short.

        An erasure, the purge of who never confirmed, a device given up, a function withdrawn: all wait alike.
        """
        rotation = Rotation(self._system.keeper, self._system.keyring, self._system.clock)
        async with self._open() as tx:
            gone = await deletions.waiting(tx, self._system.clock.now() - EPOCH)
        waiting = bool(gone) or await self._waits_for_epoch()
        async for _progress in rotation.turn() if waiting else rotation.resume():
            pass
        if gone:
            async with self._open() as tx:
                await deletions.out_of_reach(tx, gone)
        return waiting

    async def purge(self) -> int:
        """Forget who never confirmed, ended sessions and old counts of tries; return how many rows."""
        now = self._system.clock.now()
        async with self._erasing() as tx:
            gone = await self._system.accounts.purge_unverified(tx)
        async with self._open() as tx:
            return (
                gone + await sessions.purge(tx, now) + await tries.purge(tx, now) + await desk.purge(tx, now)
            )

    async def retain(self) -> int:
        """Carry out what is over by the policies: due rows, holds, blocks to be counted; return how much."""
        async with self._erasing() as tx:
            done = await self._system.retention.run(tx)
        async with self._erasing() as tx:
            return done + await self._system.retention.count(tx)

    async def rekey(self) -> int:
        """End a key that sealed what was corrected or deleted, step by step; return 0 when none is owed."""
        async with self._erasing() as tx:
            return int(await self._system.rekeying.step(tx))

    async def sweep_media(self) -> int:
        """Delete the bytes of media that was forgotten or never finished; return of how many objects."""
        async with self._erasing() as tx:
            return await self._system.media.sweep(tx)

    async def tidy(self) -> int:
        """Destroy the farewell keys of plans that never were committed; return how many."""
        async with self._erasing() as tx:
            return await self._system.erasure.tidy(tx)

    async def _take_effect(self, due: tuple[SubjectId, UUID]) -> int:
        subject, request = due
        async with self._erasing() as tx:
            if await ledger.standing(tx, subject, lock=True) is None:
                return 0
            try:
                found = await held(tx, subject, request)
            except NoSuchRequest:  # another worker was quicker
                return 0
            done = await self._system.effects.take_effect(tx, subject, found)
        if done is None:
            return 0
        await self._changed(subject)
        return 1

    async def _advance(self, erasure: UUID) -> int:
        async with self._erasing() as tx:
            before = (await self._system.erasure.look(tx, erasure)).stage
            return int(await self._system.erasure.advance(tx, erasure) != before)

    async def _waits_for_epoch(self) -> bool:
        before = self._system.clock.now() - EPOCH
        async with self._open() as tx:
            for erasure in await self._system.erasure.due(tx):
                row = await self._system.erasure.look(tx, erasure)
                if row.stage == Stage.REFUSED and row.refused_at is not None and row.refused_at <= before:
                    return True
        return False
