"""Doors to a person's rights: the copy, the receipts, the cancellation and the farewell after it.

The workflows are those of `troth.rights`; here they get their transaction and, after the commit, their word
to the other processes.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from troth.app.doors.base import Doors
from troth.app.views import Cancelled, CancelOffer, CancelWaits, Progress, ReceiptLine, StageLine
from troth.rights import due, farewells
from troth.rights.cancel import Waits
from troth.subjects.names import REGISTER
from troth.subjects.papers import papers
from troth.terms import Verb
from troth.vault import LinkSpent
from troth.vault.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from troth.app.system import System
    from troth.db import Tx
    from troth.subjects.asking import Asking
    from troth.terms import Permit
    from troth.vault.erasure import Fetched

Line = Mapping[str, object]
_SEPARATOR = "."
_NUMBER = re.compile(r"[0-9a-f]{32}")
_KINDS = {"copy": "profile", "event": "reading"}
_DETAIL = {"act": "act", "receipt": "act", "request": "right"}


class RightsDoors(Doors):
    """What a person may always do about their own data."""

    async def copy(self, token: str) -> AsyncGenerator[Line]:
        """Return everything that is held, as a stream of plain values; each says of what ``kind`` it is.

        Raises `NotSignedIn` and `Denied` before the first. The last says how many came before it.
        """
        async with self._open() as tx:
            subject = await self._who(tx, token)
            policy = await self._system.accounts.policy_of(tx, subject)
        async with self._answering():
            return _told(await self._system.copies.of(subject, policy))

    async def receipts(self, token: str) -> tuple[ReceiptLine, ...]:
        """Return the receipts of everything that was accepted, chosen or taken back. Raises `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            found = await papers(tx, self._system.signer, subject)
        return tuple(
            ReceiptLine(one.entry, one.kind.value, one.at, one.receipt, one.function, one.switch, one.on)
            for one in found
        )

    async def cancel(self, token: str) -> CancelOffer:
        """Begin to cancel; nothing happens before the second step. Raises `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            asking = await self._asking(tx, subject)
            await in_person(self._system, tx, asking)
            offer = await self._system.cancellation.ask(tx, subject, asking.policy)
        return CancelOffer(offer.confirm, offer.clause, offer.revocable)

    async def confirm_cancel(self, token: str, confirm: str) -> Cancelled | CancelWaits:
        """Cancel for good: when this returns, everything about this person is refused, on every worker.

        Unless the policy lets it be taken back for a time: then nothing has changed, and it waits.
        Raises `NoSuchMove`, `NotSignedIn`, `Denied`.
        """
        async with self._erasing() as tx:
            subject = await self._who(tx, token)
            policy = await self._system.accounts.policy_of(tx, subject)
            done = await self._system.cancellation.confirm(tx, subject, policy, confirm)
        if isinstance(done, Waits):
            return CancelWaits(done.request, done.until, done.clause)
        await self._changed(subject)
        return Cancelled(done.erasure, farewells.line(done.erasure, done.farewell))

    async def farewell(self, line: str) -> Progress:
        """Show how an erasure goes on, to whoever holds its farewell line. Raises `LinkSpent`."""
        number, _, link = line.partition(_SEPARATOR)
        async with self._open() as tx:
            if not _NUMBER.fullmatch(number):
                raise LinkSpent
            seen = await self._system.cancellation.farewell(tx, link)
            owed = await due.owed_by(tx, UUID(hex=number))
        stages = tuple(self._stages(seen, owed))
        reached = max(one.stage for one in stages if one.at)
        return Progress(UUID(hex=number), reached, stages, seen.certificate, seen.addendum)

    def _stages(self, seen: Fetched, owed: datetime | None) -> Iterator[StageLine]:
        """Yield every stage with its moment, or with the latest one that the policy leaves it."""
        now, horizon = self._system.clock.now(), seen.horizon
        if horizon is None and owed is not None and Stage.UNRECOVERABLE.name.lower() not in seen.stages:
            horizon = self._system.erasure.horizon(owed)
        for stage in Stage:
            name = stage.name.lower()
            at, by = seen.stages.get(name), horizon if stage is Stage.BACKUPS else owed
            yield StageLine(int(stage), name, at, by, late=at is None and by is not None and by < now)


async def in_person(system: System, tx: Tx, asking: Asking) -> Permit:
    """Ask whether they may see to their own data; counted, since looking is no news."""
    compiled = system.gate.policies.current(asking.policy)
    items = compiled.functions[REGISTER].items if REGISTER in compiled.functions else ()
    return await system.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, items), counted=True)


async def _told(lines: AsyncGenerator[Line]) -> AsyncGenerator[Line]:
    """Name each line's kind as the doors do."""
    async for line in lines:
        word = str(line["line"])
        rest = {_DETAIL.get(word, key) if key == "kind" else key: line[key] for key in line if key != "line"}
        yield {"kind": _KINDS.get(word, word)} | rest
