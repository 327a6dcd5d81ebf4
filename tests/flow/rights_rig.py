"""What the rights' tests stand on: people, devices, an erasure wired as the app wires it."""

from __future__ import annotations

from tests.fakes.people import POLICY, People
from tests.flow.test_subjects_accounts import quick_hashes
from troth.app.working_days import working_days
from troth.devices.registry import Devices
from troth.rights import cancel, due
from troth.rights.cancel import Cancellation
from troth.rights.copy import Copies
from troth.rights.desk import Desk as Requests
from troth.rights.effects import Effects
from troth.rights.farewells import Farewells
from troth.rights.moves import OF_STAGE
from troth.subjects import accounts
from troth.subjects.asking import Asking
from troth.subjects.names import PASSWORD, REGISTER, SIGN_IN
from troth.terms import Verb
from troth.vault import farewell
from troth.vault.erasure import Erasure, Hooks
from troth.vault.media import Media
from troth.vault.objects import Objects
from troth.vault.roll import Roll
from troth.vault.rotation import Rotation
from troth.vault.stages import Stage

__all__ = ["Desk", "quick_hashes"]


class Desk:
    """Use as ``async with Desk(database, folder) as desk``."""

    def __init__(self, database, folder, policy=POLICY):
        self.people = people = People(database, folder, policy)
        parts = people.parts
        self.devices = Devices(
            db=people.aside,
            gate=parts.gate,
            vault=parts.vault,
            keyring=parts.keyring,
            clock=people.clock,
            region=parts.region,
        )

        async def device_rows(tx, subject):
            return {"device": await self.devices.forget(tx, subject)}

        sweeps = (accounts.sweep, device_rows, cancel.sweep)
        roll = Roll(folder / "erasures.log")
        self.farewells = last = Farewells(people.clock)
        hooks = Hooks(at_once=sweeps, sweeps=sweeps, tell=last.tell, say=last.say, waits=last.waits)
        self.erasure = Erasure(parts.keyring, people.clock, parts.signer, roll, hooks)
        self.requests = Requests(parts, people.accounts.outbox, working_days())
        self.cancellation = Cancellation(parts, self.erasure, self.requests)
        self.effects = Effects(parts, self.requests, self.cancellation)
        media = Media(people.db, parts.keyring, people.clock, Objects.folder(folder / "media"))
        self.copies = Copies(parts, people.db, self.devices, self.requests, media)

    async def __aenter__(self):
        await self.people.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.people.__aexit__(*exc)

    async def ask(self, subject):
        async with self.people.tx() as tx:
            return await self.cancellation.ask(tx, subject, self.people.policy)

    async def confirm(self, subject, token):
        async with self.people.tx() as tx:
            return await self.cancellation.confirm(tx, subject, self.people.policy, token)

    async def cancel(self, subject):
        return await self.confirm(subject, (await self.ask(subject)).confirm)

    async def state(self, subject):
        async with self.people.tx() as tx:
            return await self.cancellation.state(tx, subject)

    async def farewell(self, link):
        async with self.people.tx() as tx:
            return await self.cancellation.farewell(tx, link)

    async def erasing(self, tx, erasure):
        """Where a confirmed cancellation stands."""
        return OF_STAGE[Stage((await self.erasure.look(tx, erasure)).stage)]

    async def states(self, done):
        """Advance until it waits; return the states seen, or where it waits."""
        seen = []
        while True:
            async with self.people.tx() as tx:
                before = await self.erasing(tx, done.erasure)
                after = OF_STAGE[await self.erasure.advance(tx, done.erasure)]
            if after == before:
                return seen or [after]
            seen.append(after)

    async def turn_epoch(self):
        async for _ in Rotation(self.people.db, self.people.parts.keyring, self.people.clock).turn():
            pass

    async def owed(self):
        async with self.people.tx() as tx:
            return list(await due.owed(tx, self.erasure, self.people.clock.now()))

    async def plan(self, erasure, subject):
        async with self.people.tx() as tx:
            row = await self.erasure.look(tx, erasure)
        return farewell.unseal(self.people.parts.keyring, subject, erasure, bytes(row.plan))

    async def copy(self, subject):
        return [line async for line in await self.copies.of(subject, self.people.policy)]

    async def permit_to_sign_in(self, subject):
        people = self.people
        asking = Asking(subject, people.policy, people.parts.region, people.clock.now())
        return await people.admit(asking.to(Verb.USE, REGISTER, SIGN_IN, {PASSWORD}))
