"""Doors to a person's documents under any policy: their own, and those of the maker's services.

A service names the purpose; a person need not, since what they give of themselves is given to a function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.staff import StaffDoors
from troth.devices.names import BY_DEED
from troth.sharing import register
from troth.sharing.facts import Wanted, facts
from troth.subjects.names import PASSWORD
from troth.subjects.records import Records
from troth.subjects.roles import Duty, Role
from troth.subjects.services import Services, basis_of
from troth.terms import Actor, ActorKind, Ask, Beyond, ItemName, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from troth.db import Tx
    from troth.policy.keeping import Held
    from troth.policy.words import Moment
    from troth.subjects.records import Kept
    from troth.subjects.services import Opened, Taken
    from troth.terms import (
        DeviceId,
        EntryId,
        FunctionName,
        PolicyName,
        Purpose,
        RecordId,
        Reference,
        Region,
        SubjectId,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """That something is given away in a listed case; ``papers`` are of this occasion, by condition."""

    act: str
    case: str
    papers: Mapping[str, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAsk:
    """What a service wants with one person. ``region``: where it goes; None: it stays here.

    With a ``claim`` the ``recipient`` is one of the register of receivers, and ``purpose`` what it is for.
    ``policy``: under which, where a name of the function alone can't say, as after the person has gone.
    """

    subject: SubjectId
    function: FunctionName
    purpose: Purpose
    reference: Reference | None = None
    recipient: str | None = None
    region: Region | None = None
    policy: PolicyName | None = None
    items: frozenset[ItemName] = field(default=frozenset())
    claim: Claim | None = None
    device: DeviceId | None = None


class RecordDoors(StaffDoors):
    """Documents under any policy."""

    async def held(
        self, token: str, policy: PolicyName | None = None
    ) -> Mapping[FunctionName, frozenset[ItemName]]:
        """Tell which items are on file, by function; no value is opened. Raises `NotSignedIn`."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token), policy)
            return await self._records.held(tx, asking)

    async def give(
        self,
        token: str,
        function: FunctionName,
        values: Mapping[ItemName, Mapping[str, object]],
        *,
        policy: PolicyName | None = None,
    ) -> Kept:
        """Take what a person gives of themselves, or corrects. Raises `Denied`, `NotThisWay`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            kept = await self._records.give(tx, await self._asking(tx, subject, policy), function, values)
        await self._changed(subject)
        return kept

    async def show(
        self, token: str, function: FunctionName, item: ItemName, *, policy: PolicyName | None = None
    ) -> Mapping[str, object]:
        """Open one document for its person. Raises `NothingOnFile`, `Denied`."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token), policy)
            return await self._records.show(tx, asking, function, item)

    async def take_back(
        self, token: str, function: FunctionName, item: ItemName, *, policy: PolicyName | None = None
    ) -> None:
        """Let a function no longer hold an item. Raises `NothingOnFile`, `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await self._records.take_back(tx, await self._asking(tx, subject, policy), function, item)
        await self._changed(subject)

    async def state_need(
        self, token: str, function: FunctionName, need: str, *, met: bool, policy: PolicyName | None = None
    ) -> None:
        """Say that a need of a function is met, or no longer. Raises `NotYoursToState`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await self._records.state(tx, await self._asking(tx, subject, policy), function, need, met=met)
        await self._changed(subject)

    async def permit(
        self, token: str, permission: str, *, given: bool, policy: PolicyName | None = None
    ) -> None:
        """Say what the phone answered when it was asked for a permission. Raises `NotListed`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await self._records.permit(tx, await self._asking(tx, subject, policy), permission, given=given)
        await self._changed(subject)

    async def take_in(
        self,
        token: str,
        wanted: ServiceAsk,
        values: Mapping[ItemName, Mapping[str, object]],
        *,
        another: bool = False,
    ) -> Taken:
        """Store what a service collected; ``another`` of an item, or its one. Raises as `happened` does."""
        async with self._open() as tx:
            ask = await self._service_ask(tx, token, Verb.COLLECT, wanted, frozenset(values))
            taken = await Services(self._system.parts).take_in(tx, ask, values, another=another)
        await self._changed(wanted.subject)
        return taken

    async def happened(
        self, token: str, wanted: ServiceAsk, record: RecordId, event: Moment
    ) -> tuple[tuple[Held, ...], EntryId | None]:
        """Note what happened to one record, and return which laws want it kept, until when.

        Raises `NotStaff`, `WrongRole`, `Denied`, `NotHeld`, `NotItsEvent`.
        """
        async with self._open() as tx:
            ask = await self._service_ask(tx, token, Verb.COLLECT, wanted, wanted.items)
            return await Services(self._system.parts).happened(tx, ask, record, event)

    async def hand_out(self, token: str, verb: Verb, wanted: ServiceAsk) -> Opened:
        """Open what a service uses, shares or discloses. Raises `NotStaff`, `WrongRole`, `Denied`."""
        async with self._open() as tx:
            ask = await self._service_ask(tx, token, verb, wanted, wanted.items)
            return await Services(self._system.parts).open(tx, ask)

    async def hand_out_by_staff(self, token: str, verb: Verb, wanted: ServiceAsk) -> Opened:
        """Share or publish items as someone of the office. Raises `NotStaff`, `WrongRole`, `Denied`."""
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            ask = await self._ask_for(tx, who.actor, verb, wanted, wanted.items)
            return await Services(self._system.parts).open(tx, ask)

    async def _media_ask(self, tx: Tx, token: str, verb: Verb, wanted: ServiceAsk) -> Ask:
        """Build the question of a service, or of someone of the staff in person."""
        who = await self._staff(tx, token, Duty.MEDIA)
        actor = Actor(ActorKind.SERVICE, str(who.id)) if who.role is Role.SERVICE else who.actor
        return await self._ask_for(tx, actor, verb, wanted, wanted.items)

    async def _service_ask(
        self, tx: Tx, token: str, verb: Verb, wanted: ServiceAsk, items: frozenset[ItemName]
    ) -> Ask:
        who = await self._staff(tx, token, Duty.SERVE)
        return await self._ask_for(tx, Actor(ActorKind.SERVICE, str(who.id)), verb, wanted, items)

    async def _ask_for(
        self, tx: Tx, actor: Actor, verb: Verb, wanted: ServiceAsk, items: frozenset[ItemName]
    ) -> Ask:
        policy = wanted.policy or await self._policy_with(tx, wanted.subject, wanted.function)
        compiled = self._system.gate.policies.current(policy)
        return Ask(
            verb=verb,
            policy=policy,
            function=wanted.function,
            items=items - {PASSWORD},
            purpose=wanted.purpose,
            subject=wanted.subject,
            actor=actor,
            region=wanted.region or self._system.settings.region,
            at=self._system.clock.now(),
            basis=basis_of(compiled, verb, wanted.reference),
            reference=wanted.reference,
            recipient=wanted.recipient,
            device=await self._alone(tx, wanted),
            beyond=await self._beyond(tx, policy, wanted) if wanted.claim else None,
        )

    async def _alone(self, tx: Tx, wanted: ServiceAsk) -> DeviceId | None:
        """Return the device asked about, where it is their only one: what is on file says not of which."""
        if wanted.device is None:
            return None
        theirs = await self._system.devices.listed(tx, wanted.subject)
        return wanted.device if [line.device for line in theirs] == [wanted.device] else None

    async def _beyond(self, tx: Tx, policy: PolicyName, wanted: ServiceAsk) -> Beyond | None:
        """Look up which facts are on record for the case claimed; the gate says if they are enough."""
        claim = wanted.claim
        if claim is None:
            return None
        name = wanted.recipient or ""
        receiver = await register.find(tx, policy, name)
        asked = Wanted(policy, name, wanted.purpose, wanted.items, claim.papers)
        found = facts(asked, receiver, await ledger.standing(tx, wanted.subject, lock=True))
        return Beyond(claim.act, claim.case, receiver.kind if receiver else "", found)

    async def _policy_with(self, tx: Tx, subject: SubjectId, function: FunctionName) -> PolicyName:
        """Return the policy accepted last that has the function; for a stranger any: the gate refuses."""
        accepted = await self._policies_of(tx, subject)
        current = self._system.gate.policies.current
        return next((policy for policy in accepted if function in current(policy).functions), accepted[0])

    @property
    def _records(self) -> Records:
        return Records(self._system.parts, by_deed=BY_DEED)
