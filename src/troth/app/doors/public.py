"""Doors that are about no person: health, policies in force, the ledger's head and key."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from troth.app.doors.base import Doors, Unavailable
from troth.app.views import Health, LedgerKey, PolicyLine
from troth.ledger.keys import Keys
from troth.ledger.proofs import latest_head, read_reigns
from troth.policy import text
from troth.terms import LEGAL_TIME

if TYPE_CHECKING:
    from datetime import date

    from troth.policy.notice import Notice
    from troth.terms import PolicyName


class PublicDoors(Doors):
    """Anyone may ask these; nothing of anyone comes out."""

    async def health(self) -> Health:
        """Say what is there."""
        try:
            async with self._open() as tx:
                await latest_head(tx)
            database = True
        except Unavailable:
            database = False
        return Health(database=database, broker=self._system.bus.connected())

    def today(self) -> date:
        """Return which local day it is."""
        return self._system.clock.now().astimezone(LEGAL_TIME).date()

    def policies(self) -> tuple[PolicyLine, ...]:
        """List the policies in force, each in its current version."""
        policies = self._system.gate.policies
        current = [policies.current(name).policy for name, each in self._system.policies.items() if each]
        return tuple(PolicyLine(p.name, p.version, p.title, p.languages) for p in current)

    def notice(self, name: PolicyName, language: str) -> Notice:
        """Return what is shown to a person; its hash is what an acceptance names. Raises `NoSuchPolicy`."""
        return text.notice(self._system.gate.policies.current(name), language)

    async def ledger_head(self) -> str:
        """Return the newest signed head, or an empty text while nothing has a number yet."""
        async with self._open() as tx:
            return await latest_head(tx) or ""

    def ledger_key(self) -> LedgerKey:
        """Return the key that checks heads, receipts and certificates."""
        key = self._system.signer.public
        return LedgerKey(key.name, base64.b64encode(key.raw).decode())

    async def ledger_keys(self) -> Keys:
        """Return every key that ever signed this ledger, each handed over by the one before."""
        async with self._open() as tx:
            return Keys.chain(self._system.signer.public, await read_reigns(tx))
