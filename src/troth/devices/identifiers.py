"""The four identifiers of a bound device, as vault documents: model, MAC address, serial number, IP address.

A subject has one document per item; it maps each of their devices to its value. Every function that takes
them asks for itself, so that they are gone for one that is withdrawn and stay for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from troth import ledger
from troth.db import Tx
from troth.devices import permissions
from troth.devices.names import BIND, CAMERA, DeviceKind, takers
from troth.gate import Gate, accepted_version, decide
from troth.policy.compiled import Compiled
from troth.policy.values import VALUES
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking, purpose_of
from troth.terms import (
    Act,
    ActKind,
    Allow,
    Ask,
    DeviceId,
    FunctionName,
    ItemName,
    Permit,
    PolicyName,
    Reason,
    Region,
    Standing,
    SubjectId,
    Verb,
)
from troth.vault import NotHeld, Vault

Values = Mapping[ItemName, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of a device when it is bound.

    ``more`` is what its functions cannot do without besides, told in the same breath: where it stands;
    ``seen_by`` is the camera that has it in view.
    """

    model: str = field(repr=False)
    mac: str = field(repr=False)
    serial: str = field(repr=False)
    ip: str = field(repr=False)
    more: Values = field(default_factory=dict[ItemName, Mapping[str, object]], repr=False)
    kind: str = CAMERA
    seen_by: DeviceId | None = None

    def of(self, kind: DeviceKind) -> Mapping[ItemName, str]:
        """Return the identifiers as the items of a kind."""
        return {kind.model: self.model, kind.mac: self.mac, kind.serial: self.serial, kind.ip: self.ip}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which device of whom, of what kind, under which policy, at which moment."""

    subject: SubjectId
    policy: PolicyName
    device: DeviceId
    kind: DeviceKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Puts identifiers into the vault and takes them out, each time asking the gate."""

    gate: Gate
    vault: Vault
    region: Region

    async def keep(self, tx: Tx, about: About, told: Told) -> frozenset[FunctionName]:
        """Store ``told`` beside what is held of other devices, for every function that may have it.

        Returns those functions. Raises `Denied` when none may.
        """
        standing = await ledger.standing(tx, about.subject, lock=True)
        compiled = self.accepted(about, standing)
        functions = takers(compiled, about.kind)
        if not functions and any(map(permissions.purpose_of, compiled.functions.values())):
            return frozenset()  # its devices send, and nothing is kept of which they are
        asks = {ask.function: ask for ask in self._asks(about, compiled, told, functions or (BIND,))}
        answers = {f: decide(compiled, standing, ask) for f, ask in asks.items()}
        willing = [f for f, answer in answers.items() if isinstance(answer, Allow)]
        # Where none may have it, one that was chosen says best what is still missing.
        chosen = [f for f in asks if getattr(answers[f], "reason", None) is not Reason.NOT_CHOSEN]
        for function in willing or (chosen or list(asks))[:1]:
            await self._keep(tx, about, told, compiled, await self.gate.admit(tx, asks[function]))
        return frozenset(willing)

    async def lose(self, tx: Tx, about: About) -> None:
        """Remove what is held of a device: the subject's own right, whatever became of their consent."""
        compiled = self.accepted(about, await ledger.standing(tx, about.subject, lock=True))
        for function in takers(compiled, about.kind):
            correcting, forgetting = [
                await self._by_right(tx, verb, about, function) for verb in (Verb.COLLECT, Verb.FORGET)
            ]
            others = False
            for item, values in (await self._open(tx, about, function)).items():
                rest = {key: value for key, value in values.items() if key != str(about.device)}
                others = others or bool(rest)
                if rest and item not in correcting.allow.unkept:
                    await self.vault.put(tx, correcting, item, rest)
                elif values:
                    await self.vault.let_go(tx, forgetting, frozenset({item}))
            if not others:
                gone = about.kind.items | about.kind.sends
                for item in sorted(gone & await on_file(tx, about.subject, about.policy, function)):
                    await self._note(tx, about, ActKind.REMOVED, function, item)

    async def _keep(self, tx: Tx, about: About, told: Told, compiled: Compiled, permit: Permit) -> None:
        function, kept = permit.ask.function, permit.allow.items - permit.allow.unkept
        held = await self._open(tx, about, function)
        for item, value in told.of(about.kind).items():
            if item in kept:
                await self.vault.put(tx, permit, item, {**held[item], str(about.device): value})
        for item in sorted(told.more.keys() & kept):
            await self.vault.put(tx, permit, item, told.more[item])
        required = compiled.functions[function].required
        if required <= about.kind.items:
            return
        # What comes by itself later must find the rest on file; what the device sends comes from now on.
        for item in sorted(kept & required):
            await self._note(tx, about, ActKind.SUPPLIED, function, item)

    def _asks(
        self, about: About, compiled: Compiled, told: Told, functions: Iterable[FunctionName]
    ) -> Iterator[Ask]:
        """Yield what each function is asked: the identifiers, what comes with them, what will be sent."""
        asking, kind = self._asking(about), about.kind
        values: dict[ItemName, object] = {i: {str(about.device): v} for i, v in told.of(kind).items()}
        values |= told.more
        unfit = VALUES.unfit(values)
        for function in functions:
            table = compiled.functions.get(function)
            items = kind.items
            if table is not None:
                items |= (told.more.keys() & table.items.keys()) | (kind.sends & table.required)
            purpose = purpose_of(compiled, function, Verb.COLLECT, usual=kind.told_for)
            ask = asking.to(Verb.COLLECT, function, purpose, items)
            yield structs.replace(ask, device=about.device, unfit=unfit & items)

    async def _open(self, tx: Tx, about: About, function: FunctionName) -> Values:
        permit = await self._by_right(tx, Verb.USE, about, function)
        found: dict[ItemName, Mapping[str, object]] = {}
        for item in about.kind.items:
            try:
                found[item] = await self.vault.open(tx, permit, item)
            except NotHeld:
                found[item] = {}
        return found

    async def _by_right(self, tx: Tx, verb: Verb, about: About, function: FunctionName) -> Permit:
        ask = self._asking(about).by_right(verb, function, about.kind.items)
        return await self.gate.admit(tx, structs.replace(ask, device=about.device))

    async def _note(
        self, tx: Tx, about: About, kind: ActKind, function: FunctionName, item: ItemName
    ) -> None:
        act = Act(kind=kind, policy=about.policy, at=about.at, function=function, item=item)
        await ledger.record(tx, about.subject, act)

    def _asking(self, about: About) -> Asking:
        return Asking(about.subject, about.policy, self.region, about.at)

    def accepted(self, about: About, standing: Standing | None) -> Compiled:
        """Return the version that they accepted, or the current one."""
        version = accepted_version(standing, about.policy, about.at)
        policies = self.gate.policies
        return policies.current(about.policy) if version is None else policies.version(about.policy, version)
