"""Doors of the maker's people. A role says before which door one stands; what opens is the gate's to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.app.doors.base import Doors
from troth.rights.copy import WITHHELD
from troth.rights.rows import requests_of
from troth.rights.steps import PROVEN
from troth.subjects import staff
from troth.subjects.contact import login
from troth.subjects.names import PASSWORD
from troth.subjects.roles import Duty
from troth.subjects.services import basis_of
from troth.terms import Ask, Basis, TrothError, Verb
from troth.vault import NotHeld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.db import Tx
    from troth.subjects.staff import Staff
    from troth.terms import FunctionName, ItemName, PolicyName, Purpose, Reference, SubjectId


class NobodyThere(TrothError):
    """no account is reached by this: ask for the number or address that the account was opened with"""


class StaffDoors(Doors):
    """A look at a person, and stock for the shelf."""

    async def look(
        self,
        token: str,
        subject: SubjectId,
        function: FunctionName,
        *,
        items: frozenset[ItemName],
        purpose: Purpose,
        reference: Reference | None,
    ) -> Mapping[str, Mapping[str, object]]:
        """Open items of one person for a purpose; every look, granted or not, lands in the ledger.

        On the person's own right only with the reference of a request of theirs that waits for its answer.
        The password is nobody's to see. Raises `NotStaff`, `WrongRole`, `Denied`.
        """
        now = self._system.clock.now()
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.LOOK)
            policy = await self._policy_of(tx, subject)
            basis = self._basis(policy, reference)
            if basis is Basis.OWN_RIGHT and not await _requested(tx, subject, reference):
                reference = None  # words that name no request are no reference: the gate says so
            ask = Ask(
                verb=Verb.USE,
                policy=policy,
                function=function,
                items=items,
                purpose=purpose,
                subject=subject,
                actor=who.actor,
                region=self._system.settings.region,
                at=now,
                basis=basis,
                reference=reference,
            )
            permit = await self._system.gate.admit(tx, ask)
            seen: dict[str, Mapping[str, object]] = {}
            for item in sorted(permit.allow.items):
                if item == PASSWORD:
                    seen[item] = {"withheld": WITHHELD}
                    continue
                try:
                    seen[item] = await self._system.vault.open(tx, permit, item)
                except NotHeld:
                    continue
            entry = ledger.NewEntry(
                kind=ledger.EntryKind.STAFF_READ,
                at=now,
                policy=policy,
                version=permit.version,
                function=function,
                subject=subject,
                details={"staff": str(who.id), "items": len(seen)},
            )
            await ledger.append(tx, entry)
        return seen

    async def stock(
        self, token: str, *, serial: str, model: str, code: str, supplier: str | None = None
    ) -> None:
        """Put a device on the shelf; doing it again changes nothing. Raises `NotStaff`, `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.STOCK)
            await self._system.devices.stock(tx, serial, model, code, supplier=supplier)

    async def _staff(self, tx: Tx, token: str, duty: Duty) -> Staff:
        found = await staff.who(tx, token, self._system.clock.now())
        staff.demand(found, duty)
        return found

    async def _reached(self, tx: Tx, contact: str) -> SubjectId:
        """Return whoever has this number or address. Raises `NobodyThere`."""
        subject = await self._system.vault.lookup.find(tx, *login(contact))
        if subject is None:
            raise NobodyThere
        return subject

    async def _policy_of(self, tx: Tx, subject: SubjectId) -> PolicyName:
        """Return the policy that this person accepted last; for a stranger any: the gate refuses them."""
        return (await self._policies_of(tx, subject))[0]

    async def _policies_of(self, tx: Tx, subject: SubjectId) -> tuple[PolicyName, ...]:
        """Return the policies that this person accepted, the last first; for a stranger any one."""
        standing = await ledger.standing(tx, subject, lock=True)
        accepted = [act.policy for act in standing.acts if act.version] if standing else []
        return tuple(reversed(accepted)) or (next(iter(self._system.policies)),)

    def _basis(self, policy: PolicyName, reference: Reference | None) -> Basis | None:
        """Return the basis that the attached ground belongs to, when the policy lists it as a basis."""
        compiled = self._system.gate.policies.current(policy)
        listed = basis_of(compiled, Verb.USE, reference)
        if listed is None and reference is not None and reference.ground in compiled.rights:
            return Basis.OWN_RIGHT
        return listed


async def _requested(tx: Tx, subject: SubjectId, reference: Reference | None) -> bool:
    """Tell whether ``reference`` is a request of this person's, proven to be, that waits for its answer."""
    return reference is not None and any(
        (str(one.request), one.kind) == (reference.document, reference.ground) and one.stands in PROVEN
        for one in await requests_of(tx, subject)
    )
