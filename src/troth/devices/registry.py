"""Which device is whose, how it is bound and released, and what it may do. Values lie in the vault.

Binding takes the serial number and the code from the label; wrong codes are paid for in a transaction of
their own, so that a refusal that rolls back still counts, by subject and by serial number. A token is made
anew at every binding: whoever had the device before hears nothing of it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from msgspec import structs

from troth import ledger
from troth.db import Database, Tx
from troth.devices import bound, credentials, due, permissions, stock, trying
from troth.devices.batch import Ack, Apart, Malformed, Refusal, Sent
from troth.devices.bound import BoundDevice, Source
from troth.devices.identifiers import About, Identifiers, Told
from troth.devices.ingest import Arrival, Ingest
from troth.devices.names import BIND, CAMERA, kind_of, takers, unsent
from troth.devices.owners import Owners
from troth.devices.stock import WrongSerial
from troth.gate import Gate, NoSuchPolicy, accepted_version
from troth.ledger import EntryKind, NewEntry
from troth.policy.clauses import SUPPLIER
from troth.policy.compiled import Compiled
from troth.subjects import needs
from troth.terms import (
    Act,
    ActKind,
    Ask,
    Clock,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Region,
    Standing,
    SubjectId,
    TrothError,
)
from troth.vault import Keyring, Vault


class NotYourDevice(TrothError):
    """no such device among yours: see which you have bound"""


class NotThisDevice(TrothError):
    """no bound device proves itself with this token and secret: bind it anew"""


@dataclass(frozen=True, slots=True)
class Bound:
    """A device's way in. The secret is told this once and not kept."""

    device: DeviceId
    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """A device that proved itself: whose it is and the functions that it may send for now."""

    subject: SubjectId
    device: DeviceId
    functions: frozenset[FunctionName]


@dataclass(frozen=True, slots=True)
class Line:
    """A device as its owner sees it listed."""

    device: DeviceId
    model: str | None
    day: date
    kind: str
    seen_by: DeviceId | None


