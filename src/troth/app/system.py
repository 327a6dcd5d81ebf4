"""What one running system is made of, put together from its settings. Composes; decides nothing.

Opening it connects the database, reads or makes the keyring, compiles the policies and puts each published
version on record, once. Embedded services are started by `main`, which then says where they listen.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from troth import ledger
from troth.app import objects, policies
from troth.app.bus import Bus, NatsBus, Silence
from troth.app.clock import OffsetClock, SystemClock
from troth.app.embedded.nats_config import BrokerKeys
from troth.app.gone import Gone
from troth.app.settings import BadSetting, Settings
from troth.app.tally import Tally
from troth.app.working_days import working_days
from troth.breach.incidents import Incidents
from troth.cessation.ends import Ends
from troth.changes.versions import Changes
from troth.db import Database, Role, Tx, queries
from troth.devices.registry import Devices
from troth.gate import Gate
from troth.ledger import EntryKind, NewEntry
from troth.ledger.sequencer import Sequencer
from troth.ledger.signing import Signer
from troth.ledger.tail import Tail
from troth.policy.keeping import gone_from_every_backup
from troth.retention import Retention, off_file
from troth.rights import cancel
from troth.rights.cancel import Cancellation
from troth.rights.copy import Copies
from troth.rights.desk import Desk
from troth.rights.effects import Effects
from troth.rights.farewells import Farewells
from troth.rights.minors import Minors
from troth.subjects import accounts
from troth.subjects.accounts import Accounts
from troth.subjects.parts import Parts
from troth.subjects.rounds import Rounds
from troth.terms import Clock, PolicyName, SubjectId, TrothError
from troth.vault import FolderKeyring, Keyring, Vault
from troth.vault.erasure import Backups, Erasure, Hooks
from troth.vault.expiry import Expiry
from troth.vault.media import Media
from troth.vault.rekeying import Rekeying
from troth.vault.roll import Roll
from troth.vault.rules import PolicyRules
from troth.vault.spares import Spares

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled

_QUERIES = queries("troth.app")
SIGNING = "sign"
ERASURES = "erasures.log"
SPARES = "spares.log"
TAIL = "ledger.tail"
_DOORS = 8
_ASIDE = 4
_ALONE = 2
_COPIES = 4
"""Copies under way in one process: whoever reads one slowly keeps a connection, but none that others need."""


class PolicyChanged(TrothError):
    """a published policy version may not change: restore its file and publish a next version"""


@dataclass(frozen=True, slots=True)
class System:
    """The parts, each ready to work. ``db`` is the doors'; other pools are named by their role."""

    settings: Settings
    clock: Clock
    db: Database
    ingest: Database
    eraser: Database
    keeper: Database
    keyring: Keyring
    signer: Signer
    policies: Mapping[PolicyName, Mapping[int, Compiled]]
    gate: Gate
    vault: Vault
    parts: Parts
    accounts: Accounts
    devices: Devices
    sequencer: Sequencer
    erasure: Erasure
    retention: Retention
    rekeying: Rekeying
    media: Media
    desk: Desk
    cancellation: Cancellation
    minors: Minors
    effects: Effects
    farewells: Farewells
    incidents: Incidents
    changes: Changes
    ends: Ends
    copies: Copies
    tally: Tally
    bus: Bus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pools:
    """Connections by use, so that what is slow in one is not waited for in another."""

    db: Database
    aside: Database
    copying: Database
    ingest: Database
    eraser: Database
    keeper: Database
    sequencer: Database


async def _pools(settings: Settings, stack: AsyncExitStack) -> _Pools:
    """Open the pools, each as the role it needs; those of one kind of process connect when they are used."""

    async def pool(role: Role, size: int, *, ready: int = 0) -> Database:
        dsn = settings.dsn_of(role)
        if dsn is None:
            raise BadSetting(
                "TROTH_DSN is not set: start with troth serve, which brings a database of its own"
            )
        return await stack.enter_async_context(Database(dsn, size=size, ready=ready))

    return _Pools(
        db=await pool(Role.APP, _DOORS, ready=1),
        aside=await pool(Role.APP, _ASIDE),
        copying=await pool(Role.APP, _COPIES),
        ingest=await pool(Role.INGEST, _DOORS),
        eraser=await pool(Role.ERASER, _ASIDE),
        keeper=await pool(Role.KEEPER, _ALONE),
        sequencer=await pool(Role.SEQUENCER, _ALONE),
    )


@asynccontextmanager
async def opened(settings: Settings, clock: Clock | None = None) -> AsyncGenerator[System]:
    """Open a system and close it again. Raises `BadSetting` when it is not said where the database is."""
    time = clock or (OffsetClock(settings.clock) if settings.clock else SystemClock())
    async with AsyncExitStack() as stack:
        pools = await _pools(settings, stack)
        bus = await _bus(settings)
        stack.push_async_callback(bus.close)
        system = _composed(settings, time, pools, bus)
        await _publish(system)
        yield system


