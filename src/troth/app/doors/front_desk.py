"""Doors of the staff's own pages: coming to the desk and leaving it, colleagues, what the system is doing.

Nothing here opens anything of a person. A look at one goes through the doors of `doors.staff`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.app.doors.staff import StaffDoors
from troth.app.views import Busy, Overview, StaffPurpose
from troth.ledger.proofs import latest_head
from troth.subjects import desk, passkeys, staff
from troth.subjects.passkeys import Challenges, Site
from troth.subjects.roles import Duty, Role
from troth.terms import ActorKind, ItemName, PolicyName, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.system import System
    from troth.subjects.desk import AtDesk, Invited
    from troth.subjects.staff import Staff
    from troth.terms import FunctionName, Purpose

COUNTED = timedelta(days=7)
_LABEL = "Troth desk"


class FrontDeskDoors(StaffDoors):
    """How staff come in, and what they see before they look at anyone."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self._challenges = Challenges()

    async def first_invitation(self) -> Invited | None:
        """Invite the first administrator; None as soon as somebody can come to the desk."""
        async with self._open() as tx:
            return await desk.first(tx, self._system.clock.now())

    async def invite_staff(self, role: Role) -> Invited:
        """Invite someone, at the command line; the code is returned this once."""
        async with self._open() as tx:
            return await desk.invite(tx, role, self._system.clock.now())

    async def invite_colleague(self, token: str, role: Role) -> Invited:
        """Invite someone, from the desk. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.STAFF)
            return await desk.invite(tx, role, self._system.clock.now())

    def passkey_to_make(self, visit: str, site: Site) -> str:
        """Return what the browser of ``visit`` is asked to make, as JSON."""
        newcomer = desk.newcomer()
        challenge = self._challenges.new(visit, newcomer, self._system.clock.now())
        return passkeys.to_make(site, newcomer, challenge, _LABEL)

    def passkey_to_show(self, visit: str, site: Site) -> str:
        """Return what the browser of ``visit`` is asked to show, as JSON."""
        challenge = self._challenges.new(visit, desk.newcomer(), self._system.clock.now())
        return passkeys.to_show(site, challenge)

    async def demand_invited(self, code: str) -> None:
        """Raise `NotInvited` unless somebody is awaited with this code."""
        async with self._open() as tx:
            await desk.demand_invited(tx, code, self._system.clock.now())

    async def join_staff(self, visit: str, site: Site, code: str, answer: str) -> AtDesk:
        """Make who was invited one of the staff. Raises `NotInvited`, `PasskeyRefused`."""
        now = self._system.clock.now()
        async with self._open() as tx:  # also for what is refused before: it is counted
            challenge, newcomer = self._challenges.take(visit, now)
            passkey = passkeys.made(answer, site, newcomer, challenge)
            return await desk.join(tx, code, passkey, now)

    async def enter_desk(self, visit: str, site: Site, answer: str) -> AtDesk:
        """Begin a session of whose passkey this is. Raises `PasskeyRefused`."""
        now = self._system.clock.now()
        async with self._open() as tx:
            challenge, _ = self._challenges.take(visit, now)
            return await desk.enter(tx, answer, site, challenge, now)

    async def leave_desk(self, token: str, *, everywhere: bool = False) -> None:
        """End the session, or all of them."""
        async with self._open() as tx:
            await desk.leave(tx, token, everywhere=everywhere)

    async def at_desk(self, token: str) -> Staff:
        """Return who is at the desk. Raises `NotStaff`."""
        async with self._open() as tx:
            return await staff.who(tx, token, self._system.clock.now())

    async def colleagues(self, token: str) -> tuple[Staff, ...]:
        """Return everyone of the staff. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.STAFF)
            return await staff.everyone(tx)

    async def dismiss(self, token: str, colleague: UUID) -> None:
        """End someone's belonging to the staff, with their sessions and passkeys. Raises `NotStaff`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.STAFF)
            await desk.turn_out(tx, colleague)
            await staff.dismiss(tx, colleague, self._system.clock.now())

    async def overview(self, token: str) -> Overview:
        """Return what the system is doing: parts, ledger, a week's decisions. Raises `WrongRole`."""
        now = self._system.clock.now()
        async with self._open() as tx:
            await self._staff(tx, token, Duty.WATCH)
            counted = await ledger.counts(tx, now - COUNTED, now + timedelta(minutes=1))
            head = await latest_head(tx) or ""
        busy: dict[tuple[str, str, str, str], int] = {}
        for each in counted:
            key = (each.policy, each.function, each.outcome, each.reason)
            busy[key] = busy.get(key, 0) + each.n
        return Overview(
            broker=self._system.bus.connected(),
            head=head,
            since=now - COUNTED,
            titles=self.titles(),
            busy=tuple(Busy(*key, n) for key, n in sorted(busy.items(), key=lambda one: -one[1])),
        )

    def titles(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """Return what functions are called, by policy and name."""
        policies = self._system.gate.policies
        return {
            (name, function): table.clause.title
            for name in self._system.policies
            for function, table in policies.current(name).functions.items()
        }

    async def staff_purposes(self, token: str) -> tuple[StaffPurpose, ...]:
        """Return for what staff may look at people, as the policies in force say. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.LOOK)
        found: list[StaffPurpose] = []
        policies = self._system.gate.policies
        for name in self._system.policies:
            compiled = policies.current(PolicyName(name))
            for function, table in compiled.functions.items():
                for purpose, clause in table.purposes.items():
                    if Verb.USE in clause.verbs and ActorKind.STAFF in clause.by:
                        only = bool(clause.only_on)
                        title = table.clause.title
                        found.append(StaffPurpose(name, function, title, purpose, clause.title, only))
        return tuple(found)

    async def look_up(
        self, token: str, contact: str, function: FunctionName, purpose: Purpose
    ) -> Mapping[str, Mapping[str, object]]:
        """Look at what a function holds of whoever has this number or address; lands in the ledger.

        Raises `NobodyThere`, and what `look` raises.
        """
        async with self._open() as tx:
            await self._staff(tx, token, Duty.LOOK)
            subject = await self._reached(tx, contact)
            compiled = self._system.gate.policies.current(await self._policy_of(tx, subject))
        table = compiled.functions.get(function)
        items = frozenset[ItemName](table.items if table else ())
        return await self.look(token, subject, function, items=items, purpose=purpose, reference=None)
