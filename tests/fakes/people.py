"""A small deployment without edges: gate, vault, ledger and accounts over a scratch database."""

from __future__ import annotations

from uuid import uuid4

from psycopg import sql

from tests.fakes.letters import KeptInMemory
from tests.fakes.vault import SetClock
from troth import ledger
from troth.app import policies
from troth.db import Database
from troth.gate import Gate
from troth.ledger.signing import Signer
from troth.policy.text import notice
from troth.retention import Retention, off_file
from troth.subjects.accounts import Accounts
from troth.subjects.choices import Choices
from troth.subjects.parts import Parts
from troth.subjects.registration import Registration
from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Ask,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    Reading,
    Region,
    Verb,
)
from troth.vault import FolderKeyring, Vault
from troth.vault.expiry import Expiry

POLICY = PolicyName("sunmi-camera")
FLOW = FunctionName("customer_flow")
GUARD = FunctionName("store_guard")
PHONE = "+8613912345678"
PASSWORD = "correct horse 7"


class People:
    """Use as ``async with People(database, folder) as people``."""

    def __init__(self, database, folder, policy=POLICY):
        compiled = policies.compiled(policy)
        self.policy = policy
        self.compiled = compiled
        self.clock = SetClock()
        self.folder = folder
        self.db = Database(database.app, size=4)
        self.aside = Database(database.app, size=3)
        self.owner_dsn = database.owner
        keyring = FolderKeyring.create(folder / "keyring")
        gate = Gate({policy: {compiled.policy.version: compiled}}, self.aside, self.clock)
        vault = Vault(keyring, self.clock)
        self.retention = Retention(gate.policies, vault.holds, Expiry(keyring, self.clock, off_file))
        self.parts = Parts(
            aside=self.aside,
            gate=gate,
            vault=vault,
            keyring=keyring,
            signer=Signer.load(folder / "keyring" / "sign", "troth/test"),
            clock=self.clock,
            region=Region("CN"),
            ends=self.retention,
        )
        self.accounts = Accounts(self.parts)
        self.choices = Choices(self.parts)
        self.sender = KeptInMemory()

    async def __aenter__(self):
        await self.db.__aenter__()
        await self.aside.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.aside.__aexit__(*exc)
        await self.db.__aexit__(*exc)

    def tx(self):
        return self.db.transaction()

    def form(self, **changed):
        told = notice(self.compiled, changed.get("language", "en"))
        form = {
            "policy": POLICY,
            "version": told.version,
            "language": "en",
            "text_hash": told.text_hash,
            "agreed": True,
            "password": PASSWORD,
            "phone": PHONE,
            "declares_adult": True,
        }
        return Registration(**(form | changed))

    async def register(self, **changed):
        return (await self.accounts.register(self.db, self.form(**changed))).account

    async def letters(self):
        """Deliver what is due; return everything carried so far, oldest first."""
        await self.accounts.outbox.deliver(self.db, self.sender)
        return self.sender.carried

    async def code(self):
        text = (await self.letters())[-1].text
        return next(word for word in text.split() if word.isdigit() and len(word) == 6)

    async def verify(self, account, code):
        async with self.tx() as tx:
            return await self.accounts.verify(tx, account, code)

    async def member(self, **changed):
        """Return someone registered and verified."""
        account = await self.register(**changed)
        await self.verify(account, await self.code())
        return account

    async def sign_in(self, login=PHONE, password=PASSWORD, **way):
        return await self.accounts.sign_in(self.db, login, password, **way)

    async def who(self, token):
        async with self.tx() as tx:
            return await self.accounts.who(tx, token)

    async def choose(self, subject, function, **changed):
        async with self.tx() as tx:
            return await self.choices.choose(tx, subject, POLICY, function, **changed)

    async def withdraw(self, subject, function):
        async with self.tx() as tx:
            return await self.choices.withdraw(tx, subject, POLICY, function)

    async def standing(self, subject):
        async with self.tx() as tx:
            return await ledger.standing(tx, subject, lock=False)

    async def admit(self, ask):
        async with self.tx() as tx:
            return await self.parts.gate.admit(tx, ask)

    async def camera(self, subject):
        """Say that a camera is there, as binding one would."""
        act = Act(
            kind=ActKind.SUPPLIED, policy=POLICY, at=self.clock.now(), need="camera", device=DeviceId(uuid4())
        )
        async with self.tx() as tx:
            await ledger.record(tx, subject, act)
        return act.device

    async def readings(self, subject, function, item, purpose, *values):
        """Store one reading a minute as a camera would."""
        now = self.clock.now()
        made = [Reading(uuid4(), ItemName(item), now, value) for value in values]
        device = await self.camera(subject)
        ask = Ask(
            verb=Verb.COLLECT,
            policy=POLICY,
            function=function,
            items=frozenset({ItemName(item)}),
            purpose=Purpose(purpose),
            subject=subject,
            actor=Actor(ActorKind.DEVICE, str(device)),
            region=Region("CN"),
            at=now,
            device=device,
        )
        async with self.tx() as tx:
            permit = await self.parts.gate.admit(tx, ask, counted=True)
            await self.parts.vault.append(tx, permit, made)
        return made

    async def rows(self):
        """Count the rows of every table that may say something about a person."""
        tables = (
            "subject", "act", "ledger_opening", "account", "session", "code", "outbox",
            "vault_key", "document", "document_wrap", "blind_index",
        )  # fmt: skip
        async with self.tx() as tx:
            counts = {
                t: await tx.value(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(t)))
                for t in tables
            }
        return {table: n for table, n in counts.items() if n}
