"""What the vault's own tests stand on: a clock to set, permits of any shape, a vault over a scratch database.

Permits are minted here as the gate would: what the gate allows is the gate's tests' business.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from psycopg import AsyncConnection

from troth import ledger
from troth.db import Database
from troth.gate import _mint
from troth.ledger.signing import Signer
from troth.policy.values import Values
from troth.terms import (
    Actor,
    ActorKind,
    Allow,
    Ask,
    Basis,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    Reading,
    Region,
    Verb,
)
from troth.vault import FolderKeyring, Vault
from troth.vault.erasure import Erasure, Hooks
from troth.vault.rekeying import Rekeying
from troth.vault.roll import Roll
from troth.vault.rotation import Rotation
from troth.vault.rules import NO_RULES

START = datetime(2026, 3, 2, 4, 5, 6, 789, tzinfo=UTC)


class AnyForm:
    """Every item has this form, and every value fits: the vault's own tests invent their items."""

    def get(self, _item):
        return self

    def misfit(self, _value):
        return None

    def fit(self, _values):
        return True


ANYTHING = Values(AnyForm(), AnyForm())


class SetClock:
    def __init__(self, at=START):
        self.at = at

    def now(self):
        return self.at

    def pass_(self, **span):
        self.at += timedelta(**span)


def reading(item="motion", at=START, value=None, of=None):
    return Reading(id=of or uuid4(), item=ItemName(item), measured=at, value=value or {"n": 1})


class Bench:
    """Everything around one vault. Use as ``async with``."""

    def __init__(self, database, folder, hooks=None, clock=None, *, values=ANYTHING, rules=NO_RULES):
        self.clock = clock or SetClock()
        self.folder = folder
        self.keyring = FolderKeyring.create(folder / "keyring")
        self.signer = Signer.load(folder / "keyring" / "sign", "troth/test")
        self.roll = Roll(folder / "erasures.log")
        self.db = Database(database.app, size=6)
        self.owner = database.owner
        self.vault = Vault(self.keyring, self.clock, values, rules=rules)
        self.hooks = hooks
        self.erasure = Erasure(self.keyring, self.clock, self.signer, self.roll, hooks)
        self.rotation = Rotation(self.db, self.keyring, self.clock, batch=3)
        self.rekeying = Rekeying(self.keyring, self.clock, batch=3)

    async def __aenter__(self):
        await self.db.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.db.__aexit__(*exc)

    def tx(self):
        return self.db.transaction()

    async def meddle(self, query, **params):
        """Do what no role of the system may, as the owner of the tables; return how many rows were hit."""
        async with await AsyncConnection.connect(self.owner) as conn:
            return (await conn.execute(query, params or None)).rowcount

    async def subject(self):
        async with self.tx() as tx:
            return await ledger.new_subject(tx)

    def permit(self, subject, verb=Verb.COLLECT, function="register", *items, unkept=(), **changed):
        ask = Ask(
            verb=verb,
            policy=PolicyName(changed.pop("policy", "sunmi-camera")),
            function=FunctionName(function),
            items=frozenset(ItemName(item) for item in items),
            purpose=Purpose("testing"),
            subject=subject,
            actor=changed.pop("actor", Actor(ActorKind.SUBJECT, str(subject))),
            region=Region("CN"),
            at=self.clock.now(),
            **changed,
        )
        allow = Allow(ask.items, frozenset(), frozenset(), frozenset(unkept))
        return _mint.mint(ask, allow, 1, self.clock.now(), None)

    def own(self, subject, verb=Verb.USE):
        return self.permit(subject, verb, "register", basis=Basis.OWN_RIGHT)

    async def put(self, subject, item, value, function="register"):
        async with self.tx() as tx:
            return await self.vault.put(
                tx, self.permit(subject, Verb.COLLECT, function, item), ItemName(item), value
            )

    async def open(self, subject, item, function="register"):
        async with self.tx() as tx:
            return await self.vault.open(tx, self.permit(subject, Verb.USE, function, item), ItemName(item))

    async def append(self, subject, readings, function="watch", **changed):
        items = {r.item for r in readings}
        async with self.tx() as tx:
            return await self.vault.append(
                tx, self.permit(subject, Verb.COLLECT, function, *items, **changed), readings
            )

    async def events(self, subject, *items, function="watch", since=None, until=None):
        async with self.tx() as tx:
            permit = self.permit(subject, Verb.USE, function, *(items or ("motion",)))
            return [r async for r in self.vault.events(tx, permit, since, until)]

    async def everything(self, subject):
        async with self.tx() as tx:
            return [one async for one in self.vault.everything(tx, self.own(subject))]

    async def turn(self):
        return [progress async for progress in self.rotation.turn()]

    async def correct(self, subject, corrected, function="watch"):
        async with self.tx() as tx:
            permit = self.permit(subject, Verb.COLLECT, function, corrected.item)
            await self.vault.correct(tx, permit, corrected)

    async def delete(self, subject, reading, function="watch"):
        async with self.tx() as tx:
            await self.vault.delete(tx, self.permit(subject, Verb.FORGET, function), reading)

    async def rekey(self, steps=1000):
        """End the keys that are owed an end, in so many steps; return how many there was something for."""
        for done in range(steps):
            async with self.tx() as tx:
                if not await self.rekeying.step(tx):
                    return done
        return steps

    async def begin(self, subject, plan):
        async with self.tx() as tx:
            return await self.erasure.begin(tx, self.own(subject, Verb.FORGET), plan)

    async def advance(self, erasure):
        async with self.tx() as tx:
            return await self.erasure.advance(tx, erasure)


__all__ = ["ANYTHING", "START", "Bench", "Hooks", "SetClock", "reading"]
