"""A person's password: the first one of who came without, and another one later.

Whoever has one shows it before it is replaced, or has just proven by a code that the login is theirs. Whoever
has none signed in by code, and supplies code and password together, as registering does. Every session ends
but a new one for who set it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth import ledger
from troth.subjects import corrected, passwords, sessions, tries
from troth.subjects.accounts import SignInRefused
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.names import PASSWORD, REGISTER, VERIFICATION_CODE
from troth.subjects.tags import Tagged, tag
from troth.terms import Act, ActKind, ItemName, TrothError, Verb

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.accounts import Accounts
    from troth.subjects.parts import Parts
    from troth.subjects.sessions import Session
    from troth.terms import SubjectId


class TakesNoPassword(TrothError):
    """this policy takes no password: sign in by code"""


class NewPassword:
    """Sets one. Hashing is done between two transactions; the second sees that nothing has changed."""

    def __init__(self, parts: Parts, accounts: Accounts) -> None:
        self._parts, self._accounts = parts, accounts

    async def set(
        self, db: Database, token: str, new: str, current: str | None, *, proven: bool = False
    ) -> Session:
        """Store ``new``; return the session that goes on. ``proven``: a code was shown instead.

        Raises `NotSignedIn`, `SignInRefused` (``current`` is wrong, or missing where there is one),
        `WeakPassword`, `TooManyTries`, `TakesNoPassword`, `Denied`.
        """
        parts, now = self._parts, self._parts.clock.now()
        fit = passwords.fit(new)
        async with db.transaction() as tx:
            subject = await sessions.who(tx, token, now)
            stored = await self._stored(tx, subject)
        own = tag(parts.keyring, Tagged.KNOWN, str(subject))
        await tries.spend(parts.aside, own, tries.KNOWN, now)
        if stored is not None and not (proven or await passwords.right(stored, current or "")):
            raise SignInRefused
        hashed = await passwords.hashed(fit)
        async with db.transaction() as tx:
            await sessions.who(tx, token, now)
            if await self._stored(tx, subject) != stored:
                raise SignInRefused  # changed while this one was hashed
            await self._put(tx, subject, hashed, first=stored is None)
            await tries.hand_back(tx, own)
            await sessions.end_all(tx, subject)
            return await sessions.begin(tx, subject, now)

    async def _stored(self, tx: Tx, subject: SubjectId) -> str | None:
        parts = self._parts
        asking = Asking(subject, await self._accounts.policy_of(tx, subject), parts.region, parts.clock.now())
        if PASSWORD not in await on_file(tx, subject, asking.policy, REGISTER):
            return None
        permit = await parts.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, {PASSWORD}), counted=True)
        return str((await parts.vault.open(tx, permit, PASSWORD))["argon2id"])

    async def _put(self, tx: Tx, subject: SubjectId, hashed: str, *, first: bool) -> None:
        parts, now = self._parts, self._parts.clock.now()
        asking = Asking(subject, await self._accounts.policy_of(tx, subject), parts.region, now)
        compiled = parts.gate.policies.current(asking.policy)
        ask = asking.by_right(Verb.COLLECT, REGISTER, {PASSWORD})
        if first:
            ask = asking.account(compiled, Verb.COLLECT, {PASSWORD, VERIFICATION_CODE})
        permit = await parts.gate.admit(tx, ask)
        if PASSWORD not in permit.allow.items:
            raise TakesNoPassword
        await corrected.put(tx, parts, permit, PASSWORD, {"argon2id": hashed})
        for item in sorted(permit.allow.items if first else frozenset[ItemName]()):
            act = Act(kind=ActKind.SUPPLIED, policy=asking.policy, at=now, function=REGISTER, item=item)
            await ledger.record(tx, subject, act)
