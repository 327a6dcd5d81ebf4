"""Doors of a signed-in person: what stands, choices, switches, devices, the shop.

Each choice is committed with its evidence before anyone is told of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors import states
from troth.app.doors.base import Doors
from troth.app.doors.rights import in_person
from troth.app.views import BoundDevice, DeviceLine, DeviceTold, Me
from troth.devices.identifiers import Told
from troth.devices.names import kind_of
from troth.devices.registry import NotYourDevice
from troth.gate import accepted_version
from troth.subjects.choices import Choices, Shown
from troth.subjects.names import STORE_ADDRESS, STORE_NAME
from troth.subjects.sessions import NotSignedIn
from troth.subjects.store import Shop, link_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from troth.app.views import Store
    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.subjects.asking import Asking
    from troth.terms import DeviceId, FunctionName, ItemName, PolicyName, Standing, SubjectId, SwitchName


class PersonDoors(Doors):
    """What a person does for themselves."""

    async def me(self, token: str, policy: PolicyName | None = None) -> Me:
        """Tell what stands: their own right, so also after the agreement has ended. Raises `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            standing = await ledger.standing(tx, subject, lock=True)
            if standing is None:
                raise NotSignedIn
            compiled = self._accepted(standing, asking)
            await in_person(self._system, tx, await self._asking(tx, subject))
            lines = await self._system.devices.listed(tx, subject)
        devices = tuple(
            DeviceLine(line.device, line.model or "", line.day, line.kind, line.seen_by) for line in lines
        )
        senders = [(line.device, kind_of(line.kind)) for line in lines]
        return Me(
            account=subject,
            policy=asking.policy,
            version=compiled.policy.version,
            functions=states.functions(compiled, standing, asking, senders),
            switches=states.switches(compiled, standing, asking, senders),
            devices=devices,
            accepted=self._agreed(standing, asking.at),
        )

    async def choose(
        self,
        token: str,
        function: FunctionName,
        language: str,
        text_hash: str | None,
        *,
        item: ItemName | None = None,
        policy: PolicyName | None = None,
    ) -> str:
        """Ask for a function, or consent to it or to one optional item; return the receipt.

        Nobody vouches for what was shown: consent names the text itself, or it is none. Each call is about
        one thing alone, so it is separate by its form. Raises `NotTheText`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            shown = Shown(language, text_hash) if text_hash else None
            chosen = await self._choices.choose(
                tx, subject, asking.policy, function, shown=shown, item=item, separate=True
            )
        await self._changed(subject)
        return chosen.receipt

    async def withdraw(
        self,
        token: str,
        function: FunctionName,
        *,
        item: ItemName | None = None,
        policy: PolicyName | None = None,
    ) -> str:
        """Take a choice back; return the receipt. Nothing of it is collected from the commit on."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            chosen = await self._choices.withdraw(tx, subject, asking.policy, function, item=item)
        await self._changed(subject)
        return chosen.receipt

    async def switch(
        self,
        token: str,
        switch: SwitchName,
        *,
        on: bool,
        device: DeviceId | None,
        policy: PolicyName | None = None,
    ) -> str:
        """Put a switch on or off; return the receipt. Raises `NotYourDevice`, `NotAChoice`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            if device is not None:
                await self._own(tx, subject, device)
            chosen = await self._choices.switch(tx, subject, asking.policy, switch, on=on, device=device)
        await self._changed(subject)
        return chosen.receipt

    async def bind(
        self, token: str, code: str, device: DeviceTold, *, policy: PolicyName | None = None
    ) -> BoundDevice:
        """Make a stocked device theirs.

        Raises `WrongCode`, `TooManyTries`, `AlreadyBound`, `UnknownKind`, `NotYourDevice`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject, policy)
            bound = await self._system.devices.bind(tx, subject, asking.policy, code, _told(device))
        await self._changed(subject)
        return BoundDevice(bound.device, bound.token, bound.secret)

    async def link_device(self, token: str, device: DeviceId, told: DeviceTold) -> frozenset[FunctionName]:
        """Tell again of a device of theirs, for functions that were chosen since and for where it stands.

        Raises `NotYourDevice`, `WrongSerial`, `Denied`.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            having = await self._system.devices.link(tx, subject, device, _told(told))
        await self._changed(subject)
        return having

    async def unbind(self, token: str, device: DeviceId) -> None:
        """Give a device up: its token dies, what it measured stays. Raises `NotYourDevice`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await self._system.devices.unbind(tx, subject, device)
        await self._changed(subject)

    async def link_store(self, token: str, store: Store) -> None:
        """Put the shop on file for every function that takes it and that they chose. Raises `Denied`."""
        hours = {"opens": store.business_hours.opens, "closes": store.business_hours.closes}
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject)
            shop = Shop(store.store_name, store.store_address, hours)
            await link_store(self._system.parts, tx, subject, asking.policy, shop=shop)
        await self._changed(subject)

    @property
    def _choices(self) -> Choices:
        return Choices(self._system.parts)

    def _accepted(self, standing: Standing, asking: Asking) -> Compiled:
        policies = self._system.gate.policies
        version = accepted_version(standing, asking.policy, asking.at)
        return (
            policies.current(asking.policy) if version is None else policies.version(asking.policy, version)
        )

    def _agreed(self, standing: Standing, at: datetime) -> Mapping[PolicyName, int]:
        named = sorted({act.policy for act in standing.acts})
        found = {policy: accepted_version(standing, policy, at) for policy in named}
        return {policy: version for policy, version in found.items() if version is not None}

    async def _own(self, tx: Tx, subject: SubjectId, device: DeviceId) -> None:
        if all(line.device != device for line in await self._system.devices.listed(tx, subject)):
            raise NotYourDevice


def _told(device: DeviceTold) -> Told:
    more = {STORE_NAME: device.store_name, STORE_ADDRESS: device.store_address}
    return Told(
        model=device.model,
        mac=device.mac,
        serial=device.serial,
        ip=device.ip,
        more={item: {"value": value} for item, value in more.items() if value},
        kind=device.kind,
        seen_by=device.seen_by,
    )
