"""The door of functions that look by themselves: a shop's guard, as soon as something moved.

Whoever stores readings for such a function says so; a worker looks at the last day, and what it finds that
was not found before goes to the owner as a letter. Look, memory and letter are one transaction each time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.app.doors.base import Doors, Unavailable
from troth.db import for_each
from troth.devices import due
from troth.functions import store_guard
from troth.functions.business_hours import BadBusinessHours
from troth.subjects.asking import SERVICE, Asking, purpose_of
from troth.subjects.messages import PURPOSES, LetterKind
from troth.subjects.names import EMAIL, PHONE, REGISTER
from troth.subjects.registration import login_items
from troth.subjects.senders import Channel
from troth.subjects.use import OwnUse
from troth.terms import LEGAL_TIME, Actor, ActorKind, Denied, Verb
from troth.vault import Erased

if TYPE_CHECKING:
    from troth.db import Tx
    from troth.devices.due import Due
    from troth.functions.store_guard import Alert

_LOOKING = Actor(ActorKind.SERVICE, "troth.functions")
_BACK = timedelta(days=1)
_AHEAD = timedelta(minutes=5)
"""A device's clock may run a little ahead."""
_LASTS = timedelta(hours=1)
_AT_ONCE = 20


class AlarmDoors(Doors):
    """What the system tells an owner without being asked."""

    async def alarm(self) -> int:
        """Look where something came in to be looked at; return how many alerts were sent."""
        async with self._open() as tx:
            found = await due.first(tx, _AT_ONCE)
        return await for_each(found, self._look, stops=(Unavailable,))

    async def _look(self, each: Due) -> int:
        async with self._open() as tx:
            now, told = self._system.clock.now(), 0
            use = OwnUse(self._system.parts, tx, each.subject, each.policy, actor=_LOOKING)
            try:
                for alert in await store_guard.fresh(use, now - _BACK, now + _AHEAD):
                    await self._write(tx, Asking(each.subject, each.policy, use.region, now), alert)
                    told += 1
            except (Denied, Erased, BadBusinessHours):  # withdrawn since, or nobody there: nothing to look at
                pass
            await due.done(tx, each)
        return told

    async def _write(self, tx: Tx, asking: Asking, alert: Alert) -> None:
        compiled = self._system.gate.policies.current(asking.policy)
        channel, address = (Channel.SMS, PHONE) if PHONE in login_items(compiled) else (Channel.EMAIL, EMAIL)
        usual = PURPOSES[LetterKind.ALERT]
        purpose = purpose_of(compiled, REGISTER, Verb.USE, usual=usual, actor=SERVICE.kind)
        ask = asking.to(Verb.USE, REGISTER, purpose, {address}, actor=SERVICE)
        permit = await self._system.gate.admit(tx, ask)
        at = alert.first.astimezone(LEGAL_TIME).strftime("%H:%M")
        await self._system.accounts.outbox.write(
            tx, asking.subject, LetterKind.ALERT, channel, lasts=_LASTS, sealing=(permit, {"said": at})
        )
