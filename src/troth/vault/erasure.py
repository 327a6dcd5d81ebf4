"""Erasure in honest stages, each reached once, dated, and left to be resumed by whoever comes next.

`begin` plans under a permit; `advance` takes one step when it can, in the caller's transaction. A step either
commits whole or has not happened, and the stage says which is next: so a crash anywhere is followed by the
same `advance`. Other packages' rows are reached through hooks that wiring supplies.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from troth import ledger
from troth.db import Tx
from troth.ledger.proofs import latest_head
from troth.ledger.signing import Signer
from troth.terms import Clock, Permit, SubjectId, TrothError
from troth.vault import addendum, certificate, covers, farewell, keys, sweep
from troth.vault.errors import LinkSpent, PlanLapsed
from troth.vault.farewell import Farewell
from troth.vault.keyring import TURNED, EpochKind, Keyring
from troth.vault.roll import Erasure as Line
from troth.vault.roll import Roll
from troth.vault.spares import Spares
from troth.vault.sql import QUERIES
from troth.vault.stages import EVIDENCE, NEXT, Erasing, Stage

PLAN_LASTS = timedelta(days=30)
_TELLINGS = 200

Tell = Callable[[Tx, UUID, str], Awaitable[None]]
"""Tells a recipient (by the policy's name for it) of an erasure, or queues that in the transaction."""
Say = Callable[[Tx, UUID, Farewell], Awaitable[None]]
"""Tells the plan's return address that the certificate is there, or queues that in the transaction."""
Waits = Callable[[Tx, UUID], Awaitable[bool]]
"""Whether something is still to be said to the plan's return address, so that the plan is needed."""


class NobodyTells(TrothError):
    """the plan names recipients, but nothing is set up to tell them: give the erasure a way to"""


class NoSuchErasure(TrothError):
    """there is no erasure with this id: take one of those that are listed"""


@dataclass(frozen=True, slots=True)
class Telling:
    """Someone else who was asked to delete what they had of an erased person, and when they had."""

    erasure: UUID
    recipient: str
    told_at: datetime
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Begun:
    """An erasure that was planned. ``link`` is shown to the person once and stored nowhere."""

    erasure: UUID
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a link shows: the stages reached and, each once, the certificate and the addendum to it.

    ``horizon``: until when a backup may open what was erased, once that is certain; None: no policy says.
    """

    stages: Mapping[str, datetime]
    certificate: str | None
    addendum: str | None
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What other packages do when a subject is erased.

    ``at_once`` with the refusal (sessions, device tokens), ``sweeps`` later (all their rows).
    """

    at_once: Sequence[sweep.Sweep] = ()
    sweeps: Sequence[sweep.Sweep] = ()
    tell: Tell | None = None
    say: Say | None = None
    waits: Waits | None = None


@dataclass(frozen=True, slots=True)
class Backups:
    """What is known of backups: how long they may open, and which copies of keys were laid apart for them.

    ``horizon`` is given when the keys of something deleted were gone here, and says until when a backup may
    open it (None: no policy says). An erasure without all this ends with its certificate.
    """

    horizon: Callable[[datetime], datetime | None]
    spares: Spares


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What a step leaves in the erasure's row."""

    removed: Mapping[str, int] = field(default_factory=dict[str, int])
    checked: Mapping[str, int] = field(default_factory=dict[str, int])
    kek_epoch: int | None = None
    index_epoch: int | None = None
    certificate: str | None = None
    horizon: datetime | None = None
    addendum: str | None = None


class Erasure:
    """Plans and advances erasures. The caller owns every transaction."""

    def __init__(
        self,
        keyring: Keyring,
        clock: Clock,
        signer: Signer,
        roll: Roll,
        hooks: Hooks | None = None,
        *,
        backups: Backups | None = None,
    ) -> None:
        self._keyring = keyring
        self._clock = clock
        self._signer = signer
        self._roll = roll
        self._hooks = hooks or Hooks()
        self._backups = backups

    async def begin(self, tx: Tx, permit: Permit, plan: Farewell, *, lasts: timedelta = PLAN_LASTS) -> Begun:
        """Seal the farewell plan (stage 0) of the permit's subject.

        Takes a permit for FORGET on the subject's own right, or on a legal duty with its reference. Begun
        again, the first plan stands and a new link replaces the old. Raises `NotCovered`, `Erased`.
        """
        now = self._clock.now()
        covers.demand_whole(permit, now)
        subject = permit.ask.subject
        await keys.hold(tx, subject)
        link = farewell.new_link()
        hashed = farewell.link_hash(link)
        found = await tx.value(QUERIES["renew_link"], {"subject": subject, "link_hash": hashed})
        if found is not None:
            return Begun(UUID(str(found)), link)
        erasure = uuid4()
        await tx.run(QUERIES["share_epochs"])  # so that `tidy` leaves the new key alone
        row = {
            "subject": subject,
            "erasure": erasure,
            "at": now,
            "plan": await asyncio.to_thread(
                farewell.seal, self._keyring, subject, erasure, replace(plan, link=link)
            ),
            "plan_ends": now + lasts,
            "recipients": len(set(plan.recipients)),
            "link_hash": hashed,
            "evidence": Jsonb(await _evidence(tx, erasure, Stage.PLANNED, now)),
        }
        await tx.run(QUERIES["plan_erasure"], row)
        return Begun(erasure, link)

    async def again(self, tx: Tx, line: Line, plan: Farewell) -> UUID:
        """Plan anew an erasure that was refused before, for a database that does not know of it: a restore.

        Needs no permit: the roll is the yes that was given. Where the subject's erasure is known, that one
        goes on. Nobody holds the link. `advance` does the rest, whatever there is to delete.
        """
        await ledger.put_back_subject(tx, line.subject)
        await tx.run(QUERIES["door_erasing"], {"subject": line.subject})
        found = await tx.row(Erasing, QUERIES["erasing"], {"subject": line.subject})
        if found is not None:
            return found.erasure
        now = self._clock.now()
        await tx.run(QUERIES["share_epochs"])
        row = {
            "subject": line.subject,
            "erasure": line.erasure,
            "at": now,
            "plan": await asyncio.to_thread(farewell.seal, self._keyring, line.subject, line.erasure, plan),
            "plan_ends": now + PLAN_LASTS,
            "recipients": len(set(plan.recipients)),
            "link_hash": None,
            "evidence": Jsonb(await _evidence(tx, line.erasure, Stage.PLANNED, now)),
        }
        await tx.run(QUERIES["plan_erasure"], row)
        return line.erasure

    async def advance(self, tx: Tx, erasure: UUID) -> Stage:
        """Take the next step of ``erasure`` if its time has come; return the stage it then stands at.

        The same stage as before means that it waits: for an epoch to end, for acknowledgements. Raises
        `NotSwept`, `PlanLapsed`, `NobodyTells`, where someone has to act.
        """
        subject = await tx.value(QUERIES["erasure_subject"], {"erasure": erasure})
        # The subject's row before the erasure's, as `begin` does.
        tx.later(QUERIES["door_erasing"], {"subject": subject})
        row = await tx.row(Erasing, QUERIES["erasing"], {"subject": subject})
        if row is None:
            raise NoSuchErasure
        now = self._clock.now()
        stage = Stage(row.stage)
        if row.plan is not None and (now >= row.plan_ends or await self._all_said(tx, row)):
            await asyncio.to_thread(self._keyring.destroy_farewell, row.erasure)
            await tx.run(QUERIES["end_plan"], {"subject": row.subject})
            row = replace(row, plan=None)
        if stage not in NEXT:
            return stage
        reached = NEXT[stage]
        note = await self._step(tx, row, reached, now)
        if note is None:
            return stage
        await tx.run(
            QUERIES[f"reach_{reached.name.lower()}"],
            {
                "subject": row.subject,
                "at": now,
                "evidence": Jsonb(await _evidence(tx, erasure, reached, now)),
                "removed": Jsonb(Counter(row.removed) + Counter(note.removed)),
                "checked": Jsonb(note.checked),
                "kek_epoch": note.kek_epoch,
                "index_epoch": note.index_epoch,
                "certificate": note.certificate,
                "horizon": note.horizon,
                "addendum": note.addendum,
            },
        )
        return reached

    async def due(self, tx: Tx) -> tuple[UUID, ...]:
        """Return the erasures that `advance` may have something to do for, oldest first."""
        params = {"stage": int(Stage.CERTIFIED), "now": self._clock.now()}
        params |= {f"{kind.value}_kept": self._oldest_kept(kind) for kind in TURNED}
        cursor = await tx.conn.execute(QUERIES["due_erasures"], params, prepare=True)
        return tuple(UUID(str(row[0])) for row in await cursor.fetchall())

    async def look(self, tx: Tx, erasure: UUID) -> Erasing:
        """Return how ``erasure`` stands; raise `NoSuchErasure`."""
        row = await tx.row(Erasing, QUERIES["erasure"], {"erasure": erasure})
        if row is None:
            raise NoSuchErasure
        return row

    async def plan(self, tx: Tx, erasure: UUID) -> Farewell:
        """Open the farewell plan, for who carries its words. Raises `PlanLapsed`, `NoSuchErasure`."""
        row = await self.look(tx, erasure)
        if row.plan is None:
            raise PlanLapsed
        return farewell.unseal(self._keyring, row.subject, row.erasure, bytes(row.plan))

    async def acknowledge(self, tx: Tx, erasure: UUID, recipient: str) -> bool:
        """Note that ``recipient`` acknowledged; return False when they were never told."""
        params = {"erasure": erasure, "recipient": recipient, "at": self._clock.now()}
        return await tx.run(QUERIES["acknowledge"], params) > 0

    async def tellings(self, tx: Tx) -> tuple[Telling, ...]:
        """Return who was asked to delete something, those who have yet to acknowledge it first."""
        return tuple(await tx.rows(Telling, QUERIES["tellings"], {"limit": _TELLINGS}))

    async def fetch(self, tx: Tx, link: str) -> Fetched:
        """Return what the link shows. It hands out the certificate once, and the addendum once.

        With the last of them it is spent. Where there will be no addendum, that is the certificate. Raises
        `LinkSpent`.
        """
        hashed = farewell.link_hash(link)
        once_more = farewell.once_more(hashed)
        params = {"link_hash": hashed, "once_more": once_more, "at": self._clock.now(), "lasts": PLAN_LASTS}
        row = await tx.row(Erasing, QUERIES["erasure_by_link"], params)
        if row is None:
            raise LinkSpent
        where = {"subject": row.subject, "once_more": once_more}
        handed_out = bool(await tx.value(QUERIES["certificate_handed_out"], where))
        if row.certificate is not None:
            waits = row.horizon is not None and row.addendum is None
            await tx.run(QUERIES["spend_link"], where | {"link_hash": once_more if waits else None})
        shown = None if handed_out else row.certificate
        horizon = row.horizon
        if row.certificate is None and row.unrecoverable_at is not None:
            horizon = self.horizon(row.unrecoverable_at)
        return Fetched(row.dates(), shown, row.addendum, horizon)

    def horizon(self, gone: datetime) -> datetime | None:
        """Return until when a backup may open what is gone here at ``gone``; None: no policy says."""
        return self._backups.horizon(gone) if self._backups else None

    async def tidy(self, tx: Tx) -> int:
        """Destroy the farewell keys that no plan needs: of plans that never committed. Return how many."""
        await tx.run(QUERIES["turn_epochs"])
        cursor = await tx.conn.execute(QUERIES["planned"], prepare=True)
        needed = {UUID(str(row[0])) for row in await cursor.fetchall()}
        stray = [erasure for erasure in self._keyring.farewells() if erasure not in needed]
        for erasure in stray:
            await asyncio.to_thread(self._keyring.destroy_farewell, erasure)
        return len(stray)

    async def _step(self, tx: Tx, row: Erasing, reached: Stage, now: datetime) -> _Note | None:
        """Do what ``reached`` says; return what to note down, or None to wait."""
        match reached:
            case Stage.PLANNED:  # nothing leads back to it
                note = None
            case Stage.REFUSED:
                note = await self._refuse(tx, row, now)
            case Stage.UNRECOVERABLE:
                note = self._unrecoverable(row)
            case Stage.SWEPT:
                note = await self._sweep(tx, row.subject)
            case Stage.TOLD:
                note = await self._tell(tx, row, now)
            case Stage.CERTIFIED:
                note = await self._certify(tx, row, now)
            case Stage.BACKUPS:
                note = await self._outlive(tx, row, now)
            case _:
                assert_never(reached)
        return note

    async def _refuse(self, tx: Tx, row: Erasing, now: datetime) -> _Note:
        tx.later(QUERIES["share_epochs"])
        line = Line(row.erasure, row.subject, now)
        written = asyncio.create_task(asyncio.to_thread(self._roll.add, line))  # meanwhile
        try:
            removed = Counter(await sweep.close(tx, row.subject))
            for hook in self._hooks.at_once:
                removed.update(await hook(tx, row.subject))
            await ledger.forget(tx, row.subject)
        finally:
            await written  # before anyone can commit
        # Whatever was deleted here was wrapped or tagged by these epochs or earlier ones.
        return _Note(
            removed=removed,
            kek_epoch=self._keyring.epochs(EpochKind.KEK)[-1],
            index_epoch=self._keyring.epochs(EpochKind.INDEX)[-1],
        )

    def _unrecoverable(self, row: Erasing) -> _Note | None:
        needed = {EpochKind.KEK: row.kek_epoch, EpochKind.INDEX: row.index_epoch}
        gone = all(last is not None and self._keyring.epochs(kind)[0] > last for kind, last in needed.items())
        return _Note() if gone else None

    async def _sweep(self, tx: Tx, subject: SubjectId) -> _Note | None:
        if await tx.value(QUERIES["media_left"], {"subject": subject}):
            return None  # waits until the object store has let go of its bytes (`media.sweep`)
        removed = Counter(await sweep.own(tx, subject))
        for hook in self._hooks.sweeps:
            removed.update(await hook(tx, subject))
        return _Note(removed=removed, checked=await sweep.look(tx, subject))

    async def _tell(self, tx: Tx, row: Erasing, now: datetime) -> _Note | None:
        told = await _told(tx, row.subject)
        if len(told) == row.recipients:
            return None if None in told.values() else _Note()
        if row.plan is None:
            raise PlanLapsed
        if self._hooks.tell is None:
            raise NobodyTells
        plan = farewell.unseal(self._keyring, row.subject, row.erasure, bytes(row.plan))
        for recipient in sorted(set(plan.recipients)):
            await tx.run(QUERIES["note_told"], {"subject": row.subject, "recipient": recipient, "at": now})
            await self._hooks.tell(tx, row.erasure, recipient)
        return None

    async def _certify(self, tx: Tx, row: Erasing, now: datetime) -> _Note:
        told = await _told(tx, row.subject)
        recipients = {name: at for name, at in told.items() if at is not None}
        held = await tx.row(certificate.HeldBack, QUERIES["held"], {"subject": row.subject})
        # Counted from when the keys were gone here: a copy that could open a backup is no younger than that.
        horizon = self.horizon(row.unrecoverable_at) if row.unrecoverable_at else None
        signed = certificate.sign(
            self._signer,
            row,
            now,
            recipients,
            head=await latest_head(tx),
            held=held or certificate.HeldBack(0, None),
            horizon=horizon,
        )
        if self._hooks.say is not None and row.plan is not None:
            plan = farewell.unseal(self._keyring, row.subject, row.erasure, bytes(row.plan))
            await self._hooks.say(tx, row.erasure, plan)
        return _Note(certificate=signed, horizon=horizon)

    async def _outlive(self, tx: Tx, row: Erasing, now: datetime) -> _Note | None:
        if row.horizon is None or now < row.horizon:
            return None
        needed = {EpochKind.KEK: row.kek_epoch, EpochKind.INDEX: row.index_epoch}
        if any(last is None or self._oldest_kept(kind) <= last for kind, last in needed.items()):
            return None  # until the backup's keys are let go (`troth backup --prune`)
        return _Note(addendum=addendum.sign(self._signer, row, now, head=await latest_head(tx)))

    def _oldest_kept(self, kind: EpochKind) -> int:
        """Return the oldest epoch whose key is still kept: here, or in a copy laid apart for a restore."""
        here = self._keyring.epochs(kind)[0]
        apart = self._backups.spares.oldest(kind) if self._backups else None
        return here if apart is None else min(here, apart)

    async def _all_said(self, tx: Tx, row: Erasing) -> bool:
        if row.stage < Stage.CERTIFIED:
            return False
        return self._hooks.waits is None or not await self._hooks.waits(tx, row.erasure)


async def _told(tx: Tx, subject: SubjectId) -> Mapping[str, datetime | None]:
    cursor = await tx.conn.execute(QUERIES["told"], {"subject": subject}, prepare=True)
    return {str(name): at for name, at in await cursor.fetchall()}


async def _evidence(tx: Tx, erasure: UUID, stage: Stage, now: datetime) -> Mapping[str, str]:
    details: dict[str, str | int] = {"erasure": str(erasure), "stage": int(stage)}
    entry = await ledger.append(tx, ledger.NewEntry(kind=EVIDENCE[stage], at=now, details=details))
    return {stage.name.lower(): str(entry)}