class Devices:
    """The registry. Every method works in the caller's transaction, except the counting of wrong codes."""

    def __init__(
        self,
        *,
        db: Database,
        gate: Gate,
        vault: Vault,
        keyring: Keyring,
        clock: Clock,
        region: Region,
    ) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._gate = gate
        self._policies = gate.policies
        self._region = region
        self._identifiers = Identifiers(gate, vault, region)
        self._ingest = Ingest(gate, vault, region)
        self._owners = Owners()

    async def stock(self, tx: Tx, serial: str, model: str, code: str, *, supplier: str | None = None) -> None:
        """Put a device into the maker's stock. Doing it again changes nothing. Raises `UnfitSerial`."""
        await stock.add(tx, self._keyring, serial, model, code, supplier=supplier)

    async def bind(self, tx: Tx, subject: SubjectId, policy: PolicyName, code: str, told: Told) -> Bound:
        """Make a stocked device the subject's, and keep what is told of it where the policy takes that.

        Raises `WrongCode`, `TooManyTries` (also for the right code), `AlreadyBound`, `UnfitSerial`, `Denied`,
        `UnknownKind`, `NotYourDevice` (no such camera).
        """
        now, kind = self._clock.now(), kind_of(told.kind)
        await self._cameras(tx, subject, told.seen_by)
        paid = await trying.pay(self._db, self._keyring, subject, told.serial, now)
        stocked = await stock.prove(tx, self._keyring, told.serial, code)
        secret = credentials.new_secret()
        new = BoundDevice(
            subject=subject,
            device=DeviceId(uuid4()),
            policy=policy,
            token=credentials.new_token(),
            secret_hash=credentials.secret_hash(secret),
            stock_epoch=stocked.epoch,
            stock_tag=bytes(stocked.tag),
            bound_day=now.date(),
            kind=kind.name,
            seen_by=told.seen_by,
        )
        about = About(subject=subject, policy=policy, device=new.device, kind=kind, at=now)
        # Its functions may need it before they take what is told of it.
        await self._record(tx, EntryKind.BOUND, ActKind.SUPPLIED, about, stocked.supplier)
        await self._meet(tx, about, told)
        await self._identifiers.keep(tx, about, told)
        await bound.add(tx, new)
        await trying.hand_back(tx, paid)
        return Bound(new.device, new.token, secret)

    async def unbind(self, tx: Tx, subject: SubjectId, device: UUID) -> None:
        """Take a device from its owner: its token dies, its identifiers go, it can be bound again.

        What it measured stays its owner's. Raises `NotYourDevice`.
        """
        found = await bound.one(tx, subject, device)
        if found is None:
            raise NotYourDevice
        now = self._clock.now()
        about = self._about(found, now)
        await self._identifiers.lose(tx, about)
        supplier = await bound.supplier(tx, found)
        await bound.drop(tx, found)
        await self._record(tx, EntryKind.UNBOUND, ActKind.REMOVED, about, supplier)

    async def link(self, tx: Tx, subject: SubjectId, device: UUID, told: Told) -> frozenset[FunctionName]:
        """Tell again of a device, for the functions that were chosen since; return those that have it now.

        Raises `NotYourDevice`, `WrongSerial`, `Denied`.
        """
        found = await bound.one(tx, subject, device)
        if found is None:
            raise NotYourDevice
        if not stock.names(self._keyring, told.serial, found.stock_epoch, bytes(found.stock_tag)):
            raise WrongSerial
        await self._cameras(tx, subject, told.seen_by)
        await bound.see(tx, found, told.seen_by)
        about = self._about(found, self._clock.now())
        await self._meet(tx, about, told)
        return await self._identifiers.keep(tx, about, told)

    async def forget(self, tx: Tx, subject: SubjectId) -> int:
        """Drop every device of a subject who is erased; return how many. Decides and records nothing."""
        devices = await bound.of(tx, subject)
        for device in devices:
            await bound.drop(tx, device)
        await due.forget(tx, subject)
        return len(devices)

    async def listed(self, tx: Tx, subject: SubjectId) -> list[Line]:
        """Return a subject's devices, in the order they came."""
        return [
            Line(one.device, await bound.model(tx, one), one.bound_day, one.kind, one.seen_by)
            for one in await bound.of(tx, subject)
        ]

    async def knows(self, tx: Tx, token: str, secret: str) -> Known | Refusal:
        """Return whose device proves itself and what it may send now, or why it is turned away."""
        device = await bound.by_token(tx, token)
        if device is None:
            return Refusal.UNKNOWN_TOKEN
        if not credentials.proves(secret, bytes(device.secret_hash)):
            return Refusal.WRONG_SECRET
        standing = await ledger.standing(tx, device.subject, lock=False)
        if standing is None:
            return Refusal.UNKNOWN_TOKEN
        return Known(device.subject, device.device, self._open(device, standing))

    async def upload_ask(
        self, tx: Tx, token: str, secret: str, function: FunctionName, item: ItemName
    ) -> Ask:
        """Return the question whether a device that proves itself may send one more of an item.

        Raises `NotThisDevice`.
        """
        device = await bound.by_token(tx, token)
        if device is None or not credentials.proves(secret, bytes(device.secret_hash)):
            raise NotThisDevice
        now = self._clock.now()
        compiled = self._accepted(device, await ledger.standing(tx, device.subject, lock=True), now)
        table = compiled.functions.get(function) if compiled else None
        asked = permissions.question(device, function, table, self._region, now)
        return structs.replace(asked, items=frozenset({item}), unfit=unsent(kind_of(device.kind), {item}))

    async def functions(self, tx: Tx, subject: SubjectId) -> Mapping[str, frozenset[FunctionName]]:
        """Return what each device of a subject may send now, by token. Nothing: no device, or no subject."""
        standing = await ledger.standing(tx, subject, lock=False)
        if standing is None:
            return {}
        return {one.token: self._open(one, standing) for one in await bound.of(tx, subject)}

    async def ingest_each(self, tx: Tx, sent: Sequence[Sent]) -> list[Ack | Malformed]:
        """Store what may be stored of each batch and say what became of it. Raises `Apart`.

        Devices are looked up once their owners are held: one that was released meanwhile is not found.
        """
        tokens = {one.token for one in sent}
        showing = bound.showing(tokens)
        held = await self._gate.hold(tx, await self._owners.of(tx, tokens), then=(showing,))
        devices = {device.token: device for device in showing.rows}
        self._owners.forget(tokens, devices)
        now = self._clock.now()
        accepted = {
            token: self._accepted(device, held.of(device.subject), now) for token, device in devices.items()
        }
        places = [place for place, one in enumerate(sent) if one.token in devices]
        known = [sent[place] for place in places]
        arrivals = [
            Arrival(devices[one.token], accepted[one.token], one.function, one.batch) for one in known
        ]
        try:
            acks = await self._ingest.take_each(tx, held, arrivals, now)
        except Apart as apart:
            raise Apart({places[n]: error for n, error in apart.which.items()}) from None
        said = dict(zip(places, acks, strict=True))
        return [
            said.get(place) or Malformed(Refusal.UNKNOWN_TOKEN, one.batch.id)
            for place, one in enumerate(sent)
        ]

    def stale(self, subject: SubjectId) -> None:
        """Let go of what was read of a subject's standing."""
        self._gate.standings.forget(subject)

    async def turned_away(self, tx: Tx, why: Refusal) -> None:
        """Count a connection or a message that was refused before the gate was asked."""
        await ledger.count(tx, None, None, "deny", why, self._clock.now())

    def _open(self, device: BoundDevice, standing: Standing) -> frozenset[FunctionName]:
        now = self._clock.now()
        compiled = self._accepted(device, standing, now)
        if compiled is None:
            return frozenset()
        return permissions.open_functions(compiled, standing, device, region=self._region, at=now)

    def _accepted(
        self, device: BoundDevice | Source, standing: Standing | None, at: datetime
    ) -> Compiled | None:
        version = accepted_version(standing, device.policy, at)
        if version is None:
            return None
        try:
            return self._policies.version(device.policy, version)
        except NoSuchPolicy:
            return None

    async def _meet(self, tx: Tx, about: About, told: Told) -> None:
        """Note what is met by what is told besides, such as the store that it stands in."""
        standing = await ledger.standing(tx, about.subject, lock=True)
        compiled = self._identifiers.accepted(about, standing)
        await needs.meet(tx, standing, compiled, told.more.keys(), about.at)

    async def _cameras(self, tx: Tx, subject: SubjectId, camera: DeviceId | None) -> None:
        """Raise `NotYourDevice` unless a camera that is named is one of theirs."""
        found = None if camera is None else await bound.one(tx, subject, camera)
        if camera is not None and (found is None or found.kind != CAMERA):
            raise NotYourDevice

    def _about(self, found: BoundDevice, at: datetime) -> About:
        kind = kind_of(found.kind)
        return About(subject=found.subject, policy=found.policy, device=found.device, kind=kind, at=at)

    async def _record(
        self, tx: Tx, entry: EntryKind, act: ActKind, about: About, supplier: str | None
    ) -> None:
        new = NewEntry(
            kind=entry,
            at=about.at,
            policy=about.policy,
            function=next(iter(takers(self._policies.current(about.policy), about.kind)), BIND),
            subject=about.subject,
            details={"device": str(about.device)},
        )
        await ledger.append(tx, new)
        for need in [about.kind.supplies, *([SUPPLIER + supplier] if supplier else [])]:
            met = Act(kind=act, policy=about.policy, at=about.at, need=need, device=about.device)
            await ledger.record(tx, about.subject, met)