def _composed(settings: Settings, clock: Clock, pools: _Pools, bus: Bus) -> System:
    keyring = FolderKeyring.create(settings.keyring, settings.keyring_root)
    signer = Signer.load(settings.keyring / SIGNING, f"troth/{settings.deployment}")
    in_force = policies.in_force(settings.policies)
    gate = Gate(in_force, pools.aside, clock)
    rules = PolicyRules(gate.policies)
    vault = Vault(keyring, clock, rules=rules)
    retention = Retention(gate.policies, vault.holds, Expiry(keyring, clock, off_file))
    parts = Parts(
        aside=pools.aside,
        gate=gate,
        vault=vault,
        keyring=keyring,
        signer=signer,
        clock=clock,
        region=settings.region,
        ends=retention,
    )
    devices = Devices(
        db=pools.aside,
        gate=gate,
        vault=vault,
        keyring=keyring,
        clock=clock,
        region=settings.region,
    )
    farewells = Farewells(clock)
    hooks = _hooks(devices, farewells)
    backups = Backups(
        partial(
            gone_from_every_backup, tuple(each for named in in_force.values() for each in named.values())
        ),
        Spares(settings.data / SPARES),
    )
    erasure = Erasure(keyring, clock, signer, Roll(settings.data / ERASURES), hooks, backups=backups)
    store, quota = objects.opened(settings.store), settings.media_quota << 30
    media = Media(pools.db, keyring, clock, store, rules=rules, quota=quota)
    people = Accounts(parts)
    desk = Desk(parts, people.outbox, working_days())
    rounds = Rounds(parts, people.outbox)
    cancellation = Cancellation(parts, erasure, desk)
    return System(
        settings=settings,
        clock=clock,
        db=pools.db,
        ingest=pools.ingest,
        eraser=pools.eraser,
        keeper=pools.keeper,
        keyring=keyring,
        signer=signer,
        policies=in_force,
        gate=gate,
        vault=vault,
        parts=parts,
        accounts=people,
        devices=devices,
        sequencer=Sequencer(pools.sequencer, signer, clock, tail=Tail(settings.data / TAIL)),
        erasure=erasure,
        media=media,
        retention=retention,
        rekeying=Rekeying(keyring, clock),
        desk=desk,
        cancellation=cancellation,
        minors=Minors(parts, desk, cancellation),
        effects=Effects(parts, desk, cancellation),
        farewells=farewells,
        incidents=Incidents(parts, rounds, working_days()),
        changes=Changes(parts, rounds, tuple(in_force)),
        ends=Ends(parts, rounds, working_days(), Gone(parts, cancellation).erase),
        copies=Copies(parts, pools.copying, devices, desk, media),
        tally=Tally(pools.aside, clock),
        bus=bus,
    )


def _hooks(devices: Devices, farewells: Farewells) -> Hooks:
    """Return what goes with a refusal: whoever is signed in, and every device, is out; words are queued."""

    async def device_rows(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
        return {"device": await devices.forget(tx, subject)}

    ours = (accounts.sweep, device_rows, cancel.sweep)
    return Hooks(at_once=ours, sweeps=ours, tell=farewells.tell, say=farewells.say, waits=farewells.waits)


async def _bus(settings: Settings) -> Bus:
    if settings.nats_url is None:
        return Silence()
    keys = BrokerKeys.at(settings.keyring)
    return await NatsBus.connect(settings.nats_url, keys.worker_seed)


async def _publish(system: System) -> None:
    """Put each policy version on record, once, whichever process comes first. Raises `PolicyChanged`."""
    async with system.db.transaction() as tx:
        await tx.run(_QUERIES["one_publisher"])
        rows = await tx.rows(_Published, _QUERIES["published"], {"kind": EntryKind.POLICY_PUBLISHED.value})
        known = {key: digest for row in rows for key, digest in [row.read()]}
        for versions in system.policies.values():
            for compiled in versions.values():
                policy = compiled.policy
                digest = known.get((policy.name, policy.version))
                if digest is None:
                    entry = NewEntry(
                        kind=EntryKind.POLICY_PUBLISHED,
                        at=system.clock.now(),
                        policy=policy.name,
                        version=policy.version,
                        details={"digest": policy.digest},
                    )
                    await ledger.append(tx, entry)
                elif digest != policy.digest:
                    raise PolicyChanged(f"{policy.name} version {policy.version}: {PolicyChanged.__doc__}")


@dataclass(frozen=True, slots=True)
class _Published:
    body: bytes

    def read(self) -> tuple[tuple[str, int], str]:
        said = cast("dict[str, Any]", json.loads(bytes(self.body)))
        return (str(said["policy"]), int(said["version"])), str(said["details"]["digest"])
