"""Media of one person: taken in after the gate's yes, listed, read, handed on and forgotten.

The gate is asked twice for what comes in: before the first byte is stored, and again when it is whole, since
what was taken back meanwhile ends the upload. The person reads on their own right, which is counted; whoever
else reads has a clause for it, and an entry of its own each time. Knows no wire and moves no bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from msgspec import structs

from troth import ledger
from troth.ledger import EntryKind
from troth.policy.values import VALUES
from troth.subjects.acts import on_file
from troth.subjects.services import Services
from troth.terms import Act, ActKind, ActorKind, ItemName, Verb
from troth.vault import pieces
from troth.vault.label import named

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from datetime import datetime

    from troth.db import Tx
    from troth.subjects.asking import Asking
    from troth.subjects.parts import Parts
    from troth.terms import Ask, DeviceId, EntryId, Permit, RecordId
    from troth.vault.media import Held, Media, Opened
    from troth.vault.upload import Upload

_ANY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """What is said of an upload before its first byte. ``of``: the object that it is a thumbnail of."""

    item: ItemName
    kind: str
    measured: datetime | None = None
    seconds: float | None = None
    of: RecordId | None = None

    def told(self, device: DeviceId | None) -> Mapping[str, object]:
        """Return what lies sealed beside the object: what it is, from when, how long, by which device."""
        said: dict[str, object] = {"type": self.kind}
        if self.measured is not None:
            said["at"] = self.measured.isoformat()
        if self.seconds is not None:
            said["seconds"] = self.seconds
        if device is not None:
            said["device"] = str(device)
        return said


class PersonMedia:
    """The caller knows who asks, owns ``tx`` and moves the bytes between the transactions."""

    def __init__(self, parts: Parts, media: Media) -> None:
        self._parts = parts
        self._media = media

    async def begin(self, tx: Tx, ask: Ask, arriving: Arriving, size: int | None = None) -> Upload:
        """Ask before anything is stored. Raises `Denied`, and what `Media.begin` raises."""
        permit = await self._admit(tx, ask, arriving, counted=True)
        told = arriving.told(ask.device)
        return await self._media.begin(tx, permit, arriving.item, of=arriving.of, told=told, size=size)

    async def finish(self, tx: Tx, ask: Ask, arriving: Arriving, upload: Upload) -> RecordId:
        """Ask again, and make it exist: from the first on, its item is on file.

        Each of a person's is on record; telemetry is counted only. Raises `Denied`, `NoRoom`, `UploadLapsed`.
        """
        permit = await self._admit(tx, ask, arriving, counted=ask.actor.kind is ActorKind.DEVICE)
        record = await self._media.finish(tx, permit, upload)
        if arriving.item not in await on_file(tx, ask.subject, ask.policy, ask.function):
            await self._note(tx, ask, ActKind.SUPPLIED, arriving.item)
        return record

    async def held(self, tx: Tx, permit: Permit) -> tuple[Held, ...]:
        """Return what a permit is about, opening nothing."""
        return await self._media.listed(tx, permit)

    async def days(self, tx: Tx, own: Permit) -> tuple[date, ...]:
        """Return the days (UTC) on which a person's own came, the newest first."""
        return await self._media.days(tx, own)

    def told(self, tx: Tx, permit: Permit, since: date) -> AsyncGenerator[Opened]:
        """Return what a permit is about and came on a day or later, with what is said of each; closed."""
        return self._media.from_day(tx, permit, since)

    async def read(self, tx: Tx, asking: Asking, own: Permit, record: RecordId) -> Opened:
        """Open an object for its person; ``own``: on their own right. Raises `Denied`, `NotHeld`."""
        return await self._media.open(tx, await self._right(tx, asking, own, record, Verb.USE), record)

    async def forget(self, tx: Tx, asking: Asking, own: Permit, record: RecordId) -> None:
        """Forget an object of one's own, with its thumbnails: with the last, its item is on file no more.

        Raises `Denied`, `NotHeld`.
        """
        item = (await self._media.find(tx, own, record)).item
        permit = await self._right(tx, asking, own, record, Verb.FORGET)
        await self._media.forget(tx, permit, record)
        ask, act = permit.ask, None
        held = await on_file(tx, ask.subject, ask.policy, ask.function)
        if item in held and not await self._media.any_of(tx, permit, item):
            act = await self._note(tx, ask, ActKind.REMOVED, item)
        await pieces.put_on_record(tx, permit, EntryKind.DELETED, pieces.of_media(record), act=act)

    async def hand_out(self, tx: Tx, ask: Ask, record: RecordId) -> Opened:
        """Open an object for someone else, on record whatever the verb. Raises `Denied`, `NotHeld`."""
        permit = await self._parts.gate.admit(tx, ask)
        await self._media.find(tx, permit, record)
        opened = await self._media.open(tx, permit, record)
        await Services(self._parts).put_on_record(tx, permit, {opened.held.item})
        if ask.verb is Verb.USE and ask.actor.kind is ActorKind.STAFF:
            read = ledger.NewEntry(
                kind=EntryKind.STAFF_READ,
                at=ask.at,
                policy=ask.policy,
                version=permit.version,
                function=ask.function,
                subject=ask.subject,
                details={"staff": ask.actor.id, "items": 1},
            )
            await ledger.append(tx, read)
        return opened

    async def _note(self, tx: Tx, ask: Ask, kind: ActKind, item: ItemName) -> EntryId:
        act = Act(kind=kind, policy=ask.policy, at=ask.at, function=ask.function, item=item)
        return await ledger.record(tx, ask.subject, act)

    async def _admit(self, tx: Tx, ask: Ask, arriving: Arriving, *, counted: bool) -> Permit:
        value = {"media": str(_ANY), **arriving.told(ask.device)}  # the form alone is asked about
        unfit = ask.unfit | VALUES.unfit({arriving.item: value})
        ask = structs.replace(ask, unfit=unfit, measured=arriving.measured)
        return await self._parts.gate.admit(tx, ask, counted=counted)

    async def _right(self, tx: Tx, asking: Asking, own: Permit, record: RecordId, verb: Verb) -> Permit:
        held = await self._media.find(tx, own, record)
        policy, function = named(held.function)
        ask = replace(asking, policy=policy).by_right(verb, function, {held.item})
        return await self._parts.gate.admit(tx, ask, counted=verb is Verb.USE)
