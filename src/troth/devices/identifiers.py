"""The four identifiers of a bound device, as vault documents: model, MAC address, serial number, IP address.

A subject has one document per item; it maps each of their devices to its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from troth.db import Tx
from troth.devices.names import BindingWords
from troth.gate import Gate
from troth.policy.values import VALUES
from troth.terms import (
    Actor,
    ActorKind,
    Ask,
    Basis,
    DeviceId,
    ItemName,
    Permit,
    PolicyName,
    Region,
    SubjectId,
    Verb,
)
from troth.vault import NotHeld, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of a device when it is bound."""

    model: str = field(repr=False)
    mac: str = field(repr=False)
    serial: str = field(repr=False)
    ip: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which device of whom, under which policy, at which moment."""

    subject: SubjectId
    policy: PolicyName
    device: DeviceId
    at: datetime


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Puts identifiers into the vault and takes them out, each time asking the gate."""

    gate: Gate
    vault: Vault
    region: Region
    words: BindingWords

    async def keep(self, tx: Tx, about: About, told: Told) -> None:
        """Store ``told`` beside what is held of other devices. Raises `Denied`."""
        words = self.words
        new = {words.model: told.model, words.mac: told.mac, words.serial: told.serial, words.ip: told.ip}
        told_of_one = {item: {str(about.device): value} for item, value in new.items()}
        storing = await self._permit(tx, Verb.COLLECT, about, unfit=VALUES.unfit(told_of_one))
        held = await self._open(tx, await self._permit(tx, Verb.USE, about))
        for item, value in new.items():
            if item in storing.allow.items - storing.allow.unkept:
                await self.vault.put(tx, storing, item, {**held[item], str(about.device): value})

    async def lose(self, tx: Tx, about: About) -> None:
        """Remove what is held of a device: the subject's own right, whatever became of their consent."""
        reading, forgetting, correcting = [
            await self._permit(tx, verb, about, basis=Basis.OWN_RIGHT)
            for verb in (Verb.USE, Verb.FORGET, Verb.COLLECT)
        ]
        for item, values in (await self._open(tx, reading)).items():
            rest = {key: value for key, value in values.items() if key != str(about.device)}
            if rest and item not in correcting.allow.unkept:
                await self.vault.put(tx, correcting, item, rest)
            elif values:
                await self.vault.let_go(tx, forgetting, frozenset({item}))

    async def _open(self, tx: Tx, permit: Permit) -> Mapping[ItemName, Mapping[str, object]]:
        found: dict[ItemName, Mapping[str, object]] = {}
        for item in self.words.items:
            try:
                found[item] = await self.vault.open(tx, permit, item)
            except NotHeld:
                found[item] = {}
        return found

    async def _permit(
        self,
        tx: Tx,
        verb: Verb,
        about: About,
        *,
        basis: Basis | None = None,
        unfit: frozenset[ItemName] = frozenset(),
    ) -> Permit:
        ask = Ask(
            verb=verb,
            policy=about.policy,
            function=self.words.function,
            items=self.words.items,
            purpose=self.words.purpose,
            subject=about.subject,
            actor=Actor(ActorKind.SUBJECT, str(about.subject)),
            region=self.region,
            at=about.at,
            device=about.device,
            basis=basis,
            unfit=unfit,
        )
        return await self.gate.admit(tx, ask)
