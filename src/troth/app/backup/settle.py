"""From a loaded backup to a system that may be served: what happened since is repeated first.

Every step may be done again. The log goes on under the heads that were signed; whoever was erased since is
erased; what was deleted by itself is deleted; what anyone took back since is taken back; who was signed in is
out. Then `restored`, and new epochs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from troth import ledger
from troth.app.backup import lost, owed, pieces, take
from troth.app.backup.lost import Lost
from troth.app.backup.restore import Plan
from troth.app.backup.sql import QUERIES
from troth.app.clock import OffsetClock, SystemClock
from troth.app.prepare import prepare
from troth.app.settings import Settings
from troth.app.system import SIGNING, TAIL, System, opened
from troth.db import Database, Role
from troth.devices.registry import NotYourDevice
from troth.ledger import EntryKind, NewEntry
from troth.ledger.sequencer import Sequencer
from troth.ledger.signing import Signer
from troth.ledger.tail import Tail
from troth.rights.cancel import given_to
from troth.subjects import staff
from troth.terms import Act, Clock, ItemName, Standing, SubjectId
from troth.vault.erasure import NobodyTells
from troth.vault.errors import PlanLapsed
from troth.vault.farewell import Farewell
from troth.vault.roll import Erasure as Line
from troth.vault.rotation import Rotation
from troth.vault.stages import Stage
from troth.vault.sweep import NotSwept

_PAGE = 500
_NOBODY = SubjectId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Settled:
    """What a restore brought back and repeated: entries, erasures, acts, and deletions one by one."""

    entries: int
    erased: int
    taken_back: int
    deleted: int = 0
    outdated: Mapping[ItemName, int] = field(default_factory=dict[ItemName, int])
    """Documents that their people had corrected since, by item: deleted, to be given again."""
    orders: tuple[UUID, ...] = ()
    """The papers of orders that were placed or prolonged since: to be placed again, unless they ended."""
    orders_ended: tuple[UUID, ...] = ()
    """And of those that were ended since, of one person or more: to be ended again."""


async def settle(plan: Plan, settings: Settings, say: take.Say, clock: Clock | None = None) -> Settled:
    """Bring a loaded database to today. ``settings`` names every way into it."""
    clock = clock or (OffsetClock(settings.clock) if settings.clock else SystemClock())
    say("bringing the schema up to date")
    await prepare(settings)
    say("going on with the log")
    entries = await _log(settings, clock)
    since = lost.read(
        (body for one in plan.outside.batches for body in one.bodies),
        frozenset(line.erasure for line in plan.outside.erased),
    )
    async with opened(settings, clock) as system:
        whose = await pieces.owners(system, since)
        since = lost.presumed(since, whose.keys())
        say("repeating the erasures")
        erased = await _erase(system, plan.outside.erased, since)
        say("deleting again what was deleted")
        deleted = await pieces.delete(system, since, whose)
        say("taking back what was taken back")
        taken_back = await _take_back(system, since, everything=plan.outside_lost)
        done = Settled(
            entries,
            erased,
            taken_back,
            deleted.pieces,
            deleted.outdated,
            since.orders,
            since.orders_ended,
        )
        await _put_on_record(system, plan, done)
        say("ending the epochs of the backup's day")
        async for _progress in Rotation(system.keeper, system.keyring, clock).turn():
            pass
        await _finish(system)
        while await system.sequencer.run_once():
            pass
    return done


async def _log(settings: Settings, clock: Clock) -> int:
    """Give again the numbers that were given, under the same heads; nothing new is signed before."""
    signer = Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    ways = [settings.dsn_of(role) or "" for role in (Role.APP, Role.SEQUENCER)]
    async with Database(ways[0], size=1) as app, Database(ways[1], size=1) as numbering:
        sequencer = Sequencer(numbering, signer, clock, tail=Tail(settings.data / TAIL))
        async with app.transaction() as tx:
            entries = await sequencer.put_back(tx)
        while await sequencer.run_once():
            pass
    return entries


async def _erase(system: System, roll: Iterable[Line], since: Lost) -> int:
    """Refuse everyone on the roll; return how many the backup still knew as living."""
    stages: Mapping[UUID, int] = since.stages or {}
    done = 0
    for line in roll:
        async with system.eraser.transaction() as tx:
            done += await ledger.standing(tx, line.subject, lock=True) is not None
            told = stages.get(line.erasure, 0) >= Stage.TOLD
            names = () if told else tuple({*await given_to(tx, line.subject), *since.recipients})
            erasure = await system.erasure.again(tx, line, Farewell(recipients=names))
        async with system.eraser.transaction() as tx:
            if (await system.erasure.look(tx, erasure)).stage < Stage.REFUSED:
                await system.erasure.advance(tx, erasure)
    return done


async def _finish(system: System) -> None:
    """Take every erasure as far as it goes now; whatever waits for others, the worker goes on with."""
    async with system.eraser.transaction() as tx:
        while await system.media.sweep(tx):
            pass
        due = await system.erasure.due(tx)
    for erasure in due:
        moving = True
        while moving:
            try:
                async with system.eraser.transaction() as tx:
                    before = (await system.erasure.look(tx, erasure)).stage
                    moving = await system.erasure.advance(tx, erasure) != before
            except (PlanLapsed, NobodyTells, NotSwept):  # the worker says so again, and someone acts
                break


async def _take_back(system: System, since: Lost, *, everything: bool) -> int:
    """Add what was taken back to every standing that it may have been taken from; sign everybody out."""
    now, done = system.clock.now(), 0
    async with system.db.transaction() as tx:
        await tx.run(QUERIES["end_every_session"])
        await tx.run(QUERIES["end_every_code"])
        for one in since.staff:
            with suppress(staff.NotStaff):  # came after the backup
                await staff.dismiss(tx, one, now)
        await owed.stop(tx, system, since.endings)
    for device in since.unbound:
        async with system.db.transaction() as tx:
            owner = await tx.value(QUERIES["owner_of_device"], {"device": device})
            if owner is not None:
                with suppress(NotYourDevice):
                    await system.devices.unbind(tx, SubjectId(owner), device)

    def ends(standing: Standing) -> tuple[Act, ...]:
        return lost.everything(standing, now) if everything else lost.closing(since.acts, standing, now)

    if not (everything or since.acts or since.endings):
        return 0
    async for subject in _people(system.db):
        async with system.db.transaction() as tx:
            standing = await ledger.standing(tx, subject, lock=True)
            if standing is None:
                continue
            acts = ends(standing)
            await owed.owe(tx, system, standing, acts, since.endings)
            for act in acts:
                await ledger.record(tx, subject, act)
                done += 1
    return done


async def _people(db: Database) -> AsyncGenerator[SubjectId]:
    after = _NOBODY
    while True:
        async with db.transaction() as tx:
            cursor = await tx.conn.execute(QUERIES["people"], {"after": after, "page": _PAGE})
            page = [SubjectId(row[0]) for row in await cursor.fetchall()]
        for subject in page:
            yield subject
        if len(page) < _PAGE:
            return
        after = page[-1]


async def _put_on_record(system: System, plan: Plan, done: Settled) -> None:
    async with system.db.transaction() as tx:
        if await tx.value(QUERIES["restored"], {"restore": plan.mark.restore}):
            return
        details: dict[str, str | int] = {
            "restore": plan.mark.restore,
            "backup": str(plan.data.said["backup"]),
            "erased": done.erased,
            "taken_back": done.taken_back,
            "deleted": done.deleted,
            "outdated": sum(done.outdated.values()),
            "outside": "lost" if plan.outside_lost else "known",
        }
        entry = NewEntry(kind=EntryKind.RESTORED, at=system.clock.now(), details=details)
        await ledger.append(tx, entry)
